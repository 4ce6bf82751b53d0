import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeConformance } from '@causeway/testing/conformance'
import { expect, it } from 'vitest'
import { lmdbStore } from './lmdb.js'

storeConformance({ it, expect }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-lmdb-'))
  let store = lmdbStore(folder)
  return {
    store,
    reopen: async () => (store = lmdbStore(folder)),
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
})
