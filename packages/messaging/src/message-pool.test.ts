import { decodeJson, encodeJson, messageLeaf, NEVER, type Entry, type Message, type SignedHead } from '@causeway/core'
import { createRandom, createTwinChain, testAddress } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { createMessagePool, type MessagePool } from './message-pool.js'
import type { ImportAllowance } from './candidates.js'
import type { MessagePoolState } from './pool-state.js'

const HERE = 102n
const SOURCE = 101n
const OTHER = 103n
const GRADE = 77n
const ETH = { chain: 31337n, address: testAddress(0) }
const policyFor = (id: bigint) => (id === SOURCE || id === OTHER ? GRADE : undefined)
const nobody = () => false

const send = (nonce: bigint, fields: Partial<Message> = {}): Message => ({
  source: SOURCE,
  nonce,
  timestamp: 1_000n + nonce,
  destination: HERE,
  sender: testAddress(1),
  recipient: testAddress(2),
  refundTo: testAddress(3),
  token: ETH,
  amount: 10n,
  fee: 0n,
  gasLimit: 50_000n,
  expiry: NEVER,
  payload: '0x',
  ...fields,
})
const headOf = (messages: Message[], fields: Partial<SignedHead> = {}): SignedHead => ({
  chainId: messages[0]?.source ?? SOURCE,
  incarnation: 0n,
  number: messages[0]?.nonce ?? 0n,
  hash: `0x${'ab'.repeat(32)}`,
  parentHash: `0x${'00'.repeat(32)}`,
  timestamp: messages[0]?.timestamp ?? 0n,
  policyHash: GRADE,
  messages,
  signature: `0x${'00'.repeat(65)}`,
  ...fields,
})
const leavesOf = (...messages: Message[]) => messages.map((message) => messageLeaf(message, GRADE))
const template = createTwinChain({ chainId: SOURCE, slot: 0n, slotOf: () => 0n }).header
const certificateOf = (...messages: Message[]) => ({
  before: { ...template, chainId: messages[0]?.source ?? SOURCE, policyHash: GRADE },
  entries: messages.map((message): Entry => ({ kind: 'export', time: message.timestamp, message })),
})
const pool = (state?: MessagePoolState) => createMessagePool({ chainId: HERE, policyFor, ...(state && { state }) })
const nonces = (given: MessagePool, parameters: Partial<Parameters<MessagePool['candidates']>[0]> = {}) =>
  given.candidates({ consumed: nobody, now: 10_000n, ...parameters }).map(({ message }) => message.nonce)
const allow = (rung: ImportAllowance['rung'], cap: ImportAllowance['cap'] = 1_000n) => new Map([[SOURCE, { rung, cap }]])

describe('rungs', () => {
  it('imports from settled unless the source is allowed lower', () => {
    const given = pool()
    const [a, b, c] = [send(0n), send(1n), send(2n)]
    for (const message of [a, b, c]) expect(given.addHead(headOf([message])).accepted).toBe(true)
    given.addCertified(certificateOf(a, b))
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(a) })
    expect([a, b, c].map(({ nonce }) => given.get({ source: SOURCE, nonce })?.rung)).toEqual(['settled', 'certified', 'included'])
    expect(nonces(given)).toEqual([0n])
    expect(nonces(given, { allow: allow('certified') })).toEqual([0n, 1n])
    expect(nonces(given, { allow: allow('included') })).toEqual([0n, 1n, 2n])
    expect(nonces(given, { allow: new Map([[OTHER, { rung: 'included' as const, cap: 1_000n }]]) })).toEqual([0n])
  })

  it('learns messages from certificates and from settled leaves alone', () => {
    const given = pool()
    const [a, b] = [send(0n), send(1n)]
    given.addCertified(certificateOf(a))
    expect(nonces(given, { allow: allow('certified') })).toEqual([0n])
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(a, b, send(2n, { destination: OTHER })) })
    expect(given.missing(SOURCE)).toEqual([1n, 2n])
    expect(given.supply([{ message: { ...b, amount: 11n }, policyHash: GRADE }, { message: b, policyHash: 1n }])).toBe(0)
    expect(given.supply([{ message: b, policyHash: GRADE }])).toBe(1)
    given.addHead(headOf([send(2n, { destination: OTHER })]))
    expect(given.missing(SOURCE)).toEqual([])
    expect(nonces(given)).toEqual([0n, 1n])
  })

  it('goes back down when L1 does', () => {
    const given = pool()
    const [a, b] = [send(0n), send(1n)]
    given.addHead(headOf([a]))
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(a, b) })
    given.revertSettled({ source: SOURCE, size: 0n })
    expect(nonces(given)).toEqual([])
    expect(given.get({ source: SOURCE, nonce: 0n })?.rung).toBe('certified')
    expect(given.missing(SOURCE)).toEqual([])
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(a) })
    expect(nonces(given)).toEqual([0n])
  })

  it('wants the settled leaves in order', () => {
    expect(() => pool().addSettled({ source: SOURCE, height: 2n, firstNonce: 1n, leaves: [] })).toThrow(expect.objectContaining({ code: 'SETTLED_GAP' }))
  })
})

