import { CausewayError, decodeJson, encodeJson, memoryNodes, toBytes32, type ChainHeader, type NodeStore, type Store } from '@causeway/core'
import { bytesToBigInt, concatBytes, hexToBytes, stringToBytes } from 'viem'
import { emptyRegistry, type Registry } from './registry.js'

/** The registry on disk: a cache of L1, from which it can always be made again. */
export type RegistryStore = {
  /** Where registry and outbox nodes are read and, until the next `save`, collected. */
  readonly nodes: NodeStore
  /** The registry before the first epoch. */
  genesis(): Registry
  /** The registry after epoch `epoch`, if it is kept; epoch 0 always is. */
  at(epoch: bigint): Registry | undefined
  /** The registry after the last epoch that was saved. */
  latest(): Registry
  /** Writes a registry that stands on `nodes`. Later ones, of a branch that L1 has left, are dropped. */
  save(registry: Registry): Promise<void>
}

/** Registries kept to go back to when L1 reorganizes. */
const KEPT = 64n
const rowKey = (epoch: bigint) => `aggregator/registry/${epoch.toString(16).padStart(16, '0')}`
const nodeKey = (hash: bigint) => `aggregator/node/${hash.toString(16)}`
const ROWS = { start: 'aggregator/registry/', end: 'aggregator/registry0' }

type Row = Omit<Registry, 'headers' | 'moved' | 'nodes'> & { headers: [bigint, ChainHeader][]; moved: [bigint, bigint][] }

/** Opens the registry in a store. */
export function createRegistryStore(store: Store): RegistryStore {
  const nodes = memoryNodes({
    get(hash) {
      const bytes = store.get(nodeKey(hash))
      return bytes && ([bytesToBigInt(bytes.subarray(0, 32)), bytesToBigInt(bytes.subarray(32))] as const)
    },
  })
  const decode = (bytes: Uint8Array): Registry => {
    const row = decodeJson(new TextDecoder().decode(bytes)) as Partial<Row> | null
    if (typeof row?.epoch !== 'bigint' || typeof row.root !== 'bigint' || !Array.isArray(row.headers) || !Array.isArray(row.moved))
      throw new CausewayError('A row of the registry is damaged.', { code: 'CORRUPT_STORE', fix: 'delete the rows under aggregator/registry/; they are made again from L1' })
    return { ...(row as Row), headers: new Map(row.headers), moved: new Map(row.moved), nodes }
  }
  const genesis = () => ({ ...emptyRegistry(), nodes })
  return {
    nodes,
    genesis,
    at(epoch) {
      if (epoch === 0n) return genesis()
      const bytes = store.get(rowKey(epoch))
      return bytes && decode(bytes)
    },
    latest() {
      for (const { value } of store.range({ ...ROWS, reverse: true, limit: 1 })) return decode(value)
      return genesis()
    },
    async save({ nodes: _nodes, headers, moved, ...rest }) {
      const added = [...nodes.added]
      const row: Row = { ...rest, headers: [...headers], moved: [...moved] }
      const later = [...store.range({ start: rowKey(rest.epoch + 1n), end: ROWS.end })].map(({ key }) => ({ key, value: null }))
      await store.write([
        ...added.map(([hash, [left, right]]) => ({ key: nodeKey(hash), value: concatBytes([hexToBytes(toBytes32(left)), hexToBytes(toBytes32(right))]) })),
        ...later,
        ...(rest.epoch > KEPT ? [{ key: rowKey(rest.epoch - KEPT), value: null }] : []),
        { key: rowKey(rest.epoch), value: stringToBytes(encodeJson(row)) },
      ])
      for (const [hash] of added) nodes.added.delete(hash)
    },
  }
}
