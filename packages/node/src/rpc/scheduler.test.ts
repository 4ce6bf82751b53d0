import { expect, it } from 'vitest'
import { createScheduler } from './scheduler.js'

it('clients take turns, and what is nearly made goes first', async () => {
  const scheduler = createScheduler()
  const [a, b] = [{}, {}]
  const order: string[] = []
  const note = (name: string) => () => void order.push(name)
  const all = [scheduler.next(a).then(note('a1')), scheduler.next(a).then(note('a2')), scheduler.next(a).then(note('a3')), scheduler.next(b).then(note('b1')), scheduler.goOn().then(note('on')), scheduler.next(b).then(note('b2'))]
  await Promise.all(all)
  expect(order).toEqual(['on', 'a1', 'b1', 'a2', 'b2', 'a3'])
  // Those who come later are served too.
  await scheduler.next(a)
  await scheduler.goOn()
})

it('timers run between any two turns', async () => {
  const scheduler = createScheduler()
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await scheduler.next({})
      for (const start = performance.now(); performance.now() - start < 5; );
    }),
  )
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(10)
})
