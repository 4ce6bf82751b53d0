import { PREDEPLOYS, PREINSTALLS } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import { defineChain, type Chain } from 'viem'

/** Parameters of {@link defineCausewayChain}. */
export type DefineCausewayChainParameters = {
  chainId: bigint | number
  name: string
  /** `http(s)://…` of the chain's node. */
  rpcUrl: string
  /** `ws(s)://…`, if the node serves it. */
  webSocketUrl?: string
  /** Chain id of the L1 that the cluster settles on. */
  l1ChainId?: bigint | number
  /** ms between blocks; decides how often viem polls. */
  blockTime?: number
  explorerUrl?: string
  /** Marks a chain without value. */
  testnet?: boolean
}

/** What {@link defineCausewayChain} returns: a viem chain with the predeploys. */
export type CausewayChain = Chain & {
  contracts: { multicall3: { address: `0x${string}` }; causewayMessenger: { address: `0x${string}` }; causewayBridge: { address: `0x${string}` } }
}

/**
 * A viem chain for a Causeway rollup. ETH is its native currency.
 *
 * @throws CausewayError `CHAIN_ID_UNSAFE` for ids that JavaScript numbers, and so viem, cannot hold
 *
 * @example
 * import { createPublicClient, http } from 'viem'
 * import { causewayActions, defineCausewayChain } from '@causeway/client'
 *
 * const chain = defineCausewayChain({ chainId: 101n, name: 'My rollup', rpcUrl: 'http://127.0.0.1:8545' })
 * const client = createPublicClient({ chain, transport: http() }).extend(causewayActions())
 */
export function defineCausewayChain({ chainId, name, rpcUrl, webSocketUrl, l1ChainId, blockTime, explorerUrl, testnet }: DefineCausewayChainParameters): CausewayChain {
  return defineChain({
    id: safe(chainId),
    name,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl], ...(webSocketUrl && { webSocket: [webSocketUrl] }) } },
    contracts: { multicall3: { address: PREINSTALLS.multicall3 }, causewayMessenger: { address: PREDEPLOYS.messenger }, causewayBridge: { address: PREDEPLOYS.bridge } },
    ...(l1ChainId !== undefined && { sourceId: safe(l1ChainId) }),
    ...(blockTime !== undefined && { blockTime }),
    ...(explorerUrl && { blockExplorers: { default: { name: `${name} explorer`, url: explorerUrl } } }),
    ...(testnet !== undefined && { testnet }),
  })
}

function safe(id: bigint | number): number {
  const number = Number(id)
  if (!Number.isSafeInteger(number) || number <= 0)
    throw new CausewayError(`${id} cannot be a chain id here.`, { code: 'CHAIN_ID_UNSAFE', fix: `choose one from 1 to ${Number.MAX_SAFE_INTEGER}: viem keeps chain ids as numbers` })
  return number
}
