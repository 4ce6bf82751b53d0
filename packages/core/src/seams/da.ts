import type { Address, Hex, LocalAccount, PublicClient, TransactionReceipt } from 'viem'
import type { Issue } from '../errors.js'
import type { Secrets } from './secret.js'

/**
 * A posting, as L1 has recorded it: the `index`-th of its chain. `commitment` ties it to its data, in the way of the `kind` (of
 * `DA_KINDS`) that the chain is registered with.
 */
export type DaReference = { index: bigint; kind: number; commitment: Hex; l1Block: bigint; l1Transaction: Hex }

/** What sends the transactions of a chain's batcher: `L1Sender` of `@causeway/l1` is one. */
export type BatcherSender = {
  /** Resolves with the receipt once it is mined. @throws `L1_REVERTED`, `L1_REFUSED` if it never will be */
  send(request: { to: Address; data?: Hex; blobs?: BlobSidecar; label?: string }): Promise<TransactionReceipt>
}

/** Blobs with what proves them, as a blob transaction carries them to nodes (they are not part of what is signed). */
export type BlobSidecar = {
  /** 131,072 bytes each. */
  blobs: readonly Hex[]
  /** KZG commitment of each blob, 48 bytes. */
  commitments: readonly Hex[]
  /** Version 0 (EIP-4844): one proof a blob. Version 1 (EIP-7594): 128 cell proofs a blob, in order. 48 bytes each. */
  proofs: readonly Hex[]
  version: 0 | 1
  /** 0x01 and the last 31 bytes of the commitment's SHA-256, of each blob. */
  versionedHashes: readonly Hex[]
}

/** What a node gives the data availability of its chain. */
export type DaHost = {
  chainId: bigint
  /** The cluster's L1, and its hub there. */
  client: PublicClient
  hub: Address
  /** Of the chain's batcher. Without it the chain can be read, not posted. */
  sender?: BatcherSender
  /** The batcher itself, where others than L1 want its word. */
  batcher?: Pick<LocalAccount, 'address' | 'signTypedData'>
  secrets?: Secrets
}

/** Where batches go, before there is a chain that posts any: plain data, and how it is made. */
export type DaDefinition = {
  readonly name: string
  /** What its commitments are, one of `DA_KINDS`: a chain is registered with it, for ever. */
  readonly kind: number
  /** The contract that makes the commitments of the kind `adapter`: a chain is registered with it, for ever. */
  readonly adapter?: Address
  /** Mistakes in its options. */
  readonly issues?: readonly Issue[]
  create(host: DaHost): DataAvailability
}

/** Data availability: submit, finality, inclusion. Errors carry code `DA_TRANSIENT` (try again) or `DA_PERMANENT` (everybody finds the same: derivation skips the posting). */
export type DataAvailability = {
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
