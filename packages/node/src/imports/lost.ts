import { messageId, nextIncarnation } from '@causeway/core'
import type { PoolChange } from '@causeway/messaging'
import type { Hex } from 'viem'
import type { Chain } from '../chain.js'
import type { SettledPoint } from '../l1/settlement.js'
import { put, read, type Change } from '../store/records.js'
import type { ExecutedImport, ExecutedImports } from './executed.js'

/** An executed message that has lost its ground; `hash` is of the block that imported it. */
export type Lost = { source: bigint; nonce: bigint; hash: Hex; reason: string }

/** A message that fell out of the chain when it was rebuilt. */
export type RolledBack = { source: bigint; nonce: bigint; chainId: bigint; incarnation: bigint; block: bigint; reason: string }

/** Which executed messages will never settle, so that the blocks with them have to go. */
export type LostImports = {
  /** Says that a message has lost its ground, if the chain has executed it. */
  lose(source: bigint, nonce: bigint, reason: string): void
  /** Loses what the pool has dropped because its source contradicts itself. */
  note(change: Pick<PoolChange, 'dropped'>): void
  /**
   * Loses those of `imported` that are not in their source's outbox: it says of all that it sent from `firstNonce` on, until a time (ms),
   * that it is `leaves`. What the pool does not remember (a restart) shows itself here.
   */
  contradict(imported: readonly ExecutedImport[], source: bigint, firstNonce: bigint, leaves: readonly bigint[], until: bigint): void
  /**
   * The first block that must go because a message in it has lost its ground, with what is to be remembered of those messages.
   * Those in blocks up to `bound` wait. They stay lost until those blocks are gone.
   */
  take(bound: bigint): { block: bigint; messages: { id: Hex; rolledBack: RolledBack }[] } | null
  /** Those that are not settled for good, for a restart. */
  all(): Lost[]
}

/** @param known what `all` answered before a restart */
export function createLostImports({ chain, executed, settled, known }: { chain: Chain; executed: ExecutedImports; settled(at?: 'latest' | 'finalized'): Pick<SettledPoint, 'block'>; known: readonly Lost[] }): LostImports {
  const { chainId } = chain.engine
  const keyOf = (source: bigint, nonce: bigint) => `${source}/${nonce}`
  const lost = new Map(known.map((item) => [keyOf(item.source, item.nonce), item]))

  function lose(source: bigint, nonce: bigint, reason: string): void {
    const held = executed.place(source, nonce)
    const key = keyOf(source, nonce)
    if (held && lost.get(key)?.hash !== held.hash) lost.set(key, { source, nonce, hash: held.hash, reason })
  }
  return {
    lose,
    note({ dropped }) {
      for (const { source, nonce, reason } of dropped) if (reason === 'contradicted') lose(source, nonce, 'its source sent something else')
    },
    contradict(imported, source, firstNonce, leaves, until) {
      for (const { message, leaf } of imported) {
        if (message.source !== source || message.nonce < firstNonce) continue
        const said = leaves[Number(message.nonce - firstNonce)]
        if (said === undefined ? message.timestamp <= until : said !== leaf) lose(source, message.nonce, 'its source was rebuilt without it')
      }
    },
    take(bound) {
      const last = settled().block > bound ? settled().block : bound
      const found = [...lost.values()].flatMap((item) => {
        const held = executed.place(item.source, item.nonce)
        return held?.hash === item.hash && held.block > last ? [{ ...item, block: held.block }] : []
      })
      if (found.length === 0) return null
      const block = found.reduce((first, item) => (item.block < first ? item.block : first), found[0]?.block ?? 0n)
      const incarnation = nextIncarnation(chain.incarnation)
      const messages = found.map(({ source, nonce, reason }) => ({ id: messageId({ source, destination: chainId, nonce }), rolledBack: { source, nonce, chainId, incarnation, block, reason } }))
      return { block, messages }
    },
    all() {
      const final = settled('finalized').block
      for (const [key, { source, nonce, hash }] of lost) {
        const held = executed.place(source, nonce)
        if (held?.hash !== hash || held.block <= final) lost.delete(key)
      }
      return [...lost.values()]
    },
  }
}

const rolledBackKey = (id: Hex) => `chain/rolledback/${id}`

/** The row of a message that was rolled back. */
export const putRolledBack = ({ id, rolledBack }: { id: Hex; rolledBack: RolledBack }): Change => put(rolledBackKey(id), rolledBack)

/** A message that was rolled back, by its id. */
export const readRolledBack = (chain: Pick<Chain, 'store'>, id: Hex): RolledBack | undefined => read<RolledBack>(chain.store, rolledBackKey(id))
