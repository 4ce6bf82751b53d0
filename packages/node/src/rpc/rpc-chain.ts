import { CausewayError, type ExecutionEngine, type HeadEvent, type Readiness, type RpcChain } from '@causeway/core'
import type { Mempool, PendingTransaction } from '@causeway/sequencer'
import type { Hex } from 'viem'
import type { BlockBuilder } from '../blocks/block-builder.js'
import type { Chain } from '../chain.js'
import type { SettledPoint } from '../l1/settlement.js'

/** What {@link createRpcChain} shows. */
export type RpcChainParameters = {
  engine: ExecutionEngine
  chain: Chain
  mempool: Mempool
  /** Of a sequencer. */
  builder: BlockBuilder | undefined
  settled(at?: 'latest' | 'finalized'): Pick<SettledPoint, 'block'>
  readiness(): Readiness
  metrics(): string
  /** Takes a transaction, and answers its hash. */
  accept(raw: Hex): Promise<Hex>
}

/** The running chain, as RPC methods see it. */
export function createRpcChain({ engine, chain, mempool, builder, settled, readiness, metrics, accept }: RpcChainParameters): RpcChain & { stop(): void } {
  const listeners = new Set<(event: HeadEvent) => void>()
  const stop = chain.subscribe((head, dropped) => {
    // A new era with the same blocks drops none.
    if (dropped?.length === 0) return
    const event: HeadEvent = dropped ? { removed: dropped.map(({ hash }) => hash).reverse() } : { hash: head.hash, removed: [] }
    for (const listener of listeners) listener(event)
  })
  return {
    chainId: engine.chainId,
    clientVersion: 'causeway/0.1.0',
    async sendRawTransaction(raw) {
      if (!builder) throw new CausewayError('this node follows the chain and takes no transactions', { code: 'NOT_A_SEQUENCER', fix: "send it to the chain's sequencer" })
      return accept(raw)
    },
    pendingNonce: async (address) => mempool.pendingNonce(address, await engine.getNonce(address, chain.head.hash)),
    pendingTransaction(hash) {
      const held = mempool.get(hash)
      return held && { raw: held.raw, from: held.sender, nonce: held.nonce }
    },
    async pool() {
      const { pending, queued } = builder ? await builder.pool() : { pending: [], queued: [] }
      const told = ({ hash, raw, sender, nonce }: PendingTransaction) => ({ hash, raw, from: sender, nonce })
      return { pending: pending.map(told), queued: queued.map(told) }
    },
    readiness,
    metrics,
    finality: () => ({ safe: settled().block, finalized: settled('finalized').block }),
    onHead(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onPendingTransaction: (listener) => mempool.subscribe(listener),
    stop,
  }
}
