import { evm, type EthLimits, type EvmOptions, type SimulationLimits } from '@causeway/execution-evm'
import { memoryStore } from '@causeway/testing'
import type { BlockInputs, Clock } from '@causeway/core'
import { setTimeout } from 'node:timers/promises'
import { createPublicClient, createWalletClient, custom, defineChain, keccak256, parseEther, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { RpcLimits } from './limits.js'
import { createRpc } from './rpc.js'
import type { RpcHandler, HeadEvent, RpcChain } from '@causeway/core'

export const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
export const bob = privateKeyToAccount(`0x${'b0'.repeat(32)}`)
export const CHAIN_ID = 4242
export const testChain = defineChain({ id: CHAIN_ID, name: 'test', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [] } } })

/** A real engine with a list as its mempool: what is sent sits there until `mine`, or is mined at once with `auto`. */
export async function rpcHarness(options: { auto?: boolean; evm?: Partial<EvmOptions>; limits?: Partial<RpcLimits & EthLimits & SimulationLimits>; clock?: Partial<Clock>; extensions?: Record<string, RpcHandler> } = {}) {
  const store = memoryStore()
  const engine = evm({
    feeRecipient: '0xfeefeefeefeefeefeefeefeefeefeefeefeefee0',
    alloc: { [alice.address]: { balance: parseEther('100') }, [bob.address]: { balance: parseEther('100') } },
    unbacked: true,
    ...options.evm,
    limits: { ...options.limits, ...options.evm?.limits },
  }).create({ chainId: BigInt(CHAIN_ID), l1: { chainId: 900n }, store })
  await store.write((await engine.genesis()).changes)
  const waiting: { raw: Hex; hash: Hex; sender: Address; nonce: bigint }[] = []
  const heads = new Set<(event: HeadEvent) => void>()
  const pending = new Set<(hash: Hex) => void>()

  async function mine(inputs: Partial<BlockInputs> = {}, removed: readonly Hex[] = []) {
    const head = engine.getBlock(inputs.parentHash ?? engine.head().hash)
    if (!head) throw new Error('no head')
    const transactions = waiting.splice(0).map(({ raw }) => raw)
    const block = await engine.execute({ number: head.number + 1n, parentHash: head.hash, timestamp: head.timestampMs + 1000n, l1Entries: [], imports: [], transactions, ...inputs })
    await store.write(block.changes)
    for (const listener of heads) listener({ hash: block.hash, removed })
    return block
  }

  const chain: RpcChain = {
    chainId: BigInt(CHAIN_ID),
    clientVersion: 'causeway/test',
    async sendRawTransaction(raw) {
      const { hash, sender, nonce } = await engine.validate(raw, engine.head().hash)
      waiting.push({ raw, hash, sender, nonce })
      for (const listener of pending) listener(hash)
      if (options.auto) await mine()
      return keccak256(raw)
    },
    pendingNonce: async (address) => (await engine.getNonce(address, engine.head().hash)) + BigInt(waiting.filter(({ sender }) => sender === address.toLowerCase()).length),
    pendingTransaction(hash) {
      const found = waiting.find((item) => item.hash === hash)
      return found && { raw: found.raw, from: found.sender, nonce: found.nonce }
    },
    pool: async () => ({ pending: waiting.map(({ raw, hash, sender, nonce }) => ({ raw, hash, from: sender, nonce })), queued: [] }),
    finality: () => ({ safe: engine.head().number / 2n, finalized: 0n }),
    onHead: (listener) => (heads.add(listener), () => void heads.delete(listener)),
    onPendingTransaction: (listener) => (pending.add(listener), () => void pending.delete(listener)),
  }
  const clock: Clock = {
    now: () => BigInt(Date.now()),
    sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
    ...options.clock,
  }
  const rpc = createRpc({ engine, chain, clock, ...(options.limits && { limits: options.limits }) })
  rpc.extend({ causeway_answer: () => ({ value: 42n }), ...options.extensions })
  const transport = custom({ request: (args: { method: string; params?: unknown }) => rpc.request(args) }, { retryCount: 0 })
  const client = createPublicClient({ chain: testChain, transport, pollingInterval: 20, cacheTime: 0 })
  const wallet = createWalletClient({ account: alice, chain: testChain, transport })
  return { engine, store, rpc, mine, client, wallet, chain, listeners: { heads, pending } }
}
