import { CausewayError, genesisHeader, messageLeaf, type ChainHeader } from '@causeway/core'
import type { CertificateData, EpochRecord, L1Reader, L1Tag } from '@causeway/l1'
import type { Hex } from 'viem'
import type { Chain } from '../chain.js'
import type { BlockRecord } from '../store/records.js'
import type { Members } from './members.js'

/** The last settled point of a chain: its header on L1 and the block it ends with. */
export type SettledPoint = { header: ChainHeader; block: bigint; epoch: bigint; inboxHash: Hex }

/** Header of a chain at a block, for the given height. */
export function headerAt(block: BlockRecord, before: ChainHeader): ChainHeader {
  return { ...before, ...block.accounting, height: before.height + 1n, timestamp: block.timestamp, stateRoot: block.stateRoot }
}

/** What settlement is followed with. `taken`: how many of the chain's postings, in L1's order, this node has taken up. */
export type SettlementOptions = { chain: Chain; members: Members; reader: L1Reader; policyHash: bigint; taken(): bigint }

/** Where the chain stood after an epoch: `position` epochs were walked, and `last` is the last of them. */
type Step = { position: number; last: EpochRecord | undefined; point: SettledPoint }

/**
 * Follows which of the chain's blocks L1 has settled, as far as this node has derived them. A node that has taken up the data of a
 * settled certificate and does not have its block is on another branch: it stays at the last point on which it agrees with L1.
 */
export function createSettlement({ chain, members, reader, policyHash, taken }: SettlementOptions) {
  const { chainId } = chain.engine
  // From the last final epoch on, so that every tag finds its step and a reorg of L1 goes back a few.
  let steps: Step[] = []

  function start(): Step {
    const genesis = chain.block(0n) as BlockRecord
    return { position: 0, last: undefined, point: { header: genesisHeader(chainId, genesis.stateRoot, policyHash), block: 0n, epoch: 0n, inboxHash: genesis.inboxHash } }
  }

  /** The chain after an epoch, or the certificate in it for which this node has no block. */
  function advance(point: SettledPoint, { epoch, data }: EpochRecord, slot: bigint | undefined): SettledPoint | CertificateData {
    const certificate = data.certificates.find((item) => BigInt(item.slot) === slot)
    if (!certificate) return { ...point, epoch }
    const block = blockAtTime(chain, certificate.timestamp, point.block)
    return block && settles(point, block, certificate) ? { header: headerAt(block, point.header), block: block.number, epoch, inboxHash: block.inboxHash } : certificate
  }

  /** Whether a certificate is of this node's blocks up to `block`. What they sent is in no state root: signers may have forged it alone. */
  function settles({ header: before, block: from }: SettledPoint, block: BlockRecord, certificate: CertificateData): boolean {
    const header = headerAt(block, before)
    if (header.stateRoot !== certificate.stateRoot || header.height !== certificate.height || header.l1InboxCursor !== certificate.l1InboxCursor) return false
    if (header.balanceRoot !== BigInt(certificate.balanceRoot) || header.inboxRoot !== BigInt(certificate.inboxRoot)) return false
    const sent = entriesBetween(chain, from, block.number).flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, policyHash)] : []))
    return sent.length === certificate.leaves.length && sent.every((leaf, i) => leaf === BigInt(certificate.leaves[i] as Hex))
  }

  /** Walks what L1 has settled since; returns the certificate that stopped it, if one did. */
  function walk(): CertificateData | undefined {
    const epochs = reader.epochs()
    const stands = ({ position, last, point }: Step) => epochs[position - 1] === last && point.block <= chain.head.number
    while (steps.length > 0 && !stands(steps.at(-1) as Step)) steps.pop()
    if (steps.length === 0) steps = [start()]
    const slot = members.find(chainId)?.slot
    const final = reader.epochs('finalized').length
    for (let { position, point } = steps.at(-1) as Step; position < epochs.length; ) {
      const last = epochs[position] as EpochRecord
      const next = advance(point, last, slot)
      if ('slot' in next) return next
      point = next
      steps.push({ position: ++position, last, point })
      while ((steps[1]?.position ?? Infinity) <= final) steps.shift()
    }
    return undefined
  }

  return {
    /** The last point that L1 has settled, up to one of its heads, and this node has. */
    at(tag: L1Tag = 'latest'): SettledPoint {
      walk()
      const count = reader.epochs(tag).length
      return (steps.findLast(({ position }) => position <= count) ?? start()).point
    },
    /** That L1 has settled another branch of the chain than this node is on, code `DIVERGED`; undefined while it is on the same, or has not come as far. */
    divergence(): CausewayError | undefined {
      const certificate = walk()
      if (!certificate || taken() < certificate.daIndex) return undefined
      return new CausewayError(`L1 settled another state of chain ${chainId} at height ${certificate.height} than this node has.`, {
        code: 'DIVERGED',
        fix: 'start the node with an empty database: it derives from L1 the branch that has settled. If it halts again, the attesters signed blocks that the batches on L1 do not give',
      })
    },
  }
}

/** The block with exactly this time, above block `after`; times grow strictly, so there is at most one. */
function blockAtTime(chain: Chain, timestamp: bigint, after: bigint): BlockRecord | null {
  let low = after + 1n
  // A certificate covers few blocks: look near its start first.
  let high = low
  for (let width = 1n; high < chain.head.number && (chain.block(high) as BlockRecord).timestamp < timestamp; width *= 2n) {
    low = high + 1n
    high += width
  }
  if (high > chain.head.number) high = chain.head.number
  while (low <= high) {
    const middle = (low + high) / 2n
    const block = chain.block(middle) as BlockRecord
    if (block.timestamp === timestamp) return block
    if (block.timestamp < timestamp) low = middle + 1n
    else high = middle - 1n
  }
  return null
}

/** Entries of the blocks after `from` up to and including `to`. */
export function entriesBetween(chain: Chain, from: bigint, to: bigint): BlockRecord['entries'] {
  const entries = []
  for (let number = from + 1n; number <= to; number++) entries.push(...((chain.block(number) as BlockRecord | undefined)?.entries ?? []))
  return entries
}