describe('what is passed over and what waits', () => {
  it('passes over expired, consumed, foreign and refused messages', () => {
    const given = pool()
    const messages = [send(0n, { expiry: 10_000n }), send(1n), send(2n, { destination: OTHER }), send(3n), send(4n, { expiry: 10_001n })]
    for (const message of messages) given.addHead(headOf([message]))
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(...messages) })
    expect(nonces(given, { consumed: (_source, nonce) => nonce === 1n })).toEqual([3n, 4n])
    expect(nonces(given, { acceptsGrade: () => false })).toEqual([])
  })

  it('waits for the clock to pass the sending', () => {
    const given = pool()
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n, { timestamp: 10_000n })) })
    given.supply([{ message: send(0n, { timestamp: 10_000n }), policyHash: GRADE }])
    expect(nonces(given)).toEqual([])
    expect(nonces(given, { now: 10_001n })).toEqual([0n])
  })

  it('keeps the order of each sender, and lets no sender hold up another', () => {
    const given = pool()
    const whale = { sender: testAddress(9) }
    for (const message of [send(0n, { ...whale, amount: 5_000n }), send(1n), send(2n, { ...whale, amount: 1n }), send(3n)]) given.addHead(headOf([message]))
    expect(nonces(given, { allow: allow('included', 1_000n) })).toEqual([1n, 3n])
  })

  it('takes sources in turns', () => {
    const given = pool()
    for (const nonce of [0n, 1n, 2n]) given.addHead(headOf([send(nonce)]))
    given.addHead(headOf([send(0n, { source: OTHER })]))
    const both = new Map([SOURCE, OTHER].map((id) => [id, { rung: 'included' as const, cap: 1_000n }]))
    expect(given.candidates({ allow: both, consumed: nobody, now: 10_000n }).map(({ message }) => [message.source, message.nonce])).toEqual([
      [SOURCE, 0n],
      [OTHER, 0n],
      [SOURCE, 1n],
      [SOURCE, 2n],
    ])
    // Whoever has waited longest comes first.
    const lastImport = (source: bigint) => (source === SOURCE ? 7n : 6n)
    expect(given.candidates({ allow: both, consumed: nobody, now: 10_000n, lastImport })[0]?.message.source).toBe(OTHER)
    expect(given.candidates({ allow: both, consumed: nobody, now: 10_000n, perSource: 1 }).map(({ message }) => message.source)).toEqual([SOURCE, OTHER])
  })
})

