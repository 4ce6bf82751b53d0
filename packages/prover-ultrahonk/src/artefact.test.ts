import { fileURLToPath } from 'node:url'
import { errorCode } from '@causeway/core'
import { describe, expect, test } from 'vitest'
import { loadArtefact, PLACES } from './artefact.js'
import { checkBarretenberg } from './barretenberg.js'
import { sourcesHash } from './compile.js'
import { DEVELOPMENT_SRS_DIGESTS } from './srs.js'

const circuits = fileURLToPath(new URL('../../../circuits/noir', import.meta.url))

describe('artefacts', () => {
  test.each(PLACES)('with %i places are those of the sources beside them', async (places) => {
    const artefact = await loadArtefact(places)
    expect(artefact.sourcesHash, 'run: npm run circuits -w @causeway/prover-ultrahonk').toBe(await sourcesHash(circuits))
    expect(artefact.places).toBe(places)
  })

  test.each(PLACES)('with %i places keep to their size', async (places) => {
    const { gates, log2, srsDigest } = await loadArtefact(places)
    expect(log2).toBe(18 + Math.log2(places))
    expect(gates).toBeLessThan(2 ** log2)
    expect(srsDigest).toBe(DEVELOPMENT_SRS_DIGESTS[log2])
  })

  test('exist for no other shape', async () => {
    expect(errorCode(await loadArtefact(3).catch((error: unknown) => error))).toBe('NO_CIRCUIT')
  })
})

test('a machine without a native prover is told at once', () => {
  const codeOf = (...machine: Parameters<typeof checkBarretenberg>) => {
    try {
      checkBarretenberg(...machine)
      return undefined
    } catch (error) {
      return errorCode(error)
    }
  }
  expect(codeOf()).toBe(undefined)
  expect(codeOf('win32', 'x64', null)).toBe('NO_BARRETENBERG')
  expect(codeOf('linux', 'riscv64', null)).toBe('NO_BARRETENBERG')
  expect(codeOf(process.platform, process.arch, null)).toBe('NO_BARRETENBERG')
})
