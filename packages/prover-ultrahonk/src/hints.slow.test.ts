import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lies, probeInputs, type Lie } from './testkit/lies.js'
import { compileProbe, type Probe } from './testkit/probe.js'

describe('whatever is guessed, the circuits give the honest result or none', () => {
  let directory: string
  let probe: Probe
  let honest: (string[] | undefined)[]
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-hints-'))
    probe = await compileProbe(fileURLToPath(new URL('../../../circuits/noir', import.meta.url)), directory, [])
    honest = await results(undefined)
  })
  afterAll(() => rm(directory, { recursive: true }))

  async function results(lie: Lie | undefined): Promise<(string[] | undefined)[]> {
    const found: (string[] | undefined)[] = []
    for (const { inputs } of probeInputs) found.push(await probe(inputs, lie))
    return found
  }

  test('honest guesses pass where they should', () => {
    expect(honest.map((result) => result !== undefined)).toEqual(probeInputs.map(({ accepted }) => accepted))
  })

  test.each(lies)('$name', async (lie) => {
    const found = await results(lie)
    found.forEach((result, i) => result !== undefined && expect(result, probeInputs[i]?.name).toEqual(honest[i]))
  })
})
