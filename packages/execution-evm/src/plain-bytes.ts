import type { Store } from '@causeway/core'

/** What the engine needs of a store: it writes nothing itself. */
export type StoreReads = Pick<Store, 'get' | 'range'>

/** Databases answer with Node's Buffer, whose `slice` shares memory where EthereumJS expects a copy. */
export function plainBytes(store: StoreReads): StoreReads {
  return {
    get: (key) => {
      const value = store.get(key)
      return value && new Uint8Array(value)
    },
    range: (options) => store.range(options),
  }
}
