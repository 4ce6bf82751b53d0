import { eraOf, nextIncarnation, type Log } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import { keccak256, type Hex } from 'viem'
import type { Certifier } from '../certificates/certify.js'
import { isInboxOnL1 } from '../certificates/l1-references.js'
import type { Chain } from '../chain.js'
import type { Imports } from '../imports/imports.js'
import type { Members } from '../l1/members.js'
import type { BlockRecord } from '../store/records.js'

/** What {@link createRepair} works with. */
export type RepairParameters = {
  chainId: bigint
  chain: Chain
  members: Members
  reader: L1Reader
  imports: Imports
  certifier: Certifier | null
  /** Number of the last block that L1 has settled. */
  settledBlock(): bigint
  /** Gives a transaction of a block that is dropped another chance. */
  accept(raw: Hex): Promise<unknown>
  log: Log
}

/** What a sequencer does when L1 or another chain has taken something back, before it builds on. */
export type Repair = {
  /** Goes on in the era of the chain's batcher, with all the blocks that there are. */
  enterEra(): Promise<void>
  /**
   * Rolls back if something executed has lost its ground: an import, or an L1 inbox entry that L1 took back. Not while a signed certificate
   * covers it: what was lost may come back (L1 may return to the other branch), and then the certificate can settle.
   */
  regain(): Promise<void>
  /** Time (ms) of the last block that was dropped. */
  droppedTime(): bigint
}

export function createRepair({ chainId, chain, members, reader, imports, certifier, settledBlock, accept, log }: RepairParameters): Repair {
  let droppedTime = 0n

  /** Takes back the blocks from `block` on. */
  async function rebuild(block: bigint, reason: string): Promise<void> {
    const dropped = await chain.rollback(block - 1n, nextIncarnation(chain.incarnation))
    droppedTime = dropped.at(-1)?.timestamp ?? droppedTime
    log.warn('chain rebuilt', { from: block, dropped: dropped.length, incarnation: chain.incarnation, reason })
    for (const { transactions } of dropped)
      for (const raw of transactions) await accept(raw).catch((error: unknown) => log.info('a transaction of a dropped block is gone', { hash: keccak256(raw), error }))
  }

  return {
    droppedTime: () => droppedTime,
    async enterEra() {
      const era = members.find(chainId)?.era ?? 0n
      if (eraOf(chain.incarnation) === era) return
      await chain.rollback(chain.head.number, nextIncarnation(chain.incarnation, era))
      log.warn('L1 has changed the batcher of this chain: what is not settled is posted again', { era, incarnation: chain.incarnation })
    },
    async regain() {
      const bound = (await certifier?.live())?.toBlock ?? 0n
      const lost = imports.takeLost(bound)
      if (lost) {
        await imports.remember(lost.messages)
        await rebuild(lost.block, lost.messages[0]?.rolledBack.reason ?? 'an import lost its ground')
      }
      if (isInboxOnL1(chain.head, chainId, reader)) return
      for (let number = settledBlock() + 1n; number <= chain.head.number; number++) {
        if (isInboxOnL1(chain.block(number) as BlockRecord, chainId, reader)) continue
        if (number <= bound) return log.warn('L1 took back an inbox entry; the chain is rebuilt once the certificate that covers it is dead', { block: number, toBlock: bound })
        return rebuild(number, 'L1 took back an inbox entry')
      }
    },
  }
}
