import { type LinkEvent, systemClock as clock } from '@causeway/core'
import { expect, it } from 'vitest'
import { firstOf } from './answers.js'
import { faultyLink, type LinkFaults } from './faulty.js'
import { createLinkHub } from './hub.js'

const verdict = (epoch: bigint): LinkEvent => ({ kind: 'verdict', chainId: 1n, height: 2n, statement: 3n, verdict: 'waiting', epoch, time: 0n, reason: '', signature: `0x${'00'.repeat(65)}` })
const SENT = 200n

async function heardThrough(faults: LinkFaults): Promise<bigint[]> {
  const hub = createLinkHub()
  const [from, to] = [faultyLink(hub.connect('from'), faults), hub.connect('to')]
  const heard: bigint[] = []
  to.subscribe((event) => void (event.kind === 'verdict' && heard.push(event.epoch)))
  for (let epoch = 0n; epoch < SENT; epoch++) from.publish(verdict(epoch))
  await clock.sleep(40)
  await from.close()
  return heard
}

it('loses, doubles and delays as the seed says, and forges nothing', async () => {
  const all = Array.from({ length: Number(SENT) }, (_, i) => BigInt(i))
  expect(await heardThrough({ seed: 1 })).toEqual(all)
  const lossy = await heardThrough({ seed: 1, drop: 0.3 })
  expect(lossy.length).toBeGreaterThan(100)
  expect(lossy.length).toBeLessThan(180)
  expect(lossy).toEqual(await heardThrough({ seed: 1, drop: 0.3 }))
  expect(lossy).not.toEqual(await heardThrough({ seed: 2, drop: 0.3 }))
  const doubled = await heardThrough({ seed: 1, duplicate: 0.5 })
  expect(doubled.length).toBeGreaterThan(250)
  expect([...new Set(doubled)]).toEqual(all)
  const late = await heardThrough({ seed: 1, delay: { clock, longest: 10 } })
  expect(late).not.toEqual(all)
  expect([...late].sort((a, b) => Number(a - b))).toEqual(all)
})

it('also loses what comes in, and answers', async () => {
  const hub = createLinkHub()
  const [from, to] = [hub.connect('from'), faultyLink(hub.connect('to'), { seed: 5, drop: 0.5 })]
  let heard = 0
  to.subscribe(() => void heard++)
  for (let epoch = 0n; epoch < SENT; epoch++) from.publish(verdict(epoch))
  await clock.sleep(1)
  expect(heard).toBeGreaterThan(60)
  expect(heard).toBeLessThan(140)
  from.serve(async () => ({ kind: 'heads', heads: [] }))
  const answers = await Promise.all(Array.from({ length: 50 }, () => firstOf(to.query({ kind: 'heads', chainId: 1n, fromNonce: 0n, limit: 1 }))))
  const answered = answers.filter((answer) => answer !== null).length
  expect(answered).toBeGreaterThan(10)
  expect(answered).toBeLessThan(40)
})
