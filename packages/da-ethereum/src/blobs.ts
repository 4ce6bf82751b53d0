import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, type DaReference, type DataAvailability } from '@causeway/core'
import type { BlobSidecar, L1Sender } from '@causeway/l1'
import { bytesToHex, encodeFunctionData, parseEventLogs, type Address, type PublicClient } from 'viem'
import { createBeacon, versionedHash } from './beacon.js'
import { loadKzg, type Kzg } from './kzg.js'
import { capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'

/** Options of {@link blobs}. */
export type BlobsOptions = {
  client: PublicClient
  /** Of the chain's batcher. Without it the chain can be read, not posted. */
  sender?: L1Sender
  hub: Address
  chainId: bigint
  /** Beacon API of a consensus node; by default the URL of `client`, which is right for anvil only. */
  beaconUrl?: string
}

/**
 * Data availability by EIP-4844 blobs, posted through the hub's `postBatch`.
 * `DA_PERMANENT` means that everybody finds the same: a batch that is too large, a posting that L1 refuses, blobs that hold no batch.
 * All else is `DA_TRANSIENT`, also blobs that a node does not have any more: others may, and a follower must not skip them.
 */
export function blobs({ client, sender, hub, chainId, beaconUrl = client.transport.url as string | undefined }: BlobsOptions): DataAvailability {
  if (!beaconUrl)
    throw new CausewayError('Blobs are read from a beacon API, and none is given.', {
      code: 'DA_BEACON_MISSING',
      fix: 'Set beaconUrl to the REST API of a consensus node (for anvil: its RPC URL).',
    })
  const beacon = createBeacon({ url: beaconUrl, kzg: loadKzg })
  let cellProofs = false

  return {
    name: 'ethereum-blobs',
    maxBytes: capacity(MAX_BLOBS),
    async submit(batch) {
      if (!sender) throw permanent(`The batcher's key of chain ${chainId} is not here, so nothing can be posted.`)
      const packed = packBlobs(batch)
      // Once L1 has cell proofs it keeps them.
      cellProofs ||= await wantsCellProofs(client)
      const request = {
        to: hub,
        data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postBatch', args: [chainId] }),
        blobs: await sidecar(packed, cellProofs ? 1 : 0, loadKzg()),
        label: `post a batch of chain ${chainId} (${packed.length} blobs)`,
      }
      const receipt = await sender.send(request).catch((error: unknown) => {
        throw submissionError(error)
      })
      const posted = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs: receipt.logs })
      const event = posted.find(({ args, address }) => args.chainId === chainId && address.toLowerCase() === hub.toLowerCase())
      if (!event) throw permanent(`L1 transaction ${receipt.transactionHash} posted nothing for chain ${chainId}: ${hub} is not its hub.`)
      const { index, versionedHashes } = event.args
      return { index, versionedHashes, l1Block: receipt.blockNumber, l1Transaction: receipt.transactionHash }
    },
    async retrieve(reference) {
      const block = await blockOf(client, reference)
      return unpackBlobs(await beacon.blobs(block, reference.versionedHashes))
    },
  }
}

/** The blobs with commitments and proofs, as a transaction carries them: version 0 before Osaka, 1 (cell proofs) from then on. */
export async function sidecar(packed: readonly Uint8Array[], version: 0 | 1, kzg: Kzg): Promise<BlobSidecar> {
  const commitments: Uint8Array[] = []
  const proofs: Uint8Array[] = []
  for (const blob of packed) {
    const commitment = await kzg.commitment(blob)
    if (!commitment) throw permanent('A field element of a blob is not canonical.')
    commitments.push(commitment)
    proofs.push(...(await kzg.proofs(blob, commitment, version)))
  }
  const hex = (list: readonly Uint8Array[]) => list.map((bytes) => bytesToHex(bytes))
  return { version, blobs: hex(packed), commitments: hex(commitments), proofs: hex(proofs), versionedHashes: commitments.map(versionedHash) }
}

/**
 * Whether L1 is at Osaka, where blobs need cell proofs. Asked by running the instruction CLZ (EIP-7939), which came with it: 0x1e on
 * 0 gives 256, and is invalid before. Every RPC node can answer that.
 */
async function wantsCellProofs(client: PublicClient): Promise<boolean> {
  try {
    const { data } = await client.call({ data: '0x5f1e5f5260205ff3' })
    return data !== undefined && BigInt(data) === 256n
  } catch (error) {
    for (let at = error; at instanceof Error; at = at.cause)
      if (/invalid opcode|opcode not found|not ?activated|BadInstruction|INVALID_OPERATION/i.test(`${at.message} ${String((at as { details?: unknown }).details)}`)) return false
    throw new CausewayError('L1 does not tell which blob proofs it wants.', { code: 'DA_TRANSIENT', fix: 'Try again.', cause: error })
  }
}

/** The block that the posting is in now: a reorganization may have moved it since the reference was made. */
async function blockOf(client: PublicClient, { l1Transaction }: DaReference): Promise<{ number: bigint; timestamp: bigint }> {
  try {
    const { blockNumber } = await client.getTransactionReceipt({ hash: l1Transaction })
    const { number, timestamp } = await client.getBlock({ blockNumber })
    return { number, timestamp }
  } catch (cause) {
    throw new CausewayError(`L1 does not have the posting ${l1Transaction}.`, {
      code: 'DA_TRANSIENT',
      fix: 'Try again; after a reorganization of L1 take the reference from L1 anew.',
      cause,
    })
  }
}

function submissionError(error: unknown): CausewayError {
  const { code, shortMessage } = error instanceof CausewayError ? error : { code: '', shortMessage: String(error) }
  if (code === 'L1_REVERTED' || code === 'L1_REFUSED') return permanent(`L1 refuses the posting. ${shortMessage}`, error)
  return new CausewayError(`The posting did not get through. ${shortMessage}`, {
    code: 'DA_TRANSIENT',
    fix: (error instanceof CausewayError && error.fix) || 'Try again.',
    cause: error,
  })
}

function permanent(message: string, cause?: unknown): CausewayError {
  return new CausewayError(message, {
    code: 'DA_PERMANENT',
    fix: 'Check hub, chain id and batcher key against the chain’s registration.',
    docs: 'da.md#errors',
    cause,
  })
}
