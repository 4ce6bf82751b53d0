import type { Hex } from 'viem'

/** Where a batch is. */
export type DaReference = { index: bigint; versionedHashes: readonly Hex[]; l1Block: bigint; l1Transaction: Hex }

/** Data availability: submit, finality, inclusion. Errors carry code `DA_TRANSIENT` (try again) or `DA_PERMANENT` (everybody finds the same: derivation skips the posting). */
export type DataAvailability = {
  readonly name: string
  /** Largest batch in bytes that one submission takes. */
  readonly maxBytes: number
  /** Posts a batch; resolves when the posting is mined. */
  submit(batch: Uint8Array): Promise<DaReference>
  /** The bytes behind a reference. */
  retrieve(reference: DaReference): Promise<Uint8Array>
}
