import type { Entry } from '@causeway/core'
import type { Chain } from '../chain.js'
import type { CertificateRecord } from '../store/records.js'

/** What a backlog is counted from. */
export type BacklogOptions = {
  chain: Pick<Chain, 'block' | 'fits' | 'head'>
  settled(): { block: bigint; header: { height: bigint } }
  /** The chain's newest certificate, whatever its state. */
  newest(): Pick<CertificateRecord, 'state' | 'toBlock'> | undefined
  /** Certificates that it may hold. */
  limit: number
}

/** A backlog as the head leaves it. */
export type BacklogView = {
  /** Certificates that the blocks so far need; a chain settles one an epoch. */
  certificates: number
  limit: number
  /** Height of the last settled certificate. */
  height: bigint
  /** Whether the next block may have these entries: they fit one certificate, and the limit is kept. */
  hasRoom(entries: readonly Entry[]): boolean
}

/**
 * Counts the certificates that the blocks which no settled one covers will need. They are packed as the certifier packs them: as many
 * whole blocks as fit, and none with a certificate that is signed already.
 */
export function createBacklog({ chain, settled, newest, limit }: BacklogOptions): () => BacklogView {
  /** `open` has the entries of the last certificate, null if no block can join it. */
  let packed = { start: '', to: 0n, hash: '', certificates: 0, open: null as readonly Entry[] | null }

  /** Each block is packed once, unless there is another point to start from. */
  function pack(settledBlock: bigint): void {
    const live = newest()
    const signed = live && live.state !== 'settled' && live.state !== 'dead' && live.toBlock > settledBlock ? live.toBlock : undefined
    const start = `${settledBlock}/${signed ?? ''}`
    if (packed.start !== start || chain.block(packed.to)?.hash !== packed.hash) {
      const to = signed ?? settledBlock
      packed = { start, to, hash: chain.block(to)?.hash ?? '', certificates: signed === undefined ? 0 : 1, open: null }
    }
    for (let block = chain.block(packed.to + 1n); block; block = chain.block(packed.to + 1n)) {
      const { number, hash, entries } = block
      const joined = joinedWith(packed.open, entries)
      const more = entries.length > 0 && !joined ? 1 : 0
      packed = { ...packed, to: number, hash, certificates: packed.certificates + more, open: entries.length === 0 ? packed.open : (joined ?? entries) }
    }
  }

  function joinedWith(open: readonly Entry[] | null, entries: readonly Entry[]): readonly Entry[] | undefined {
    const all = open && [...open, ...entries]
    return all && chain.fits(all) ? all : undefined
  }

  return () => {
    const { block, header } = settled()
    pack(block)
    const { certificates, open } = packed
    return {
      certificates,
      limit,
      height: header.height,
      hasRoom: (entries) => entries.length === 0 || (chain.fits(entries) && certificates + (joinedWith(open, entries) ? 0 : 1) <= limit),
    }
  }
}
