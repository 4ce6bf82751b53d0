import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Hex } from 'viem'

/**
 * SHA-256 over the paths and contents of all Noir sources below a directory. An artefact is current when it carries the hash of the
 * sources beside it.
 */
export async function sourcesHash(directory: string): Promise<Hex> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /(\.nr|Nargo\.toml)$/.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\0`).update(await readFile(join(directory, file))).update('\0')
  return `0x${hash.digest('hex')}`
}
