import { causewayActions, defineCausewayChain, type CausewayActions, type CausewayChain } from '@causeway/client'
import type { CausewayError } from '@causeway/core'
import { createPublicClient, createWalletClient, http, publicActions, type Address, type Chain, type HttpTransport, type PrivateKeyAccount, type PublicActions, type PublicClient, type WalletClient } from 'viem'
import type { RunningNode } from './run-node.js'
import type { ChildNodes } from './spawn-nodes.js'

// Interfaces, because a declaration file names them; it would spell inferred types and aliases out, down to modules that viem does not export.

/** A viem public client of L1. */
export interface L1Client extends PublicClient {}
/** A viem wallet of one user on L1. */
export interface L1Wallet extends WalletClient<HttpTransport, undefined, PrivateKeyAccount> {}
/** A viem public client of a chain with Causeway's actions. */
export interface ChainClient extends PublicClient<HttpTransport, Chain>, CausewayActions {}
/** A viem wallet of one user on a chain, with public actions and Causeway's. */
export type ChainWallet = WalletClient<HttpTransport, Chain, PrivateKeyAccount> & PublicActions<HttpTransport, Chain, PrivateKeyAccount> & CausewayActions

/** A running chain of a local cluster. */
export type ClusterChain = {
  name: string
  chainId: bigint
  rpcUrl: string
  /** The account that posts the chain's batches. */
  batcher: Address
  viemChain: CausewayChain
  /** A viem public client with Causeway's actions. */
  client: ChainClient
  /** The nodes in this process: sequencer, follower. Empty if the chain has its own process. */
  nodes: readonly RunningNode[]
  /** The chain's own process, if it has one: the one that runs now, since one that dies is started again. */
  readonly child: ChildNodes | undefined
  /** Why the chain's process is not started any more (`CHAIN_DOWN`); undefined while all is well. */
  readonly error: CausewayError | undefined
  /** A viem wallet of user number `index` (default 0) with public actions and Causeway's. It has nothing on the chain before a deposit. */
  wallet(index?: number): ChainWallet
}

/** viem clients of a running chain: a public one, and a wallet for any account. */
export function connectChain({ chainId, name, rpcUrl }: Pick<ClusterChain, 'chainId' | 'name' | 'rpcUrl'>) {
  const viemChain = defineCausewayChain({ chainId, name, rpcUrl })
  const client: ChainClient = createPublicClient({ chain: viemChain, transport: http(rpcUrl), pollingInterval: 100 }).extend(causewayActions())
  const walletOf = (account: PrivateKeyAccount): ChainWallet => createWalletClient({ account, chain: viemChain, transport: http(rpcUrl), pollingInterval: 100 }).extend(publicActions).extend(causewayActions())
  return { viemChain, client, walletOf }
}
