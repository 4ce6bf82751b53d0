import { expect, it } from 'vitest'
import { createFairQueue } from './fair-queue.js'

const drain = <T>(queue: { shift(): T | undefined; readonly size: number }): T[] => {
  const all: T[] = []
  while (queue.size > 0) all.push(queue.shift() as T)
  return all
}

it('keeps the order of a key, and the keys take turns', () => {
  const queue = createFairQueue<string>({ perKey: 4, keys: 4 })
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.push(item[0] as string, item)
  expect(queue.size).toBe(6)
  expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
  expect(queue.shift()).toBe(undefined)
  expect(queue.takeLost()).toBe(0)
})

it('a flood under one key costs no other key anything', () => {
  const queue = createFairQueue<string>({ perKey: 3, keys: 2 })
  queue.push('quiet', 'said')
  for (let i = 0; i < 1_000; i++) queue.push('loud', `loud ${i}`)
  expect(queue.size).toBe(4)
  expect(queue.takeLost()).toBe(997)
  expect(drain(queue)).toEqual(['said', 'loud 997', 'loud 998', 'loud 999'])
})

it('has an end to its keys', () => {
  const queue = createFairQueue<number>({ perKey: 3, keys: 2 })
  for (let i = 0; i < 100; i++) queue.push(String(i), i)
  expect(queue.size).toBe(2)
  expect(queue.takeLost()).toBe(98)
  expect(drain(queue)).toEqual([0, 1])
  queue.push('7', 7)
  queue.clear()
  expect(queue.size).toBe(0)
})
