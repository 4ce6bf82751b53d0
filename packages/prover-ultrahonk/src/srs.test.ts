import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from '@causeway/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bn254 } from '@noble/curves/bn254.js'
import { DEVELOPMENT_SRS_DIGESTS, developmentSrs } from './srs.js'

describe('the development SRS', () => {
  let cache: string
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'causeway-srs-'))
  })
  afterAll(() => rm(cache, { recursive: true }))

  test('is 2^i·G, written once also by two at a time, and checked', async () => {
    const [one, two] = await Promise.all([developmentSrs(14, cache), developmentSrs(14, cache)])
    expect(one).toEqual(two)
    expect(one.digest).toBe(DEVELOPMENT_SRS_DIGESTS[14])
    const points = await readFile(join(one.directory, 'bn254_g1.dat'))
    expect(points.length).toBe(64 * 2 ** 14)
    for (const i of [0, 1, 77, 4095, 4096, 2 ** 14 - 1]) {
      const { x, y } = bn254.G1.Point.BASE.multiply(2n ** BigInt(i) % bn254.G1.Point.Fn.ORDER).toAffine()
      const hex = points.subarray(64 * i, 64 * i + 64).toString('hex')
      expect([BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)]).toEqual([x, y])
    }
  })

  test('is refused when a file is damaged', async () => {
    const { directory } = await developmentSrs(14, cache)
    const file = join(directory, 'bn254_g1.dat')
    const points = await readFile(file)
    points[5000] = (points[5000] as number) ^ 1
    await writeFile(file, points)
    expect(errorCode(await developmentSrs(14, cache).catch((error: unknown) => error))).toBe('SRS_DAMAGED')
  })
})
