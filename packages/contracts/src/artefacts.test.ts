import { describe, expect, it } from 'vitest'
import { unitHash, units } from '../scripts/compile.js'
import { unitHashes } from './generated/hashes.js'

describe('compiled contracts', () => {
  it('are those of the sources (run `npm run contracts -w packages/contracts` otherwise)', () => {
    expect(unitHashes).toEqual(Object.fromEntries(units().map((unit) => [unit.name, unitHash(unit)])))
  })
})
