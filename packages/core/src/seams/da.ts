import type { Hex } from 'viem'

/**
 * A posting, as L1 has recorded it: the `index`-th of its chain. `commitment` ties it to its data, in the way of the `kind` (of
 * `DA_KINDS`) that the chain is registered with.
 */
export type DaReference = { index: bigint; kind: number; commitment: Hex; l1Block: bigint; l1Transaction: Hex }

/** Data availability: submit, finality, inclusion. Errors carry code `DA_TRANSIENT` (try again) or `DA_PERMANENT` (everybody finds the same: derivation skips the posting). */
export type DataAvailability = {
  readonly name: string
  /** What its commitments are, one of `DA_KINDS`: a chain is registered with it, for ever. */
  readonly kind: number
  /** Largest batch in bytes that one submission takes. */
  readonly maxBytes: number
  /**
   * Posts a batch as the chain's `index`-th posting; resolves when it is mined. With any `index` but the next one, or when another posting
   * gets there first, nothing is posted, and the error is `DA_TRANSIENT`: look at L1 what was posted, and post what is missing. So what is
   * sent again after a crash counts once.
   */
  submit(batch: Uint8Array, index: bigint): Promise<DaReference>
  /** The bytes behind a reference, which give its commitment. */
  retrieve(reference: DaReference): Promise<Uint8Array>
}
