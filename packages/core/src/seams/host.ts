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

/** Signs statements for a chain's policy. The key stays inside. */
export type AttestationSigner = { publicKey: PublicKey; sign(statement: bigint): Promise<Signature> }
