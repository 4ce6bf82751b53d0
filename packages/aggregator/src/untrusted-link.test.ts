import type { Certificate } from '@causeway/core'
import { CausewayError } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { createScene } from './service-fixture.js'

const ALL = 'composed proving proven settling settled collecting'
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** As anybody on the link can send it on: signatures and statement are those of the original. */
const copies: Record<string, (certificate: Certificate) => Certificate> = {
  'another daIndex': (certificate) => ({ ...certificate, daIndex: certificate.daIndex + 7n }),
  'another sibling': ({ openings, ...rest }) => {
    const [first, ...others] = openings.balances
    if (!first) throw new Error('no balance is opened')
    return { ...rest, openings: { ...openings, balances: [{ ...first, siblings: [1n, ...first.siblings.slice(1)] }, ...others] } }
  },
  'another balance': ({ openings, ...rest }) => ({ ...rest, openings: { ...openings, balances: openings.balances.map((opening) => ({ ...opening, before: 10n ** 20n })) } }),
  'another inbox hash before': (certificate) => ({ ...certificate, inboxHashBefore: `0x${'77'.repeat(32)}` }),
  'another deposit': ({ entries, ...rest }) => ({
    ...rest,
    entries: entries.map((item) => (item.kind === 'l1' && item.entry.kind === 'deposit' ? { ...item, entry: { ...item.entry, message: { ...item.entry.message, amount: 1n } } } : item)),
  }),
  'no openings': (certificate) => ({ ...certificate, openings: { inbox: [], balances: [], outbox: [] } }),
}

describe('a copy that comes first, with', () => {
  it.each(Object.entries(copies))('%s, keeps nobody out and is held against nobody', async (_, change) => {
    const scene = createScene()
    const service = scene.aggregator()
    const certificates = await scene.certify()
    for (const certificate of certificates) {
      service.link.deliver({ kind: 'certificate', certificate: change(certificate), toBlock: 0n })
      service.link.deliver({ kind: 'certificate', certificate, toBlock: 0n })
    }
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.refused).toEqual([])
    expect(scene.l1.epochs[0]?.certificates.map(({ daIndex }) => daIndex)).toEqual(certificates.map(({ daIndex }) => daIndex))
    expect(service.link.said.map((said) => said.kind === 'verdict' && said.verdict)).not.toContain('invalid')
  })

  it('what only the prover finds gives its place to another copy', async () => {
    const scene = createScene({ chainIds: [101n] })
    const service = scene.aggregator()
    const [certificate] = (await scene.certify()) as [Certificate]
    const copy = { ...certificate, daIndex: 99n }
    await service.submit(copy)
    service.prover.next.push(async () => {
      throw new CausewayError('no', { code: 'UNSATISFIED' })
    })
    expect(await service.run()).toBe('composed proving collecting')
    expect(await service.submit(copy)).toMatchObject({ accepted: true, new: false })
    expect(await service.submit(certificate)).toMatchObject({ accepted: true, new: true })
    await scene.clock.advance(60_000)
    expect(await service.run()).toBe(ALL)
  })
})

describe('a flood', () => {
  it('of certificates of chains that nobody knows costs one look at L1 a second, and nobody is told of them', async () => {
    const scene = createScene()
    let looks = 0
    const layer = scene.l1.layer()
    const service = scene.aggregator({ l1: { ...layer, refresh: () => (looks++, layer.refresh()) } })
    const strangers = createScene({ chainIds: [900n] })
    const [junk] = (await strangers.certify()) as [Certificate]
    await service.step()
    looks = 0
    for (let i = 0n; i < 400n; i++) {
      const chainId = 900n + i
      service.link.deliver({ kind: 'certificate', certificate: { ...junk, before: { ...junk.before, chainId }, after: { ...junk.after, chainId } }, toBlock: 0n })
      if (i % 40n === 0n) await turn()
    }
    await service.submit(null)
    expect(looks).toBe(1)
    await scene.clock.advance(1_000)
    for (let i = 0; i < 400; i++) service.link.deliver({ kind: 'certificate', certificate: junk, toBlock: 0n })
    for (const certificate of await scene.certify()) service.link.deliver({ kind: 'certificate', certificate, toBlock: 0n })
    await service.submit(null)
    expect(looks).toBe(2)
    expect(service.link.said).toEqual([])
    expect(await service.run()).toBe(ALL)
  })

  it('under the name of one chain keeps out no other, and ends', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    const [ofA, ofB] = (await scene.certify()) as [Certificate, Certificate]
    const forged = (i: number) => ({ ...ofA, after: { ...ofA.after, balanceRoot: BigInt(i) } })
    for (let i = 0; i < 300; i++) service.link.deliver({ kind: 'certificate', certificate: forged(i), toBlock: 0n })
    service.link.deliver({ kind: 'certificate', certificate: ofB, toBlock: 0n })
    for (let i = 0; i < 300; i++) service.link.deliver({ kind: 'certificate', certificate: forged(i), toBlock: 0n })
    await service.submit(null)
    expect(service.status().candidates.map(({ chainId }) => chainId)).toEqual([102n])
    service.link.deliver({ kind: 'certificate', certificate: ofA, toBlock: 0n })
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.epochs[0]?.certificates.length).toBe(2)
    expect(service.link.said.map((said) => said.kind === 'verdict' && said.verdict)).not.toContain('invalid')
  })
})

it('of two verdicts one is later, though the clock stands still', async () => {
  const scene = createScene()
  const service = scene.aggregator()
  for (const certificate of await scene.certify()) await service.submit(certificate)
  expect(await service.run()).toBe(ALL)
  const times = service.link.said.map((said) => (said.kind === 'verdict' ? said.time : 0n))
  expect(times.length).toBe(4)
  expect(times).toEqual([...new Set(times)].sort((a, b) => (a < b ? -1 : 1)))
})
