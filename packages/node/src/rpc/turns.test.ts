import { expect, it } from 'vitest'
import { createPlaces, createTurns } from './turns.js'

it('clients take turns, and what is nearly made goes first', async () => {
  const turns = createTurns()
  const [a, b] = [{}, {}]
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  const all = [turns.next(a).then(note('a1')), turns.next(a).then(note('a2')), turns.next(a).then(note('a3')), turns.next(b).then(note('b1')), turns.goOn().then(note('on')), turns.next(b).then(note('b2'))]
  await Promise.all(all)
  expect(order).toEqual(['on', 'a1', 'b1', 'a2', 'b2', 'a3'])
  // Those who come later are served too.
  await turns.next(a)
  await turns.goOn()
})

it('timers run between any two turns', async () => {
  const turns = createTurns()
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await turns.next({})
      for (const start = performance.now(); performance.now() - start < 5; );
    }),
  )
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(10)
})

it('only so many run at a time, keys in turn, and one that fails makes room', async () => {
  const place = createPlaces({ count: 2, waiting: 12, full: () => new Error('full') })
  let [running, most] = [0, 0]
  const order: string[] = []
  const run = (name: string) => async () => {
    order.push(name)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running--
    if (name.endsWith('2')) throw new Error(name)
    return name
  }
  const names = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b1', 'b2']
  const results = await Promise.allSettled(names.map((name) => place(name.slice(0, 1), run(name))))
  // Two of a run, three of it wait, which is a quarter.
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message))).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'full', 'b1', 'b2'])
  expect(order).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'b2', 'a5'])
  expect([running, most]).toEqual([0, 2])
  expect(await place('a', run('a7'))).toBe('a7')
})
