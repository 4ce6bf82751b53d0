import type { Signature, PublicKey } from '../protocol/types.js'

/** Time, so that tests can step it. Nothing else in Causeway reads the clock or sets timers. */
export type Clock = {
  /** ms since 1970. */
  now(): bigint
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Structured log. */
export type Log = {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Ordered key-value store. Keys sort by bytes. All writes of one `write` call land or none does. */
export type Store = {
  get(key: string): Uint8Array | undefined
  /** Entries with `start ≤ key < end`, ascending, or descending with `reverse`. */
  range(options: { start: string; end: string; reverse?: boolean; limit?: number }): Iterable<{ key: string; value: Uint8Array }>
  /** Atomic; durable when the promise resolves. `null` deletes. */
  write(changes: readonly { key: string; value: Uint8Array | null }[]): Promise<void>
  close(): Promise<void>
}

/** A store opened once more, to read only, by another thread. */
export type StoreReader = Pick<Store, 'get' | 'range' | 'close'> & {
  /** From now on it reads what has been written by now; until then, at least what there was at the last refresh. */
  refresh(): void
}

/**
 * How another thread opens a store to read: `module` (a package's name, as `from` would import it, or the URL of a module) exports
 * `openReader(options)`, which makes a {@link StoreReader}. `options` is plain data.
 */
export type StoreLocation = { module: string; from: string; options: unknown }

/** A store that other threads can read while this one writes: an optional capability, see {@link isShared}. */
export type SharedStore = Store & { readonly location: StoreLocation }

/** Can other threads read this store? */
export function isShared(store: Store): store is SharedStore {
  return 'location' in store && typeof store.location === 'object' && store.location !== null
}

/** Signs statements for a chain's policy. The key stays inside. */
export type AttestationSigner = { publicKey: PublicKey; sign(statement: bigint): Promise<Signature> }
