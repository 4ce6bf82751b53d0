import { expect, it } from 'vitest'
import { eraOf, nextIncarnation } from './incarnation.js'

const ERA = 1n << 64n

it('incarnations go on within their era, and never into the next one', () => {
  expect(nextIncarnation(4n)).toBe(5n)
  expect(nextIncarnation(3n * ERA + 4n)).toBe(3n * ERA + 5n)
  expect(nextIncarnation(3n * ERA + ERA - 1n)).toBe(3n * ERA + 1n)
})

it('a later era outranks all of an earlier one, and counts on, so that the earlier one can too if L1 returns to it', () => {
  const after = nextIncarnation(4n, 1n)
  expect([after, eraOf(after), eraOf(ERA - 1n)]).toEqual([ERA + 5n, 1n, 0n])
  expect(nextIncarnation(ERA - 1n, 1n)).toBe(ERA + 1n)
  expect(nextIncarnation(after, 0n)).toBe(6n)
})
