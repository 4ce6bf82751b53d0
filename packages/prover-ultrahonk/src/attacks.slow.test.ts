import { applyEpoch, errorCode } from '@causeway/core'
import { describe, expect, test } from 'vitest'
import { loadArtefact } from './artefact.js'
import { circuitOf, solve } from './prove.js'
import { attacks } from './testkit/attacks.js'

/** Every forged epoch is refused by the twin and, when the twin is bypassed, by the circuit. */
describe('attacks', async () => {
  const circuits = { 1: circuitOf(await loadArtefact(1)), 2: circuitOf(await loadArtefact(2)) }

  test.each(attacks.map((attack) => ({ ...attack, title: `R${attack.rule}: ${attack.name}` })))('$title', async ({ build, places, twin }) => {
    const { witness, inputs } = await build()
    if (twin !== undefined) {
      let refusal: unknown
      try {
        applyEpoch(witness)
      } catch (error) {
        refusal = error
      }
      expect(errorCode(refusal)).toBe(twin)
    }
    const refused = await solve(circuits[places], inputs).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(errorCode(refused)).toBe('UNSATISFIED')
  })
})