describe('the cap', () => {
  it('counts what is imported and not settled, token by token', () => {
    const given = pool()
    const usdc = { chain: 31337n, address: '0x00000000000000000000000000000000000000Cc' as const }
    const messages = [send(0n, { amount: 60n }), send(1n, { amount: 50n }), send(2n, { amount: 90n, token: usdc, sender: testAddress(7) }), send(3n, { amount: 0n, sender: testAddress(8) })]
    for (const message of messages) given.addHead(headOf([message]))
    const parameters = { allow: allow('included', 100n) }
    expect(nonces(given, parameters)).toEqual([0n, 2n, 3n])
    const consumed = (_source: bigint, nonce: bigint) => nonce === 0n
    expect(nonces(given, { ...parameters, consumed })).toEqual([2n, 3n])
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(messages[0] as Message) })
    expect(nonces(given, { ...parameters, consumed })).toEqual([1n, 2n, 3n])
    expect(nonces(given, { allow: allow('included', ({ address }) => (address === usdc.address ? 0n : 1_000n)), consumed })).toEqual([1n, 3n])
  })

  it('does not depend on how an address is written', () => {
    const given = pool()
    const token = (address: `0x${string}`) => ({ token: { chain: 31337n, address }, amount: 60n })
    given.addHead(headOf([send(0n, token('0x00000000000000000000000000000000000000Cc'))]))
    given.addHead(headOf([send(1n, token('0x00000000000000000000000000000000000000cC'))]))
    expect(nonces(given, { allow: allow('included', 100n) })).toEqual([0n])
  })
})

describe('a source that cannot be believed', () => {
  it('falls back to settled after a failed import until its next certificate settles', () => {
    const given = pool()
    for (const nonce of [0n, 1n]) given.addHead(headOf([send(nonce)]))
    given.importFailed(SOURCE)
    expect(nonces(given, { allow: allow('included') })).toEqual([])
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) })
    expect(nonces(given, { allow: allow('included') })).toEqual([0n, 1n])
  })

  it('falls back when it signs two heads with different messages', () => {
    const given = pool()
    given.addHead(headOf([send(0n)]))
    expect(given.addHead(headOf([send(0n, { amount: 11n })]))).toMatchObject({ accepted: true, equivocated: true, dropped: [] })
    expect(nonces(given, { allow: allow('included') })).toEqual([])
    expect(given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) }).dropped).toEqual([])
    expect(nonces(given, { allow: allow('included') })).toEqual([0n])
  })

  it('reports messages that a certificate or L1 contradicts', () => {
    const given = pool()
    const [a, b] = [send(0n), send(1n)]
    given.addHead(headOf([a]))
    given.addHead(headOf([b]))
    const other = { ...a, amount: 999n }
    expect(given.addCertified(certificateOf(other)).dropped).toEqual([{ source: SOURCE, nonce: 0n, leaf: leavesOf(a)[0], reason: 'contradicted' }])
    expect(given.get({ source: SOURCE, nonce: 0n })?.message.amount).toBe(999n)
    expect(given.addCertified(certificateOf(a))).toMatchObject({ equivocated: true, dropped: [] })
    const settled = given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(other, { ...b, amount: 1n }) })
    expect(settled.dropped).toEqual([{ source: SOURCE, nonce: 1n, leaf: leavesOf(b)[0], reason: 'contradicted' }])
    expect(given.missing(SOURCE)).toEqual([1n])
  })

  it('is refused under another grade or unregistered, and holds no more than the bound', () => {
    const given = createMessagePool({ chainId: HERE, policyFor, maxUnsettled: 2 })
    expect(given.addHead(headOf([send(0n)], { policyHash: 78n }))).toMatchObject({ accepted: false, reason: 'wrong grade' })
    expect(given.addHead(headOf([send(0n, { source: 999n })]))).toMatchObject({ accepted: false, reason: 'unknown chain' })
    for (const nonce of [0n, 1n]) given.addHead(headOf([send(nonce)]))
    expect(given.addHead(headOf([send(2n)]))).toMatchObject({ accepted: false, reason: 'pool full' })
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n), send(1n), send(2n)) })
    expect(given.missing(SOURCE)).toEqual([2n])
    // What waits here does not count: the next are announced all the same.
    expect(given.addHead(headOf([send(4n)]))).toMatchObject({ accepted: true })
    expect(given.addHead(headOf([send(5n)]))).toMatchObject({ accepted: false, reason: 'pool full' })
  })

  it('costs next to nothing while it waits, however many messages a flood of it has', () => {
    const given = createMessagePool({ chainId: HERE, policyFor, maxUnsettled: 1_000 })
    given.addHead(headOf(Array.from({ length: 1_000 }, (_, i) => send(BigInt(i)))))
    let asked = 0
    const parameters = { consumed: () => (asked++, false), now: 10_000n, perSource: 10 }
    expect(given.candidates(parameters).length + asked).toBe(0)
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(...Array.from({ length: 1_000 }, (_, i) => send(BigInt(i)))) })
    expect([given.candidates(parameters).length, asked]).toEqual([10, 10])
  })
})

