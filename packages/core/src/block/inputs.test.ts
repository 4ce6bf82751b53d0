import { createRandom, testAddress } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { ETH, NEVER, ZERO_HASH } from '../protocol/limits.js'
import type { L1InboxEntry, Message } from '../protocol/types.js'
import { blockInputs, takeSystemInputs, type BlockLimits, type ImportedMessage, type TakeOptions } from './inputs.js'

const seed = Number(process.env['SEED'] ?? 4_711)
const parent = { number: 7n, hash: ZERO_HASH, timestamp: 1000n, l1InboxCursor: 3n }
/** Half of a block has room for 8 inputs of 100 gas. */
const limits: BlockLimits = { chainId: 101n, weightLimit: 1600n, weigh: (input) => ('message' in input ? input.message.gasLimit : 100n) }

const forced = (index: bigint): L1InboxEntry => ({ kind: 'forced', index, transaction: '0x01' })
const imported = (change: Partial<Message> = {}): ImportedMessage => ({
  message: {
    ...{ source: 102n, nonce: 0n, timestamp: 900n, destination: 101n, sender: testAddress(1), recipient: testAddress(2), refundTo: testAddress(3) },
    ...{ token: { chain: 31337n, address: ETH }, amount: 0n, fee: 0n, gasLimit: 100n, expiry: NEVER, payload: '0x' },
    ...change,
  },
  policyHash: 5n,
})
const inputs = ({ timestamp = 1001n, entries = [], imports = [] }: { timestamp?: bigint; entries?: L1InboxEntry[]; imports?: ImportedMessage[] }) =>
  blockInputs(parent, timestamp, entries, imports, ['0x02'], limits)
const times = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i))

describe('block inputs', () => {
  it('are what they were made of', () => {
    const entries = [forced(3n), forced(4n)]
    const imports = [imported()]
    expect(inputs({ entries, imports })).toEqual({ number: 8n, parentHash: ZERO_HASH, timestamp: 1001n, l1Entries: entries, imports, transactions: ['0x02'] })
  })

  it.each<[string, Parameters<typeof inputs>[0]]>([
    ['one millisecond later', { timestamp: 1001n }],
    ['four L1 entries', { entries: times(4, (i) => forced(3n + BigInt(i))) }],
    ['eight imports', { imports: times(8, () => imported()) }],
    ['half of the gas', { imports: [imported({ gasLimit: 800n })] }],
    ['an import of the millisecond before', { imports: [imported({ timestamp: 1000n })] }],
    ['an import at its expiry', { imports: [imported({ expiry: 1001n })] }],
  ])('may have %s', (_, given) => expect(inputs(given).number).toBe(8n))

  it.each<[string, Parameters<typeof inputs>[0]]>([
    ["its parent's time", { timestamp: 1000n }],
    ['a time before its parent', { timestamp: 999n }],
    ['five L1 entries', { entries: times(5, (i) => forced(3n + BigInt(i))) }],
    ['nine imports', { imports: times(9, () => imported({ gasLimit: 0n })) }],
    ['an L1 entry that was consumed', { entries: [forced(2n)] }],
    ['an L1 entry after a gap', { entries: [forced(4n)] }],
    ['the same L1 entry twice', { entries: [forced(3n), forced(3n)] }],
    ['an import meant for another chain', { imports: [imported({ destination: 102n })] }],
    ['an import of its own time', { imports: [imported({ timestamp: 1001n })] }],
    ['an import of the future', { imports: [imported({ timestamp: 5000n })] }],
    ['an expired import', { imports: [imported({ expiry: 1000n })] }],
    ['more than half of the gas', { imports: [imported({ gasLimit: 801n })] }],
    ['more than half of the gas together', { entries: [forced(3n)], imports: [imported({ gasLimit: 701n })] }],
  ])('may not have %s', (_, given) => {
    let refusal: unknown
    try {
      inputs(given)
    } catch (error) {
      refusal = error
    }
    expect(errorCode(refusal)).toBe('BLOCK_INVALID')
  })
})

