import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, DA_KINDS, isSecret, readSecret, type BlobSidecar, type DaDefinition, type DaHost, type DaReference, type DataAvailability, type SecretReference } from '@causeway/core'
import { bytesToHex, encodeFunctionData, size, sliceHex, type Hex, type PublicClient } from 'viem'
import { createBeacon, versionedHash, type Beacon, type BeaconBlock } from './beacon.js'
import { loadKzg, type Kzg } from './kzg.js'
import { capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'
import { notOnL1, permanentDaError, postBatch, postingReceipt, withoutBatcherKey } from '@causeway/l1'

/** Options of {@link blobs}. */
export type BlobsOptions = {
  /** Beacon API of a consensus node; by default the URL of the L1 client, which is right for anvil only. */
  beaconUrl?: string | SecretReference
}

const KIND = DA_KINDS.blobs

/**
 * Data availability by EIP-4844 blobs, posted through the hub's `postBlobs`; a commitment is their versioned hashes, one after the other.
 * `DA_PERMANENT` means that everybody finds the same: a batch that is too large, a posting that L1 refuses, blobs that hold no batch.
 * All else is `DA_TRANSIENT`, also blobs that a node does not have any more: others may, and a follower must not skip them.
 */
export function blobs({ beaconUrl }: BlobsOptions = {}): DaDefinition {
  const wrong = beaconUrl !== undefined && !isSecret(beaconUrl) && !URL.canParse(beaconUrl)
  return {
    name: 'blobs',
    kind: KIND,
    issues: wrong ? [{ path: 'beaconUrl', message: `it is ${String(beaconUrl)}, which is no URL`, fix: 'give the REST API of a consensus node, or secret(…) with its name' }] : [],
    create: (host) => createBlobs(beaconUrl, host),
  }
}

/** @throws CausewayError `DA_BEACON_MISSING` */
function createBlobs(beaconUrl: BlobsOptions['beaconUrl'], { client, hub, chainId, sender, secrets }: DaHost): DataAvailability {
  const url = beaconUrl ?? (client.transport.url as string | undefined)
  if (!url)
    throw new CausewayError('Blobs are read from a beacon API, and none is given.', {
      code: 'DA_BEACON_MISSING',
      fix: 'Set beaconUrl to the REST API of a consensus node (for anvil: its RPC URL).',
    })
  let beacon: Beacon | undefined
  let cellProofs = false

  return {
    maxBytes: capacity(MAX_BLOBS),
    async submit(batch, index) {
      if (!sender) throw withoutBatcherKey(chainId)
      const packed = packBlobs(batch)
      // Once L1 has cell proofs it keeps them.
      cellProofs ||= await wantsCellProofs(client)
      return postBatch({ hub, chainId, sender }, KIND, {
        data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postBlobs', args: [chainId, index] }),
        blobs: await sidecar(packed, cellProofs ? 1 : 0, loadKzg()),
        label: `post batch ${index} of chain ${chainId} (${packed.length} blobs)`,
      })
    },
    async retrieve(reference) {
      beacon ??= createBeacon({ url: isSecret(url) ? await readSecret(url, secrets, 'the URL of a beacon API') : url, kzg: loadKzg })
      const { blockNumber } = await postingReceipt(client, KIND, reference)
      return unpackBlobs(await beacon.blobs(await blockAt(client, blockNumber, reference), hashesOf(reference)))
    },
  }
}

/** The versioned hashes in a commitment. */
function hashesOf({ commitment }: DaReference): Hex[] {
  return Array.from({ length: size(commitment) / 32 }, (_, i) => sliceHex(commitment, 32 * i, 32 * (i + 1)))
}

/** The blobs with commitments and proofs, as a transaction carries them: version 0 before Osaka, 1 (cell proofs) from then on. */
export async function sidecar(packed: readonly Uint8Array[], version: 0 | 1, kzg: Kzg): Promise<BlobSidecar> {
  const commitments: Uint8Array[] = []
  const proofs: Uint8Array[] = []
  for (const blob of packed) {
    const commitment = await kzg.commitment(blob)
    if (!commitment) throw permanentDaError('A field element of a blob is not canonical.')
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

async function blockAt(client: PublicClient, blockNumber: bigint, reference: DaReference): Promise<BeaconBlock> {
  return client.getBlock({ blockNumber }).catch((cause: unknown) => {
    throw notOnL1(reference, cause)
  })
}
