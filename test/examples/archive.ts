import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError, type DaDefinition, type DaReference } from '@causeway/core'
import { keccak256 } from 'viem'

/** Keeps every batch in a folder as well: L1 has blobs for about 18 days only, and a node that starts later needs them all. */
export function archived(inner: DaDefinition, folder: string): DaDefinition {
  mkdirSync(folder, { recursive: true })
  // Named by the commitment, which L1 has recorded: an index alone may mean another batch after a reorg.
  const fileOf = ({ kind, commitment }: DaReference) => join(folder, `${kind}-${keccak256(commitment)}`)
  async function keep(reference: DaReference, batch: Uint8Array): Promise<void> {
    const file = fileOf(reference)
    const partial = `${file}.${randomUUID()}.partial`
    await writeFile(partial, batch)
    await rename(partial, file)
  }
  return {
    ...inner,
    name: `${inner.name}, archived`,
    create(host) {
      const da = inner.create(host)
      return {
        maxBytes: da.maxBytes,
        async submit(batch, index) {
          const reference = await da.submit(batch, index)
          await keep(reference, batch)
          return reference
        },
        async retrieve(reference) {
          const kept = await readFile(fileOf(reference)).catch((error: NodeJS.ErrnoException) => {
            if (error.code === 'ENOENT') return undefined
            throw new CausewayError(`The archive ${folder} cannot be read.`, { code: 'DA_TRANSIENT', fix: 'repair it, or empty it to read from L1 again', cause: error })
          })
          if (kept) return new Uint8Array(kept)
          const batch = await da.retrieve(reference)
          await keep(reference, batch)
          return batch
        },
      }
    },
  }
}