describe('what the sequencer takes', () => {
  const options: TakeOptions = { timestamp: 1001n, limits, fits: () => true, first: 'l1' }
  const take = (l1Entries: L1InboxEntry[], imports: ImportedMessage[], change: Partial<TakeOptions> = {}) => takeSystemInputs({ l1Entries, imports }, { ...options, ...change })
  const from = (n: number, nonce = 0n) => imported({ nonce, sender: testAddress(n) })

  it('is as many of each as a block may have, in order', () => {
    const entries = times(6, (i) => forced(3n + BigInt(i)))
    expect(take(entries, [imported()])).toEqual({ l1Entries: entries.slice(0, 4), imports: [imported()] })
    expect(take([], times(9, (i) => imported({ nonce: BigInt(i) }))).imports.length).toBe(8)
    const light: BlockLimits = { ...limits, weigh: () => 66n }
    expect(take(entries, times(9, (i) => imported({ nonce: BigInt(i) })), { limits: light })).toMatchObject({ l1Entries: { length: 4 }, imports: { length: 8 } })
  })

  it('leaves its gas to either kind, whatever the other kind wants', () => {
    const entries = times(6, (i) => forced(3n + BigInt(i)))
    const imports = times(9, (i) => from(i))
    for (const first of ['l1', 'import'] as const) {
      const { l1Entries, imports: taken } = take(entries, imports, { first })
      expect(l1Entries.length === 4 || first === 'import', first).toBe(true)
      expect(taken.length, first).toBeGreaterThanOrEqual(4)
    }
  })

  it('is for whoever chooses first, when the two do not fit together', () => {
    const entries = times(6, (i) => forced(3n + BigInt(i)))
    const imports = times(9, (i) => from(i))
    const fits: TakeOptions['fits'] = ({ l1Entries, imports }) => l1Entries.length + imports.length <= 4
    expect(take(entries, imports, { fits })).toEqual({ l1Entries: entries.slice(0, 4), imports: [] })
    expect(take(entries, imports, { fits, first: 'import' })).toEqual({ l1Entries: [], imports: imports.slice(0, 4) })
  })

  it('has nothing behind an L1 entry that does not fit, and nothing of its sender behind such an import', () => {
    const entries = times(3, (i) => forced(3n + BigInt(i)))
    expect(take(entries, [], { fits: ({ l1Entries }) => !l1Entries.includes(entries[1] as L1InboxEntry) }).l1Entries).toEqual(entries.slice(0, 1))
    const [large, behind, other] = [from(1, 1n), from(1, 2n), from(2, 3n)]
    expect(take([], [large, behind, other], { fits: ({ imports }) => !imports.includes(large) }).imports).toEqual([other])
  })

  it('passes over imports that this block cannot take', () => {
    const good = imported({ nonce: 9n })
    expect(take([], [imported({ destination: 5n }), imported({ timestamp: 1001n }), imported({ expiry: 1000n }), good]).imports).toEqual([good])
  })

  it(`is always valid (seed ${seed})`, () => {
    const random = createRandom(seed)
    for (let round = 0; round < 300; round++) {
      const entries = times(random.below(7), (i) => forced(3n + BigInt(i)))
      const imports = times(random.below(12), (i) =>
        imported({ nonce: BigInt(i), destination: random.pick([101n, 101n, 101n, 102n]), timestamp: 990n + BigInt(random.below(14)), expiry: random.pick([NEVER, 999n, 1001n]), gasLimit: BigInt(random.below(300)) }),
      )
      const taken = take(entries, imports, { first: random.pick(['l1', 'import']) })
      expect(() => blockInputs(parent, 1001n, taken.l1Entries, taken.imports, [], limits), `round ${round}`).not.toThrow()
    }
  })
})
