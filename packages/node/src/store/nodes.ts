import { memoryNodes, type NodeStore, type Store } from '@causeway/core'
import { bytesToBigInt, concatBytes, numberToBytes } from 'viem'

const key = (hash: bigint) => `node/${hash.toString(16).padStart(64, '0')}`

/** Tree nodes over a store: reads go through, writes stay in `added` until the caller's atomic write takes them. */
export function storedNodes(store: Store): NodeStore & { takeChanges(): { key: string; value: Uint8Array }[] } {
  const nodes = memoryNodes({
    get(hash) {
      const bytes = store.get(key(hash))
      return bytes && [bytesToBigInt(bytes.subarray(0, 32)), bytesToBigInt(bytes.subarray(32, 64))]
    },
  })
  return {
    get: nodes.get,
    put: nodes.put,
    takeChanges() {
      const changes = [...nodes.added].map(([hash, [left, right]]) => ({
        key: key(hash),
        value: concatBytes([numberToBytes(left, { size: 32 }), numberToBytes(right, { size: 32 })]),
      }))
      nodes.added.clear()
      return changes
    },
  }
}
