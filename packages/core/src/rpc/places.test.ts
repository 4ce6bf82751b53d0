import { expect, it } from 'vitest'
import { createPlaces } from './places.js'

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
