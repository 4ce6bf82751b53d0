import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { normalizeZ } from '@noble/curves/abstract/curve.js'
import { bn254 } from '@noble/curves/bn254.js'
import { CausewayError } from '@causeway/core'
import type { Hex } from 'viem'

const G1 = bn254.G1.Point
const G2 = bn254.G2.Point
const CHUNK = 1 << 12

/**
 * SHA-256 of the development SRS' points, by the log2 of their number. The SRS is a pure function of its size (tau = 2), so a file
 * with another digest is damaged.
 */
export const DEVELOPMENT_SRS_DIGESTS: Readonly<Record<number, Hex>> = {
  14: '0x26d778256ebe9dda91aac936d81e34a0c21cc79961da3d35a968007e18347e6b',
  18: '0x4cf0eca5da63f0eb885e4fa4b0af14129d6a7279674a4539e8f6b4ccc0dfcaf2',
  19: '0x54c14a25672e5c1241f2f7d9bf69b56446f1d9c78f22f84b539d3e3aa15f4deb',
  20: '0x0a94fb14d0cb88e73a64f8d106ddab8f1f7df93b771f2b288edee0ec69583e45',
}

/** Where a prover finds the powers of tau. */
export type Srs = {
  /** A directory with `bn254_g1.dat` (64 bytes a point, affine, big-endian) and `bn254_g2.dat` (128 bytes), as Barretenberg reads them. */
  directory: string
  /** SHA-256 of both files in that order. A verification key is only good together with the SRS it was made with. */
  digest: Hex
}

/** Directory for files that can be made again: `CAUSEWAY_CACHE`, else `~/.cache/causeway`. */
export function cacheDirectory(): string {
  return process.env['CAUSEWAY_CACHE'] ?? join(homedir(), '.cache', 'causeway')
}

/**
 * The development SRS with 2^log2 points, made on first use (10 µs a point and once again as much to affine form) and then cached.
 *
 * Its secret is public: tau = 2, so each point is the double of the last and anybody can forge proofs. Verifiers built on it must
 * refuse every chain id that is not a development one.
 * @throws `SRS_DAMAGED` if a file on disk is not what it must be
 */
export async function developmentSrs(log2: number, cache: string = cacheDirectory()): Promise<Srs> {
  const expected = DEVELOPMENT_SRS_DIGESTS[log2]
  if (expected === undefined) throw new CausewayError(`There is no development SRS of 2^${log2} points.`, { code: 'SRS_SIZE' })
  const directory = join(cache, `development-srs-${log2}-${expected.slice(2, 18)}`)
  if (!(await exists(directory))) await writeSrs(log2, directory)
  const digest = await digestOf(directory)
  if (digest !== expected)
    throw new CausewayError(`The development SRS in ${directory} has digest ${digest}, not ${expected}.`, { code: 'SRS_DAMAGED', fix: 'delete that directory; it is made again on the next run' })
  return { directory, digest }
}

/** tau·G2 of the development SRS as four field elements: x.c0, x.c1, y.c0, y.c1. */
export function developmentTauG2(): [bigint, bigint, bigint, bigint] {
  const { x, y } = G2.BASE.double().toAffine()
  return [x.c0, x.c1, y.c0, y.c1]
}

/** SHA-256 of the SRS in a directory. */
export async function digestOf(directory: string): Promise<Hex> {
  const hash = createHash('sha256')
  for (const file of ['bn254_g1.dat', 'bn254_g2.dat']) hash.update(await readFile(join(directory, file)))
  return `0x${hash.digest('hex')}`
}

/** Writes the development SRS; the directory appears complete or not at all, also if two processes write at once. */
export async function writeSrs(log2: number, directory: string): Promise<void> {
  const temporary = `${directory}.${randomBytes(6).toString('hex')}`
  await mkdir(temporary, { recursive: true })
  const file = await open(join(temporary, 'bn254_g1.dat'), 'w')
  let point = G1.BASE
  for (let done = 0; done < 2 ** log2; done += CHUNK) {
    const projective: (typeof point)[] = []
    for (let i = 0; i < Math.min(CHUNK, 2 ** log2 - done); i++) {
      projective.push(point)
      point = point.double()
    }
    // One inversion a chunk.
    await file.write(encodeWords(normalizeZ(G1, projective).flatMap(({ x, y }) => [x, y])))
  }
  await file.close()
  const g2 = await open(join(temporary, 'bn254_g2.dat'), 'w')
  await g2.write(encodeWords(developmentTauG2()))
  await g2.close()
  try {
    await rename(temporary, directory)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    // Another process was first: its files are the same.
    if (!(await exists(directory))) throw error
  }
}

function encodeWords(words: readonly bigint[]): Buffer {
  return Buffer.from(words.map((word) => word.toString(16).padStart(64, '0')).join(''), 'hex')
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
