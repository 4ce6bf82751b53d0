import { CAPACITY, fitsCertificate, NEVER, type Entry, type ImportedMessage, type L1InboxEntry, type Message, type SystemInputs, type Token } from '@causeway/core'
import { createMessagePool } from '@causeway/messaging'
import { createRandom } from '@causeway/testing'
import { numberToHex, zeroAddress, zeroHash } from 'viem'
import { describe, expect, it } from 'vitest'
import type { BlockRecord } from '../store/records.js'
import { createBacklog } from './backlog.js'
import { selectInputs, type SelectionOptions } from './select-inputs.js'

const seed = Number(process.env['SEED'] ?? 41_421)
const [L1, CHAIN, SOURCE] = [900n, 101n, 102n]
const context = { chainId: CHAIN, l1ChainId: L1, slotOf: (source: bigint) => source % 10n }
/** ETH, or one of many tokens that nobody needs. */
const tokenOf = (n: number): Token => ({ chain: L1, address: numberToHex(n, { size: 20 }) })
const message = (fields: Partial<Message>): Message => ({
  ...{ source: CHAIN, nonce: 0n, timestamp: 1n, destination: SOURCE, sender: zeroAddress, recipient: zeroAddress, refundTo: zeroAddress },
  ...{ token: tokenOf(0), amount: 1n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' as const },
  ...fields,
})
const deposit = (index: bigint, token = 0): L1InboxEntry => ({ kind: 'deposit', index, message: message({ source: L1, nonce: index, destination: CHAIN, token: tokenOf(token) }) })
const imported = (nonce: bigint, token = 0): ImportedMessage => ({ policyHash: 1n, message: message({ source: SOURCE, nonce, destination: CHAIN, token: tokenOf(token) }) })
const exported = (token = 0): Entry => ({ kind: 'export', time: 2n, message: message({ token: tokenOf(token) }) })
const entriesOf = ({ l1Entries, imports }: SystemInputs): Entry[] => [
  ...l1Entries.map((entry) => ({ kind: 'l1' as const, time: 2n, entry })),
  ...imports.map((item) => ({ kind: 'import' as const, time: 2n, ...item })),
]

const limits = { chainId: CHAIN, weightLimit: 16n, weigh: () => 1n }

describe('the system inputs of a block', () => {
  const inputs: SystemInputs = { l1Entries: [deposit(0n), deposit(1n)], imports: [imported(0n), imported(1n)] }
  const none: SystemInputs = { l1Entries: [], imports: [] }
  const [entries, imports] = [{ ...none, l1Entries: inputs.l1Entries }, { ...none, imports: inputs.imports }]
  const view = (certificates: number, height = 0n, room = 99) => ({ certificates, limit: 4, height, hasRoom: (more: readonly Entry[]) => more.length <= room })
  const options = (change: Partial<SelectionOptions> = {}): SelectionOptions => ({ number: 2n, timestamp: 9n, limits, exportsReady: () => false, entriesOf, crowded: () => false, ...change })

  it('are all that wait, while there are certificates to spare', () => {
    for (const height of [0n, 1n, 2n])
      for (const certificates of [0, 2]) expect(selectInputs(inputs, view(certificates, height), options({ exportsReady: () => true, crowded: () => true }))).toMatchObject({ system: inputs, exports: true })
  })

  it('are of either kind first by turns, where they do not fit together', () => {
    const at = (number: bigint) => selectInputs(inputs, view(0, 0n, 2), options({ number }))
    expect([at(2n), at(3n)]).toEqual([
      { system: entries, optional: 'import', exports: true },
      { system: imports, optional: 'l1', exports: true },
    ])
  })

  it('are those of the kind whose turn it is, and nothing else, when the last certificate is next', () => {
    const at = (height: bigint, change: Partial<SelectionOptions> = {}, waiting = inputs) => {
      const { system, exports } = selectInputs(waiting, view(3, height), options(change))
      return [system, exports]
    }
    const ready = { exportsReady: () => true }
    expect([at(6n), at(7n), at(8n)]).toEqual([[entries, false], [imports, false], [inputs, true]])
    expect([at(6n, ready), at(7n, ready), at(8n, ready)]).toEqual([[entries, false], [imports, false], [none, true]])
    // Nobody waits for a turn that its owner does not use.
    expect([at(6n, ready, imports), at(7n, ready, entries)]).toEqual([[imports, true], [entries, true]])
  })

  it('are those that have room beside the blocks before, when the last certificate is in use', () => {
    const at = (room: number, height = 0n, change: Partial<SelectionOptions> = {}) => selectInputs(inputs, view(4, height, room), options(change)).system
    expect([at(9), at(9, 1n), at(9, 2n)]).toEqual([entries, imports, inputs])
    expect([at(1), at(1, 1n), at(3, 2n)]).toEqual([
      { ...none, l1Entries: inputs.l1Entries.slice(0, 1) },
      { ...none, imports: inputs.imports.slice(0, 1) },
      { ...inputs, imports: inputs.imports.slice(0, 1) },
    ])
    expect(at(0)).toEqual(none)
    // A kind whose deliveries send too much waits for the next certificate; the other goes on.
    expect([at(9, 0n, { crowded: (kind) => kind === 'l1' }), at(9, 1n, { crowded: () => true })]).toEqual([imports, none])
  })
})

it(`no flood keeps out another kind of entry, nor another source of imports, and the limit holds (seed ${seed})`, () => {
  const random = createRandom(seed)
  for (let round = 0; round < 10; round++) {
    const limit = 1 + random.below(4)
    const blocks = [{ number: 0n, hash: '0', entries: [] as Entry[] }]
    const state = { block: 0n, height: BigInt(random.below(3)) }
    const chain = {
      fits: (entries: readonly Entry[]) => fitsCertificate(entries, context),
      get head() {
        return blocks.at(-1) as unknown as BlockRecord
      },
      block: (number: bigint) => blocks[Number(number)] as unknown as BlockRecord | undefined,
    }
    const backlog = createBacklog({ chain, settled: () => ({ block: state.block, header: { height: state.height } }), newest: () => undefined, limit })
    // Everybody floods: with as many junk tokens as a certificate has places for, or with none, and with messages of one inbox leaf, or of one each.
    const junk = { l1: random.below(2) * 4, import: random.below(2) * 4, export: random.below(2) * 4 }
    const spread = random.pick([1n, 128n])
    const sources = Array.from({ length: 1 + random.below(5) }, (_, i) => SOURCE + BigInt(i))
    const pool = createMessagePool({ chainId: CHAIN, policyFor: () => 1n, maxUnsettled: 2 ** 20 })
    for (const source of sources)
      for (let i = 0; i < 30 + 200 / sources.length; i++) {
        const sent = message({ source, nonce: BigInt(i) * spread, destination: CHAIN, token: tokenOf(junk.import && 5 + (i % 4)), sender: numberToHex(i, { size: 20 }) })
        pool.addHead({ chainId: source, height: BigInt(i), hash: zeroHash, timestamp: 1n, incarnation: 0n, policyHash: 1n, messages: [sent], signature: '0x' } as never)
      }
    const allow = new Map(sources.map((source) => [source, { rung: 'included' as const, cap: NEVER }]))
    const imports = new Map(sources.map((source) => [source, { done: new Set<bigint>(), last: -1n }]))
    const of = (source: bigint) => imports.get(source) as { done: Set<bigint>; last: bigint }
    const done = { l1: 0n, import: 0n, export: 0n }

    const build = (): void => {
      const view = backlog()
      const waiting: SystemInputs = {
        l1Entries: Array.from({ length: 4 }, (_, i) => deposit(done.l1 + BigInt(i), junk.l1 && i + 1)),
        imports: pool.candidates({ allow, now: 9n, consumed: (source, nonce) => of(source).done.has(nonce), lastImport: (source) => of(source).last }),
      }
      const number = BigInt(blocks.length)
      const sent = (i: number) => exported(junk.export && 20 + (i % 4))
      const { system, exports } = selectInputs(waiting, view, { number, timestamp: 9n, limits, entriesOf, exportsReady: () => view.hasRoom([sent(0)]), crowded: () => false })
      const entries = entriesOf(system)
      expect(chain.fits(entries)).toBe(true)
      for (let i = 0; exports && view.hasRoom([...entries, sent(i)]); i++) entries.push(sent(i))
      blocks.push({ number, hash: String(number), entries })
      for (const { kind } of entries) done[kind]++
      for (const { message: { source, nonce } } of system.imports) {
        of(source).done.add(nonce)
        of(source).last = number
      }
      expect(backlog().certificates).toBeLessThanOrEqual(limit)
    }
    /** The oldest certificate settles: as many whole blocks as fit. */
    const settle = (): void => {
      let entries: Entry[] = []
      for (let next = blocks[Number(state.block) + 1]; next && chain.fits([...entries, ...next.entries]); next = blocks[Number(state.block) + 1]) {
        entries = [...entries, ...next.entries]
        state.block++
      }
      state.height++
    }
    for (let i = 0; i < 30; i++) build()
    const sizes = () => sources.map((source) => of(source).done.size)
    const counts = [sizes()]
    for (let three = 0; three < 6; three++) {
      const before = { ...done }
      for (let i = 0; i < 3; i++) {
        settle()
        for (let n = 0; n < 5; n++) build()
      }
      // Of three certificates, each kind has one to itself.
      expect(done.l1 - before.l1).toBeGreaterThanOrEqual(BigInt(CAPACITY.l1Entries))
      expect(done.import - before.import).toBeGreaterThanOrEqual(spread > 1n ? 2n : 4n)
      expect(done.export - before.export).toBeGreaterThanOrEqual(junk.export ? 4n : BigInt(CAPACITY.exports))
      counts.push(sizes())
    }
    // A certificate takes of two sources, of those that have waited longest.
    const turns = Math.ceil(sources.length / 2)
    for (let i = turns; i < counts.length; i++) sources.forEach((_, at) => expect(counts[i]?.[at]).toBeGreaterThan(counts[i - turns]?.[at] as number))
  }
})