describe('a rebuilt source', () => {
  const given = () => {
    const made = pool()
    for (const nonce of [0n, 1n, 2n]) made.addHead(headOf([send(nonce)]))
    made.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) })
    return made
  }
  const rebuilt = { incarnation: 1n }

  it('loses its unsettled messages, which are reported, and gets back those it announces again', () => {
    const made = given()
    const first = made.addHead(headOf([send(1n, { amount: 1n })], rebuilt))
    expect(first.dropped).toEqual([
      { source: SOURCE, nonce: 1n, leaf: leavesOf(send(1n))[0], reason: 'replaced' },
      { source: SOURCE, nonce: 2n, leaf: leavesOf(send(2n))[0], reason: 'replaced' },
      { source: SOURCE, nonce: 1n, leaf: leavesOf(send(1n))[0], reason: 'contradicted' },
    ])
    expect(nonces(made, { allow: allow('included') })).toEqual([0n, 1n])
    expect(made.addHead(headOf([send(2n)], rebuilt))).toMatchObject({ dropped: [], restored: [{ source: SOURCE, nonce: 2n }] })
    expect(nonces(made, { allow: allow('included') })).toEqual([0n, 1n, 2n])
  })

  it('does not hear its old heads and certificates any more', () => {
    const made = given()
    made.addHead(headOf([send(3n)], rebuilt))
    expect(made.addHead(headOf([send(1n)]))).toMatchObject({ accepted: false, reason: 'stale incarnation' })
    made.addCertified(certificateOf(send(1n), send(2n)))
    expect(nonces(made, { allow: allow('included') })).toEqual([0n, 3n])
  })

  it('gets back what settles after all', () => {
    const made = given()
    made.addHead(headOf([], rebuilt))
    expect(nonces(made, { allow: allow('included') })).toEqual([0n])
    const change = made.addSettled({ source: SOURCE, height: 2n, firstNonce: 1n, leaves: leavesOf(send(1n), send(2n, { amount: 3n })) })
    expect(change).toEqual({ restored: [{ source: SOURCE, nonce: 1n }], dropped: [{ source: SOURCE, nonce: 2n, leaf: leavesOf(send(2n))[0], reason: 'contradicted' }], equivocated: false })
    expect(nonces(made)).toEqual([0n, 1n])
    expect(made.missing(SOURCE)).toEqual([2n])
  })

  it('of a later era replaces whatever the earlier batcher, or whoever had its key, has said; an L1 that takes the era back does too', () => {
    const given = pool()
    const [last, first] = [(1n << 64n) - 1n, 1n << 64n]
    given.addHead(headOf([send(0n), send(1n)], { incarnation: last }))
    const changed = given.addHead(headOf([send(0n)], { incarnation: first }))
    expect(changed).toMatchObject({ accepted: true, restored: [{ nonce: 0n }], dropped: [{ nonce: 0n, reason: 'replaced' }, { nonce: 1n, reason: 'replaced' }] })
    expect(given.addHead(headOf([send(2n)], { incarnation: first + 1n })).accepted).toBe(true)
    expect(given.addHead(headOf([send(2n)], { incarnation: first }))).toMatchObject({ accepted: false, reason: 'stale incarnation' })
    // Whoever feeds the pool has compared the era with L1's.
    expect(given.addHead(headOf([send(0n)], { incarnation: 5n })).accepted).toBe(true)
    expect(given.addHead(headOf([send(0n)], { incarnation: 4n }))).toMatchObject({ accepted: false, reason: 'stale incarnation' })
  })

  it('what an earlier batcher has announced is imported no more once L1 has another, and is reported when that one speaks', () => {
    const given = pool()
    const [first, second] = [send(0n), send(1n)]
    given.enterEra(SOURCE, 1n)
    for (const message of [first, second]) given.addHead(headOf([message]))
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(first) })
    const anything = { allow: allow('included') }
    given.enterEra(SOURCE, 0n)
    expect(nonces(given, anything)).toEqual([0n, 1n])
    given.enterEra(SOURCE, 1n)
    given.enterEra(SOURCE, 1n)
    expect(nonces(given, anything)).toEqual([0n])
    expect(given.addHead(headOf([send(2n)], { incarnation: 1n << 64n }))).toMatchObject({ accepted: true, dropped: [] })
    // What a batcher has rebuilt since then counts too.
    const spoken = given.addHead(headOf([second], { incarnation: (1n << 64n) + 1n }))
    expect(spoken).toMatchObject({ dropped: [{ nonce: 1n, reason: 'replaced' }, { nonce: 2n, reason: 'replaced' }], restored: [{ nonce: 1n }] })
    expect(nonces(given, anything)).toEqual([0n, 1n])
  })

  it('still counts imports of the old incarnation against the cap', () => {
    const made = given()
    made.addHead(headOf([send(3n, { amount: 5n })], rebuilt))
    expect(nonces(made, { allow: allow('included', 10n), consumed: (_source, nonce) => nonce < 2n })).toEqual([])
    expect(nonces(made, { allow: allow('included', 15n), consumed: (_source, nonce) => nonce < 2n })).toEqual([3n])
  })
})

