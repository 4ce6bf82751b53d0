import { describe, expect, test } from 'vitest'
import { loadArtefact, PLACES } from './artefact.js'
import { readCircuit, type Use } from './testkit/acir.js'

/** Mutants delete constraints; these look for one that was never there. */
describe.each(PLACES)('the circuit with %i places', async (places) => {
  const { inputs, hints } = readCircuit(await loadArtefact(places))
  const isBound = ({ equations, boxes, memory }: Use) => equations + boxes + memory > 0

  test('has no input that nothing depends on', () => {
    expect(inputs.length).toBeGreaterThan(1000 * places)
    expect(inputs.filter(({ use }) => !isBound(use)).map(({ name }) => name)).toEqual([])
  })

  test('has no flag that may be something else than 0 or 1', () => {
    const flags = inputs.filter(({ type }) => type === 'boolean')
    expect(flags.length).toBeGreaterThan(100 * places)
    expect(flags.filter(({ use }) => !use.ranges.includes(1)).map(({ name }) => name)).toEqual([])
  })

  test('takes numbers as fields only, so that each range stands in the source', () => {
    expect([...new Set(inputs.map(({ type }) => type))].sort()).toEqual(['boolean', 'field'])
  })

  test('checks every guess', () => {
    expect(hints.length).toBeGreaterThan(1000 * places)
    expect(hints.filter(({ use }) => !isBound(use)).map((hint) => hint.function)).toEqual([])
  })

  test('bounds every guess but inverses, and the rows of replay, which are equal to a sum of flags', () => {
    const unbounded = hints.filter(({ use }) => use.ranges.length === 0)
    expect([...new Set(unbounded.map((hint) => hint.function))].sort()).toEqual(['directive_invert', 'guess_word'])
    const rows = unbounded.filter((hint) => hint.function === 'guess_word')
    expect(rows).toHaveLength(16 * places)
    expect(rows.every(({ use }) => use.equations === 1)).toBe(true)
  })
})
