import { CausewayError, errorCode } from '@causeway/core'
import { createRandom } from '@causeway/testing'
import type { Address, Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { createMempool, type MempoolOptions, type PendingTransaction } from './mempool.js'

const seed = Number(process.env['SEED'] ?? 31_415)
const alice: Address = '0x00000000000000000000000000000000000A11cE'
const bob: Address = '0x0000000000000000000000000000000000000b0b'
const carol: Address = '0x00000000000000000000000000000000000ca201'

type Fields = { sender: Address; nonce: bigint; maxFee: bigint; weight: bigint; salt: number }
/** A transaction whose bytes are its fields: what a validator would read from a real one. */
const raw = (sender: Address, nonce: bigint, maxFee = 100n, { weight = 10n, salt = 0 } = {}): Hex =>
  `0x${Buffer.from(JSON.stringify([sender, String(nonce), String(maxFee), String(weight), salt])).toString('hex')}`
function fields(bytes: Hex): Fields {
  const [sender, nonce, maxFee, weight, salt] = JSON.parse(Buffer.from(bytes.slice(2), 'hex').toString()) as [Address, string, string, string, number]
  return { sender, nonce: BigInt(nonce), maxFee: BigInt(maxFee), weight: BigInt(weight), salt }
}
const validate = async (bytes: Hex): Promise<Omit<PendingTransaction, 'raw'>> => {
  const { sender, nonce, maxFee, weight } = fields(bytes)
  if (weight === 0n) throw new CausewayError('no weight', { code: 'INVALID_TRANSACTION' })
  return { hash: bytes, sender, nonce, maxFee, weight }
}
const mempool = (options: Partial<MempoolOptions> = {}) => createMempool({ validate, ...options })
const from = (nonce: bigint) => () => nonce
type Pool = ReturnType<typeof createMempool>
/** Raw bytes of what a block takes. */
const take = (pool: Pool, ...rest: Parameters<Pool['take']>): Hex[] => pool.take(...rest).map(({ raw }) => raw)
const codeOf = (adding: Promise<Hex>) => adding.then(() => 'taken', errorCode)

describe('a mempool takes', () => {
  it('what is valid, once, and says so to who listens', async () => {
    const pool = mempool()
    const heard: Hex[] = []
    const unsubscribe = pool.subscribe((hash) => heard.push(hash))
    const first = raw(alice, 0n)
    expect(await pool.add(first)).toBe(first)
    expect(await codeOf(pool.add(first))).toBe('ALREADY_KNOWN')
    expect(await codeOf(pool.add(raw(alice, 1n, 100n, { weight: 0n })))).toBe('INVALID_TRANSACTION')
    unsubscribe()
    await pool.add(raw(alice, 1n))
    expect(heard).toEqual([first])
    expect(pool.size).toBe(2)
    expect(pool.get(first)).toMatchObject({ raw: first, sender: alice, nonce: 0n })
    expect(pool.all().map(({ nonce }) => nonce)).toEqual([0n, 1n])
    expect(pool.get('0x00')).toBeUndefined()
  })

  it('a replacement of the same nonce for 10% more', async () => {
    const pool = mempool()
    const cheap = await pool.add(raw(alice, 0n, 100n))
    for (const [fee, salt] of [[1n, 1], [100n, 2], [109n, 3]] as const) expect(await codeOf(pool.add(raw(alice, 0n, fee, { salt })))).toBe('REPLACEMENT_UNDERPRICED')
    expect(take(pool, from(0n), 100n)).toEqual([cheap])
    const dear = await pool.add(raw(alice, 0n, 110n))
    expect(pool.get(cheap)).toBeUndefined()
    expect([pool.size, take(pool, from(0n), 100n)]).toEqual([1, [dear]])
    // The last of a sender: its list must not be lost with what was replaced.
    await pool.add(raw(alice, 1n))
    expect(take(pool, from(0n), 100n).length).toBe(2)
  })

  it('a sender by any spelling of its address', async () => {
    const pool = mempool()
    await pool.add(raw(alice, 0n))
    expect(await codeOf(pool.add(raw(alice.toLowerCase() as Address, 0n)))).toBe('REPLACEMENT_UNDERPRICED')
    await pool.add(raw(alice.toLowerCase() as Address, 1n))
    expect(pool.pendingNonce(alice, 0n)).toBe(2n)
    expect(take(pool, from(0n), 100n).length).toBe(2)
  })

  it('as many as it holds, of a sender and of all; a replacement needs no room', async () => {
    const pool = mempool({ capacity: 4, perSender: 3 })
    for (const nonce of [0n, 1n, 2n]) await pool.add(raw(alice, nonce))
    expect(await codeOf(pool.add(raw(alice, 3n, 1000n)))).toBe('MEMPOOL_FULL')
    await pool.add(raw(bob, 0n))
    expect(await codeOf(pool.add(raw(carol, 0n, 109n)))).toBe('MEMPOOL_FULL')
    const replacement = await pool.add(raw(alice, 2n, 200n))
    expect(pool.size).toBe(4)
    pool.remove([replacement])
    expect(await codeOf(pool.add(raw(carol, 0n)))).toBe('taken')
  })

  it('what offers more than the cheapest, though it is full', async () => {
    const pool = mempool({ capacity: 4 })
    // Behind a cheap one no fee helps.
    const [a0, a1] = [await pool.add(raw(alice, 0n, 10n)), await pool.add(raw(alice, 1n, 900n))]
    const [b0, b1] = [await pool.add(raw(bob, 0n, 50n)), await pool.add(raw(bob, 1n, 50n))]
    const c0 = await pool.add(raw(carol, 0n, 11n))
    expect(pool.get(a1)).toBeUndefined()
    const c1 = await pool.add(raw(carol, 1n, 500n))
    expect(pool.all().map(({ hash }) => hash)).toEqual([b0, b1, c0, c1])
    expect(pool.get(a0)).toBeUndefined()
    // Nobody drops its own to come behind them.
    expect(await codeOf(pool.add(raw(carol, 2n, 1000n)))).toBe('MEMPOOL_FULL')
    expect(await codeOf(pool.add(raw(alice, 0n, 12n)))).toBe('MEMPOOL_FULL')
    expect(await codeOf(pool.add(raw(alice, 0n, 13n)))).toBe('taken')
    expect(pool.all().map(({ hash }) => hash)).toEqual([b0, b1, c0, raw(alice, 0n, 13n)])
  })

  it('one of two that race for a nonce or for the last place', async () => {
    const pool = mempool({ capacity: 1 })
    const outcomes = await Promise.all([raw(alice, 0n), raw(alice, 0n), raw(alice, 0n, 105n), raw(bob, 0n)].map((bytes) => codeOf(pool.add(bytes))))
    expect(outcomes).toEqual(['taken', 'ALREADY_KNOWN', 'REPLACEMENT_UNDERPRICED', 'MEMPOOL_FULL'])
    expect(pool.size).toBe(1)
  })
})

describe('a block takes', () => {
  it('the best fee first, each sender in order of nonce', async () => {
    const pool = mempool()
    const a1 = await pool.add(raw(alice, 1n, 900n))
    const a0 = await pool.add(raw(alice, 0n, 50n))
    const b0 = await pool.add(raw(bob, 0n, 70n))
    const b1 = await pool.add(raw(bob, 1n, 10n))
    const c0 = await pool.add(raw(carol, 0n, 60n))
    expect(take(pool, from(0n), 1000n)).toEqual([b0, c0, a0, a1, b1])
    expect(pool.size).toBe(5)
  })

  it('nothing behind a gap, and nothing with a nonce that is used', async () => {
    const pool = mempool()
    const [a0, a1, a3] = [await pool.add(raw(alice, 0n)), await pool.add(raw(alice, 1n)), await pool.add(raw(alice, 3n))]
    expect(take(pool, from(0n), 1000n)).toEqual([a0, a1])
    expect(take(pool, from(1n), 1000n)).toEqual([a1])
    expect(take(pool, from(2n), 1000n)).toEqual([])
    expect(take(pool, from(3n), 1000n)).toEqual([a3])
    const a2 = await pool.add(raw(alice, 2n))
    expect(take(pool, from(0n), 1000n)).toEqual([a0, a1, a2, a3])
  })

  it('what has room, passing over a large one together with what follows it', async () => {
    const pool = mempool()
    const large = await pool.add(raw(alice, 0n, 900n, { weight: 80n }))
    const behind = await pool.add(raw(alice, 1n, 900n))
    const small = await pool.add(raw(bob, 0n, 1n, { weight: 60n }))
    expect(take(pool, from(0n), 79n)).toEqual([small])
    expect(take(pool, from(0n), 90n)).toEqual([large, behind])
    expect(take(pool, from(0n), 150n)).toEqual([large, behind, small])
    expect(take(pool, from(0n), 0n)).toEqual([])
  })

  it('what is admitted, passing over another together with what follows it; asked in order of fee', async () => {
    const pool = mempool()
    const a0 = await pool.add(raw(alice, 0n, 900n))
    const a1 = await pool.add(raw(alice, 1n, 900n))
    const b0 = await pool.add(raw(bob, 0n, 70n))
    const c0 = await pool.add(raw(carol, 0n, 80n))
    const asked: Hex[] = []
    const except = (...refused: Hex[]) => (tx: PendingTransaction) => (asked.push(tx.raw), !refused.includes(tx.raw))
    expect(take(pool, from(0n), 1000n, except(a0))).toEqual([c0, b0])
    expect(asked).toEqual([a0, c0, b0])
    expect(take(pool, from(0n), 1000n, except(a1, c0))).toEqual([a0, b0])
    expect(take(pool, from(0n), 1000n)).toEqual([a0, a1, c0, b0])
    // What has no room is not asked for: it must not use up what `admits` counts.
    asked.length = 0
    expect(take(pool, from(0n), 15n, except())).toEqual([a0])
    expect(asked).toEqual([a0])
  })

  it('of equal fees those that came first', async () => {
    const pool = mempool()
    const all: Hex[] = []
    for (const sender of [carol, alice, bob]) all.push(await pool.add(raw(sender, 0n)))
    const second = await pool.add(raw(carol, 1n))
    expect(take(pool, from(0n), 1000n)).toEqual([...all, second])
  })
})

describe('a mempool forgets', () => {
  it('what is removed, and nothing else', async () => {
    const pool = mempool()
    const [a0, a1] = [await pool.add(raw(alice, 0n)), await pool.add(raw(alice, 1n))]
    pool.remove([a0, '0xdead'])
    expect([pool.size, pool.get(a0), take(pool, from(1n), 100n)]).toEqual([1, undefined, [a1]])
    pool.remove([a1, a1])
    expect([pool.size, pool.all(), take(pool, from(0n), 100n)]).toEqual([0, [], []])
    expect(await codeOf(pool.add(a0))).toBe('taken')
  })

  it('what has a nonce that is used', async () => {
    const pool = mempool()
    const [, a1, b0] = [await pool.add(raw(alice, 0n)), await pool.add(raw(alice, 1n)), await pool.add(raw(bob, 0n))]
    pool.prune((sender) => (sender === alice ? 1n : 0n))
    expect(pool.all().map(({ hash }) => hash)).toEqual([a1, b0])
    pool.prune(from(9n))
    expect([pool.size, pool.take(from(0n), 100n)]).toEqual([0, []])
    expect(await codeOf(pool.add(b0))).toBe('taken')
  })

  it('and counts pending nonces without gaps', async () => {
    const pool = mempool()
    expect(pool.pendingNonce(alice, 7n)).toBe(7n)
    for (const nonce of [7n, 8n, 10n]) await pool.add(raw(alice, nonce))
    expect([pool.pendingNonce(alice, 7n), pool.pendingNonce(alice, 8n), pool.pendingNonce(alice, 9n), pool.pendingNonce(alice, 10n), pool.pendingNonce(bob, 7n)]).toEqual([9n, 9n, 9n, 11n, 7n])
  })
})

it(`holds to its promises under random use (seed ${seed})`, async () => {
  const random = createRandom(seed)
  const senders = [alice, bob, carol]
  const capacity = 20
  const pool = mempool({ capacity, perSender: 9 })
  /** The model: what waits, by sender and nonce. */
  const model = new Map<string, Fields & { hash: Hex }>()
  const next = new Map<Address, bigint>(senders.map((sender) => [sender, 0n]))
  const nonceOf = (sender: Address) => next.get(senders.find((one) => one.toLowerCase() === sender.toLowerCase()) as Address) as bigint

  for (let step = 0; step < 3000; step++) {
    const sender = random.pick(senders)
    if (random.below(4) > 0) {
      const bytes = raw(sender, nonceOf(sender) + BigInt(random.below(8)), BigInt(1 + random.below(60)), { weight: BigInt(1 + random.below(30)), salt: random.below(3) })
      const wanted = fields(bytes)
      const key = `${sender}/${wanted.nonce}`
      const held = model.get(key)
      const own = [...model.values()].filter((item) => item.sender === sender)
      const cheapestOf = (items: Fields[]) => items.reduce((least, item) => (item.maxFee < least ? item.maxFee : least), 1000n)
      // Of a pool that is full: the last of whose cheapest is the least, if it is not the sender's and offers 10% less.
      const others = [...new Set([...model.values()].map((item) => item.sender))].filter((item) => item !== sender).map((one) => [...model.values()].filter((item) => item.sender === one))
      const least = others.map(cheapestOf).reduce((a, b) => (a < b ? a : b), 1000n)
      const losers = others.filter((items) => cheapestOf(items) === least && cheapestOf([...own, wanted]) * 10n >= least * 11n).map((items) => items.reduce((last, item) => (item.nonce > last.nonce ? item : last)))
      const expected =
        held?.hash === bytes ? 'ALREADY_KNOWN' : held ? (wanted.maxFee * 10n < held.maxFee * 11n ? 'REPLACEMENT_UNDERPRICED' : 'taken') : own.length >= 9 || (model.size >= capacity && losers.length === 0) ? 'MEMPOOL_FULL' : 'taken'
      expect(await codeOf(pool.add(bytes)), `step ${step}`).toBe(expected)
      if (expected === 'taken' && !held && model.size >= capacity) {
        const dropped = losers.filter(({ hash }) => !pool.get(hash))
        expect(dropped.length, `step ${step}`).toBe(1)
        for (const { sender: of, nonce } of dropped) model.delete(`${of}/${nonce}`)
      }
      if (expected === 'taken') model.set(key, { ...wanted, hash: bytes })
    } else {
      const weightLimit = BigInt(random.below(200))
      const block = take(pool, nonceOf, weightLimit)
      const taken = block.map(fields)
      expect(taken.reduce((sum, { weight }) => sum + weight, 0n)).toBeLessThanOrEqual(weightLimit)
      const seen = new Map(next)
      taken.forEach((item, i) => {
        expect(item.nonce, `step ${step}`).toBe(seen.get(item.sender))
        seen.set(item.sender, item.nonce + 1n)
        // Nobody who was ready and had room offered more than who came before.
        const later = taken.slice(i + 1).find((other) => other.sender !== item.sender && other.nonce === seen.get(other.sender))
        if (later) expect(later.maxFee).toBeLessThanOrEqual(item.maxFee)
      })
      // The block is full: of no sender the next one fits, unless one before it was passed over.
      const room = weightLimit - taken.reduce((sum, { weight }) => sum + weight, 0n)
      for (const one of senders) {
        const waiting = model.get(`${one}/${seen.get(one)}`)
        if (waiting) expect(waiting.weight, `step ${step}`).toBeGreaterThan(room)
      }
      if (random.below(2)) {
        pool.remove(block)
        for (const { sender: of, nonce } of taken) model.delete(`${of}/${nonce}`)
        for (const [of, nonce] of seen) next.set(of, nonce)
      }
    }
    if (random.below(10) === 0) {
      // Somebody used nonces elsewhere: a forced transaction, or a replacement that came while its block was being built.
      if (random.below(2)) next.set(sender, nonceOf(sender) + BigInt(random.below(3)))
      pool.prune(nonceOf)
      for (const [key, item] of model) if (item.nonce < nonceOf(item.sender)) model.delete(key)
    }
    if (random.below(20) === 0) {
      const [key, item] = random.pick([...model]) ?? []
      if (key && item) {
        pool.remove([item.hash])
        model.delete(key)
      }
    }
    expect(pool.size).toBe(model.size)
    const pending = pool.pendingNonce(sender, nonceOf(sender))
    expect(model.has(`${sender}/${pending}`)).toBe(false)
  }
  expect(new Set(pool.all().map(({ hash }) => hash))).toEqual(new Set([...model.values()].map(({ hash }) => hash)))
})
