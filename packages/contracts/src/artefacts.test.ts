import { readFileSync } from 'node:fs'
import { decodeJson } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { unitHash, units } from '../scripts/compile.js'
import { unitHashes } from './generated/hashes.js'
import { accountingVerifier } from './verifier.js'

describe('the verifier’s self-test', () => {
  it('is a proof of the golden epoch (run `npm run circuits -w packages/prover-ultrahonk` otherwise)', () => {
    const { publicInputs } = decodeJson(readFileSync(new URL('../../../circuits/vectors/epoch.json', import.meta.url), 'utf8')) as { publicInputs: bigint[] }
    expect(accountingVerifier.selfTest.publicInputs.map(BigInt)).toEqual(publicInputs)
  })
})

describe('compiled contracts', () => {
  it('are those of the sources (run `npm run contracts -w packages/contracts` otherwise)', () => {
    expect(unitHashes).toEqual(Object.fromEntries(units().map((unit) => [unit.name, unitHash(unit)])))
  })
})
