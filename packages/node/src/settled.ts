import { CausewayError, genesisHeader, type ChainHeader } from '@causeway/core'
import type { EpochRecord, L1Reader, L1Tag } from '@causeway/l1'
import type { Hex } from 'viem'
import type { Chain } from './chain.js'
import type { Members } from './members.js'
import type { BlockRecord } from './store/rows.js'

/** The last settled point of a chain: its header on L1 and the block it ends with. */
export type SettledPoint = { header: ChainHeader; block: bigint; epoch: bigint; inboxHash: Hex }

/** Header of a chain at a block, for the given height. */
export function headerAt(block: BlockRecord, before: ChainHeader): ChainHeader {
  return { ...before, ...block.accounting, height: before.height + 1n, timestamp: block.timestamp, stateRoot: block.stateRoot }
}

/**
 * Follows which of the chain's blocks L1 has settled. `at` answers for the part of L1 up to that head; a certificate whose blocks
 * this node has not derived yet is not counted.
 * @throws `DIVERGED` if L1 settled another block than the node has at that time
 */
export function createSettled({ chain, members, reader, policyHash }: { chain: Chain; members: Members; reader: L1Reader; policyHash: bigint }) {
  const { chainId } = chain.engine
  const cache = new Map<L1Tag, { point: SettledPoint; position: number; hash: Hex }>()

  function start(): SettledPoint {
    const genesis = chain.block(0n) as BlockRecord
    return { header: genesisHeader(chainId, genesis.stateRoot, policyHash), block: 0n, epoch: 0n, inboxHash: genesis.inboxHash }
  }

  function advance(point: SettledPoint, { epoch, data }: EpochRecord): SettledPoint | null {
    const slot = members.find(chainId)?.slot
    const certificate = data.certificates.find((item) => BigInt(item.slot) === slot)
    if (!certificate) return { ...point, epoch }
    const block = blockAtTime(chain, certificate.timestamp, point.block)
    if (!block) return null
    const header = headerAt(block, point.header)
    const same = header.stateRoot === certificate.stateRoot && header.height === certificate.height && header.balanceRoot === BigInt(certificate.balanceRoot) && header.inboxRoot === BigInt(certificate.inboxRoot)
    if (!same)
      throw new CausewayError(`L1 settled another state of chain ${chainId} at height ${certificate.height} than this node has at block ${block.number}.`, {
        code: 'DIVERGED',
        fix: 'the attesters signed blocks that this node cannot derive; compare the batches on L1 with those of the sequencer',
      })
    return { header, block: block.number, epoch, inboxHash: block.inboxHash }
  }

  return {
    at(tag: L1Tag = 'latest'): SettledPoint {
      const epochs = reader.epochs(tag)
      const cached = cache.get(tag)
      const known = cached && epochs[cached.position - 1]?.newRoot === cached.hash && chain.block(cached.point.block) ? cached : { point: start(), position: 0 }
      let { point, position } = known
      for (; position < epochs.length; position++) {
        const next = advance(point, epochs[position] as EpochRecord)
        if (!next) break
        point = next
      }
      if (position > 0) cache.set(tag, { point, position, hash: (epochs[position - 1] as EpochRecord).newRoot })
      return point
    },
  }
}

/** The block with exactly this time, above block `after`; times grow strictly, so there is at most one. */
function blockAtTime(chain: Chain, timestamp: bigint, after: bigint): BlockRecord | null {
  let low = after + 1n
  let high = chain.head.number
  while (low <= high) {
    const middle = (low + high) / 2n
    const block = chain.block(middle) as BlockRecord
    if (block.timestamp === timestamp) return block
    if (block.timestamp < timestamp) low = middle + 1n
    else high = middle - 1n
  }
  return null
}