describe('keeping', () => {
  it('survives a snapshot through JSON', () => {
    const before = pool()
    for (const nonce of [0n, 1n, 2n]) before.addHead(headOf([send(nonce)]))
    before.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) })
    before.addHead(headOf([send(1n)], { incarnation: 4n }))
    before.importFailed(OTHER)
    const after = pool(decodeJson(encodeJson(before.snapshot())) as MessagePoolState)
    expect(after.snapshot()).toEqual(before.snapshot())
    expect(after.addHead(headOf([send(2n)], { incarnation: 4n })).restored).toEqual([{ source: SOURCE, nonce: 2n }])
    expect(before.addHead(headOf([send(2n)], { incarnation: 4n })).restored).toEqual([{ source: SOURCE, nonce: 2n }])
  })

  it('knows over a restart which incarnation it heard of and whom it distrusts, though all else is fed again', () => {
    const before = pool()
    const feed = (given: MessagePool) => given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) })
    feed(before)
    before.addHead(headOf([send(1n)], { incarnation: 4n }))
    before.importFailed(SOURCE)
    const after = createMessagePool({ chainId: HERE, policyFor, standing: before.standing() })
    feed(after)
    expect(after.addHead(headOf([send(1n)], { incarnation: 3n }))).toMatchObject({ accepted: false, reason: 'stale incarnation' })
    expect(after.addHead(headOf([send(1n)], { incarnation: 4n })).accepted).toBe(true)
    expect(nonces(after, { allow: allow('included') })).toEqual([])
    after.addSettled({ source: SOURCE, height: 2n, firstNonce: 1n, leaves: [] })
    expect(nonces(after, { allow: allow('included') })).toEqual([1n])
  })

  it('ends no distrust by what had settled before, which is fed again after a reorg of L1', () => {
    const given = pool()
    const feed = () => given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n)) })
    feed()
    given.addHead(headOf([send(1n)]))
    given.importFailed(SOURCE)
    feed()
    expect(nonces(given, { allow: allow('included') })).toEqual([])
  })

  it('forgets what is done with', () => {
    const given = pool()
    const messages = [send(0n), send(1n, { expiry: 5_000n }), send(2n)]
    for (const message of messages) given.addHead(headOf([message]))
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(...messages) })
    given.prune({ consumed: (_source, nonce) => nonce === 0n, now: 10_000n })
    expect(given.snapshot().sources[0]?.records.map(({ nonce }) => nonce)).toEqual([2n])
    expect(given.addHead(headOf([send(0n)])).accepted).toBe(true)
    expect(given.get({ source: SOURCE, nonce: 0n })).toBe(undefined)
  })

  it('does not ask for bodies of what is consumed', () => {
    const given = pool()
    given.addSettled({ source: SOURCE, height: 1n, firstNonce: 0n, leaves: leavesOf(send(0n), send(1n)) })
    given.prune({ consumed: (_source, nonce) => nonce === 0n, now: 0n })
    expect(given.missing(SOURCE)).toEqual([1n])
  })
})

