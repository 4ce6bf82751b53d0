import { expect, it } from 'vitest'
import { createTurns } from './turns.js'

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
