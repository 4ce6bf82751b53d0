import { CAPACITY, fitsCertificate, NEVER, type Entry, type ImportedMessage, type L1InboxEntry, type Message, type Token } from '@causeway/core'
import { createRandom } from '@causeway/testing'
import { numberToHex, zeroAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import { createBacklog } from './backlog.js'
import type { BlockRecord } from './store/rows.js'
import { systemTurn, type SystemInputs, type TurnOptions } from './turns.js'

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

describe('the system inputs of a block', () => {
  const inputs: SystemInputs = { l1Entries: [deposit(0n), deposit(1n)], imports: [imported(0n), imported(1n)] }
  const none: SystemInputs = { l1Entries: [], imports: [] }
  const view = (certificates: number, height = 0n, room = 99) => ({ certificates, limit: 4, height, hasRoom: (entries: readonly Entry[]) => entries.length <= room })
  const options = (change: Partial<TurnOptions> = {}): TurnOptions => ({ exportsReady: () => false, entriesOf, crowded: false, ...change })

  it('are all that wait, while there are certificates to spare', () => {
    for (const height of [0n, 1n, 2n]) for (const certificates of [0, 2]) expect(systemTurn(inputs, view(certificates, height), options({ exportsReady: () => true, crowded: true }))).toEqual(inputs)
  })

  it('come first, or not, in turn, when the last certificate is next', () => {
    const at = (height: bigint, change: Partial<TurnOptions> = {}) => systemTurn(inputs, view(3, height), options(change))
    const ready = { exportsReady: () => true }
    expect([at(6n), at(7n), at(8n)]).toEqual([inputs, { l1Entries: [], imports: inputs.imports }, inputs])
    expect([at(6n, ready), at(7n, ready), at(8n, ready)]).toEqual([inputs, { l1Entries: [], imports: inputs.imports }, none])
    // Nobody waits for a turn that its owner does not use.
    expect(systemTurn({ ...inputs, imports: [] }, view(3, 7n), options())).toEqual({ ...inputs, imports: [] })
  })

  it('are those that have room beside the blocks before, when the last certificate is in use', () => {
    const at = (room: number, change: Partial<TurnOptions> = {}) => systemTurn(inputs, view(4, 0n, room), options(change))
    expect(at(9)).toEqual(inputs)
    expect(at(3)).toEqual({ ...inputs, imports: inputs.imports.slice(0, 1) })
    expect(at(1)).toEqual({ l1Entries: inputs.l1Entries.slice(0, 1), imports: [] })
    expect(at(0)).toEqual(none)
    expect(at(9, { crowded: true })).toEqual(none)
  })
})

it(`no flood keeps out another kind of entry, and the limit holds (seed ${seed})`, () => {
  const random = createRandom(seed)
  for (let round = 0; round < 20; round++) {
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
    // Everybody floods with as many junk tokens as a certificate has places for, or with none.
    const junk = { l1: random.below(2) * 4, import: random.below(2) * 4 }
    const done = { l1: 0n, import: 0n, export: 0n }

    const build = (): void => {
      const view = backlog()
      const waiting: SystemInputs = {
        l1Entries: Array.from({ length: 4 }, (_, i) => deposit(done.l1 + BigInt(i), junk.l1 && i + 1)),
        imports: Array.from({ length: 8 }, (_, i) => imported(done.import + BigInt(i), junk.import && 5 + (i % 4))),
      }
      let system = systemTurn(waiting, view, { entriesOf, exportsReady: () => view.hasRoom([exported()]), crowded: false })
      while (!chain.fits(entriesOf(system))) system = { ...system, imports: system.imports.slice(0, system.imports.length >> 1) }
      const entries = entriesOf(system)
      while (view.hasRoom([...entries, exported()])) entries.push(exported())
      blocks.push({ number: BigInt(blocks.length), hash: String(blocks.length), entries })
      for (const { kind } of entries) done[kind]++
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
    for (let three = 0; three < 5; three++) {
      const before = { ...done }
      for (let i = 0; i < 3; i++) {
        settle()
        for (let n = 0; n < 5; n++) build()
      }
      // Of three certificates, each kind has one to itself.
      expect(done.l1 - before.l1).toBeGreaterThanOrEqual(BigInt(CAPACITY.l1Entries))
      expect(done.import - before.import).toBeGreaterThanOrEqual(4n)
      expect(done.export - before.export).toBeGreaterThanOrEqual(BigInt(CAPACITY.exports))
    }
  }
})