const seed = Number(process.env.SEED ?? 4_711)
it(`holds its promises over a bad link (SEED=${seed})`, () => {
  const random = createRandom(seed)
  for (let run = 0; run < 25; run++) {
    const given = pool()
    const cap = BigInt(10 + random.below(60))
    const real = Array.from({ length: 12 }, (_, i) =>
      send(BigInt(i), { amount: random.bigint(4), sender: testAddress(random.below(3)), destination: random.below(4) ? HERE : OTHER, ...(random.below(6) ? {} : { expiry: 9_000n }) }),
    )
    const ours = real.filter(({ destination, expiry }) => destination === HERE && expiry === NEVER).map(({ nonce }) => nonce)
    const consumedSet = new Set<bigint>()
    const consumed = (_source: bigint, nonce: bigint) => consumedSet.has(nonce)
    let settled = 0
    for (let step = 0; step < 60; step++) {
      const message = real[random.below(real.length)] as Message
      switch (random.below(5)) {
        case 0:
          given.addHead(headOf([message]))
          break
        case 1:
          given.addHead(headOf([{ ...message, amount: message.amount + 1n }]))
          break
        case 2:
          given.addCertified(certificateOf(message))
          break
        case 3: {
          const leaves = real.slice(settled, settled + random.below(3))
          given.addSettled({ source: SOURCE, height: BigInt(settled) + 1n, firstNonce: BigInt(settled), leaves: leavesOf(...leaves) })
          settled += leaves.length
          break
        }
        default: {
          const found = given.candidates({ allow: allow('included', cap), consumed, now: 10_000n })
          const bySender = new Map<string, bigint>()
          for (const { message: { sender, nonce, source }, rung } of found) {
            expect(nonce > (bySender.get(sender) ?? -1n), `seed ${seed}, run ${run}: order`).toBe(true)
            bySender.set(sender, nonce)
            expect(consumedSet.has(nonce)).toBe(false)
            if (rung === 'settled') expect(given.get({ source, nonce })?.message).toEqual(real[Number(nonce)])
          }
          for (const { message: { nonce } } of found) consumedSet.add(nonce)
          const risked = [...consumedSet].reduce((sum, nonce) => {
            const held = given.get({ source: SOURCE, nonce })
            return held && held.rung !== 'settled' ? sum + held.message.amount : sum
          }, 0n)
          // A contradiction may replace an imported message by a larger one; that import is reported and rolled back.
          expect(risked <= cap + 12n, `seed ${seed}, run ${run}: ${risked} of ${cap}`).toBe(true)
        }
      }
    }
    given.addSettled({ source: SOURCE, height: BigInt(settled) + 1n, firstNonce: BigInt(settled), leaves: leavesOf(...real.slice(settled)) })
    given.supply(real.map((message) => ({ message, policyHash: GRADE })))
    expect(nonces(given), `seed ${seed}, run ${run}: every settled message can be imported`).toEqual(ours)
  }
})
