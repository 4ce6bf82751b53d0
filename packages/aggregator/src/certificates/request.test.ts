import { silentLog, type Certificate, type LinkAnswer } from '@causeway/core'
import { manualClock } from '@causeway/testing'
import { expect, it } from 'vitest'
import { createMockLink } from '../service-fixture.js'
import { createRequester, MAX_REQUESTS } from './request.js'

const ids = (from: number, count: number) => Array.from({ length: count }, (_, i) => BigInt(from + i))
const EMPTY: LinkAnswer = { kind: 'certificate', certificate: null, toBlock: 0n }

function scene(answer: (chainId: bigint) => Promise<LinkAnswer | LinkAnswer[] | null>, take: (chainId: bigint, certificate: Certificate) => Promise<boolean> = async () => true) {
  const clock = manualClock()
  const stopping = new AbortController()
  const asked: bigint[] = []
  const link = {
    ...createMockLink(),
    query: async function* ({ chainId }: { chainId: bigint }) {
      asked.push(chainId)
      const given = await answer(chainId)
      for (const one of Array.isArray(given) ? given : [given]) if (one) yield one
    },
  }
  const request = createRequester({ link, clock, log: silentLog, signal: stopping.signal, take })
  /** Asks once a second for a while; how often each was asked. */
  const during = async (seconds: number, chains: readonly bigint[]) => {
    asked.splice(0)
    for (let i = 0; i < seconds; i++) {
      await request(chains)
      await clock.advance(1000)
    }
    return (chainId: bigint) => asked.filter((id) => id === chainId).length
  }
  return { clock, request, asked, during, stopping }
}

it('asks who answers every ten seconds, and who never does ever less', async () => {
  const { during } = scene(async (chainId) => (chainId === 1n ? EMPTY : null))
  const first = await during(600, [1n, 2n])
  // 0, 10, 30, 70, 150, 310 s
  expect([first(1n), first(2n)]).toEqual([60, 6])
  const later = await during(6400, [1n, 2n])
  expect([later(1n), later(2n)]).toEqual([640, 10])
})

it('asks at once again who has had a certificate since', async () => {
  const { during } = scene(async () => null)
  await during(1000, [1n])
  expect((await during(1, []))(1n)).toBe(0)
  expect((await during(1, [1n]))(1n)).toBe(1)
})

it('counts an answer that is of no use as none', async () => {
  const { during } = scene(async () => ({ kind: 'certificate', certificate: {} as Certificate, toBlock: 0n }), async () => false)
  expect((await during(600, [1n]))(1n)).toBe(6)
})

it('tries every answer, whoever gives one first', async () => {
  const [junk, honest] = [1n, 2n].map((daIndex): LinkAnswer => ({ kind: 'certificate', certificate: { daIndex } as Certificate, toBlock: 0n })) as [LinkAnswer, LinkAnswer]
  const tried: bigint[] = []
  const { during } = scene(
    async () => [EMPTY, junk, honest, junk],
    async (_, { daIndex }) => tried.push(daIndex) > 0 && daIndex === 2n,
  )
  await during(1, [1n])
  expect(tried).toEqual([1n, 2n])
})

it('asks a bounded number at once, and everybody in turn', async () => {
  const { request, asked, clock, during } = scene(async () => null)
  const junk = ids(100, 200)
  await request([...junk, 1n])
  expect(asked.length).toBe(MAX_REQUESTS)
  await clock.advance(1000)
  const count = await during(20, [...junk, 1n])
  expect(count(1n)).toBeGreaterThan(0)
})

it('does not wait long for an answer, and takes a late one', async () => {
  let answer: (value: LinkAnswer) => void = () => undefined
  const taken: bigint[] = []
  const late = new Promise<LinkAnswer>((resolve) => (answer = resolve))
  const { request, clock } = scene(() => late, async (chainId) => taken.push(chainId) > 0)
  let done = false
  const asking = request([1n]).then(() => (done = true))
  await clock.advance(400)
  expect(done).toBe(false)
  await clock.advance(100)
  await asking
  answer({ kind: 'certificate', certificate: {} as Certificate, toBlock: 0n })
  await new Promise((resolve) => setImmediate(resolve))
  expect(taken).toEqual([1n])
})

it('hears nothing more once it is stopped', async () => {
  let answer: (value: LinkAnswer) => void = () => undefined
  const late = new Promise<LinkAnswer>((resolve) => (answer = resolve))
  const { request, stopping } = scene(() => late, async () => {
    throw new Error('stopped')
  })
  const asking = request([1n])
  stopping.abort()
  await asking
  answer({ kind: 'certificate', certificate: {} as Certificate, toBlock: 0n })
  await late
})
