import { CausewayError, type PluginStore, type Store } from '@causeway/core'

const KEY = /^[\x20-\x7e]{1,512}$/
/** The bounds of a range may also be before and after all keys. */
const BOUND = /^[\x20-\x7f]{0,512}$/

/**
 * The rows of a store that begin with a prefix, as a store of their own. Whatever the keys are, no other row is read or written.
 * Ranges stay inside because strings between two that begin with the prefix begin with it too.
 */
export function scopedStore(store: Store, prefix: string): PluginStore {
  const inside = (key: string, form = KEY): string => {
    if (typeof key !== 'string' || !form.test(key)) throw new CausewayError(`${JSON.stringify(key)} is no key of a plugin's row.`, { code: 'BAD_KEY', fix: 'printable ASCII, 1 to 512 characters' })
    return prefix + key
  }
  return Object.freeze<PluginStore>({
    get: (key) => store.get(inside(key)),
    *range({ start, end, ...options }) {
      for (const { key, value } of store.range({ ...options, start: inside(start, BOUND), end: inside(end, BOUND) })) yield { key: key.slice(prefix.length), value }
    },
    write: async (changes) => store.write(changes.map(({ key, value }) => ({ key: inside(key), value }))),
  })
}
