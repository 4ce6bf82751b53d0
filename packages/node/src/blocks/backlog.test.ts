import type { Entry } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import type { BlockRecord, CertificateRecord } from '../store/records.js'
import { createBacklog } from './backlog.js'

/** A chain whose certificates hold four entries, whatever these are. */
function chainOf() {
  const exports = (count: number): Entry[] => Array.from({ length: count }, () => ({ kind: 'export' }) as Entry)
  const blocks = [{ number: 0n, hash: '0x00', entries: [] as Entry[] }]
  let incarnation = 0
  const state = { settled: 0n, height: 0n, certificate: undefined as Pick<CertificateRecord, 'state' | 'toBlock'> | undefined, reads: 0 }
  const chain = {
    fits: (entries: readonly Entry[]) => entries.length <= 4,
    get head() {
      return blocks.at(-1) as unknown as BlockRecord
    },
    block(number: bigint) {
      state.reads++
      return blocks[Number(number)] as unknown as BlockRecord | undefined
    },
  }
  const view = createBacklog({ chain, settled: () => ({ block: state.settled, header: { height: state.height } }), newest: () => state.certificate, limit: 3 })
  return {
    state,
    view,
    exports,
    build: (...counts: number[]) => counts.forEach((count) => blocks.push({ number: BigInt(blocks.length), hash: `0x${incarnation}${blocks.length}`, entries: exports(count) })),
    rollback(to: number) {
      blocks.length = to + 1
      incarnation++
    },
    /** How many entries the next block may have at most. */
    room: () => Math.max(...[0, 1, 2, 3, 4, 5].filter((count) => view().hasRoom(exports(count)))),
  }
}

describe('a backlog', () => {
  it('packs whole blocks into as few certificates as they need', () => {
    const { build, view, room } = chainOf()
    expect([view().certificates, room()]).toEqual([0, 4])
    build(0, 0)
    expect([view().certificates, room()]).toEqual([0, 4])
    build(1, 0, 3)
    expect([view().certificates, room()]).toEqual([1, 4])
    build(3, 2)
    expect([view().certificates, room()]).toEqual([3, 2])
    build(1, 0)
    expect([view().certificates, room()]).toEqual([3, 1])
    build(1)
    expect([view().certificates, room()]).toEqual([3, 0])
  })

  it('shrinks with each certificate that settles, and grows again when L1 takes one back', () => {
    const { state, build, view, room } = chainOf()
    build(4, 4, 2)
    expect([view().certificates, room()]).toEqual([3, 2])
    Object.assign(state, { settled: 1n, height: 1n })
    expect([view().certificates, view().height, room()]).toEqual([2, 1n, 4])
    Object.assign(state, { settled: 3n, height: 3n })
    expect([view().certificates, room()]).toEqual([0, 4])
    Object.assign(state, { settled: 1n, height: 1n })
    expect(view().certificates).toBe(2)
  })

  it('lets no block join a certificate that is under way', () => {
    const { state, build, view, room } = chainOf()
    build(1, 1)
    state.certificate = { state: 'proposed', toBlock: 1n }
    expect([view().certificates, room()]).toEqual([2, 4])
    state.certificate = { state: 'certified', toBlock: 2n }
    expect(view().certificates).toBe(1)
    state.certificate = { state: 'dead', toBlock: 2n }
    expect(view().certificates).toBe(1)
    build(4)
    state.certificate = { state: 'certified', toBlock: 2n }
    expect([view().certificates, room()]).toEqual([2, 4])
    Object.assign(state, { settled: 2n, height: 1n, certificate: { state: 'settled', toBlock: 2n } })
    expect(view().certificates).toBe(1)
  })

  it('forgets the blocks that a rebuild drops', () => {
    const { build, rollback, view } = chainOf()
    build(4, 4, 4)
    expect(view().certificates).toBe(3)
    rollback(1)
    expect(view().certificates).toBe(1)
    build(4, 4)
    expect(view().certificates).toBe(3)
    rollback(1)
    build(0, 4)
    expect(view().certificates).toBe(2)
  })

  it('packs each block once: blocks that wait for L1 for days cost nothing', () => {
    const { state, build, view } = chainOf()
    build(...Array.from({ length: 1000 }, () => 0))
    view()
    state.reads = 0
    for (let i = 0; i < 100; i++) view()
    expect(state.reads).toBeLessThanOrEqual(200)
  })
})
