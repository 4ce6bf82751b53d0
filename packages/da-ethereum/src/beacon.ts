import { CausewayError } from '@causeway/core'
import { bytesToHex, hexToBytes, isHex, sha256, size, type Hex } from 'viem'
import type { Kzg } from './kzg.js'
import { BLOB_BYTES } from './packing.js'

/** A block whose blobs are wanted. `timestamp` in seconds. */
export type BeaconBlock = { number: bigint; timestamp: bigint }

/** Reads blobs from the beacon API of a consensus node, or of anvil. */
export type Beacon = {
  /**
   * The blobs with these versioned hashes, in their order, each checked against its hash.
   * @throws CausewayError `DA_TRANSIENT` whenever the node does not give all of them as they are: another node may
   */
  blobs(block: BeaconBlock, versionedHashes: readonly Hex[]): Promise<Uint8Array[]>
}

/** No answer takes longer; a block's blobs have at most some megabytes. */
const TIMEOUT = 30_000
/** 0x01 and the last 31 bytes of the commitment's SHA-256 (EIP-4844). */
export function versionedHash(commitment: Uint8Array): Hex {
  return `0x01${sha256(bytesToHex(commitment)).slice(4)}`
}

/** Creates a {@link Beacon}. */
export function createBeacon({ url, kzg }: { url: string; kzg: () => Kzg }): Beacon {
  const base = url.replace(/\/+$/, '')
  // Without its path, which holds a key often enough.
  const { origin } = new URL(base)
  let slots: Promise<((block: BeaconBlock) => bigint) | undefined> | undefined

  async function get(path: string): Promise<{ status: number; body: unknown }> {
    let response: Response
    try {
      response = await fetch(`${base}${path}`, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(TIMEOUT) })
    } catch (cause) {
      throw transient(`The beacon API at ${origin} does not answer`, cause)
    }
    try {
      const text = await response.text()
      return { status: response.status, body: response.ok ? (JSON.parse(text) as unknown) : text }
    } catch (cause) {
      throw transient(`The beacon API at ${origin} broke off its answer to ${path}`, cause)
    }
  }

  /** How to tell a block's slot. A server without a spec is anvil, which names blocks by their number. */
  async function slotting(): Promise<((block: BeaconBlock) => bigint) | undefined> {
    const spec = await get('/eth/v1/config/spec')
    if (spec.status === 404) return undefined
    const genesis = await get('/eth/v1/beacon/genesis')
    const seconds = text(field(spec.body, 'data', 'SECONDS_PER_SLOT'))
    const milliseconds = text(field(spec.body, 'data', 'SLOT_DURATION_MS')) ?? (seconds && `${seconds}000`)
    const start = text(field(genesis.body, 'data', 'genesis_time'))
    if (!milliseconds || !start) throw transient(`The beacon API at ${origin} does not tell genesis time and slot duration`)
    return ({ timestamp }) => ((timestamp - BigInt(start)) * 1000n) / BigInt(milliseconds)
  }

  /** At least the blob with this hash; the parameter takes a single one, because servers differ in how they read several. */
  async function read(block: BeaconBlock, hash: Hex): Promise<unknown[]> {
    slots ??= slotting()
    const slotOf = await slots.catch((error: unknown) => {
      slots = undefined
      throw error
    })
    const id = slotOf ? slotOf(block) : block.number
    const blobs = await get(`/eth/v1/beacon/blobs/${id}?versioned_hashes=${hash}`)
    if (blobs.status === 200) return list(field(blobs.body, 'data'))
    // Older nodes have only this one.
    const sidecars = await get(`/eth/v1/beacon/blob_sidecars/${id}`)
    if (sidecars.status === 200) return list(field(sidecars.body, 'data')).map((sidecar) => field(sidecar, 'blob'))
    throw transient(`The beacon API at ${origin} has no blobs of L1 block ${block.number} (status ${blobs.status} and ${sidecars.status})`)
  }

  return {
    async blobs(block, versionedHashes) {
      const found = new Map<Hex, Uint8Array>()
      for (const wanted of versionedHashes) {
        if (found.has(wanted)) continue
        for (const item of await read(block, wanted)) {
          if (!isHex(item) || size(item) !== BLOB_BYTES) continue
          const bytes = hexToBytes(item)
          const commitment = await kzg().commitment(bytes)
          // The server may give more than was asked for: whatever is wanted is kept.
          if (commitment) found.set(versionedHash(commitment), bytes)
          if (found.has(wanted)) break
        }
        if (!found.has(wanted)) throw transient(`The beacon API at ${origin} gave no blob that hashes to ${wanted} for L1 block ${block.number}`)
      }
      return versionedHashes.map((hash) => found.get(hash) as Uint8Array)
    },
  }
}

function field(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((at, name) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[name] : undefined), value)
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && /^\d+$/.test(value) ? value : undefined)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

function transient(message: string, cause?: unknown): CausewayError {
  return new CausewayError(`${message}.`, {
    code: 'DA_TRANSIENT',
    fix: 'Try again, or use another consensus node; 18 days after the posting only an archive of blobs still has them.',
    docs: 'da.md#retrieval',
    cause,
  })
}
