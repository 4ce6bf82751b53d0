import { isHex, size, type Hex } from 'viem'
import { MAX_COMMITTEE_BATCH, type SignedBatch } from './batch.js'

/** ms that a member has to answer. */
const TIMEOUT = 20_000

/** Where a member has a batch. */
export const batchPath = (chainId: bigint, batchHash: Hex): string => `/batches/${chainId}/${batchHash}`

/** Sends a batch to a member. Resolves to what it has signed, unchecked. @throws with its reason if it does not take it */
export async function submitBatch(url: string, batch: Uint8Array, { chainId, batchHash, length, expiry }: SignedBatch, authorization: Hex): Promise<Hex> {
  const response = await fetch(new URL(batchPath(chainId, batchHash), url), {
    method: 'PUT',
    body: new Uint8Array(batch),
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(length), 'x-causeway-expiry': String(expiry), 'x-causeway-signature': authorization },
    signal: AbortSignal.timeout(TIMEOUT),
  })
  const text = new TextDecoder().decode(await bounded(response, 1_000))
  if (!response.ok) throw new Error(`${response.status} ${text.trim()}`)
  if (!isHex(text) || size(text) !== 65) throw new Error('its answer is no signature')
  return text
}

/** The bytes that a member gives for a batch, unchecked, and not more than it has. @throws if it gives none */
export async function fetchBatch(url: string, chainId: bigint, { batchHash, length }: Pick<SignedBatch, 'batchHash' | 'length'>): Promise<Uint8Array> {
  if (length > MAX_COMMITTEE_BATCH) throw new Error('no member keeps one so large')
  const response = await fetch(new URL(batchPath(chainId, batchHash), url), { signal: AbortSignal.timeout(TIMEOUT) })
  const bytes = await bounded(response, response.ok ? length : 1_000)
  if (!response.ok) throw new Error(`${response.status} ${new TextDecoder().decode(bytes).trim()}`)
  return bytes
}

/** A body, of a server that may never end it. */
async function bounded(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > limit) throw new Error(`its answer has more than ${limit} bytes`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

