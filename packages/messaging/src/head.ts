import { domainSeparator, eraOf, errorCode, messageHash, parseSignedHead, toBytes32, type ClusterDomain, type SignedHead } from '@causeway/core'
import { encodeAbiParameters, keccak256, type Address, type Hex, type LocalAccount } from 'viem'
import { isSignedBy } from './recover.js'

/** A head without its signature. */
export type UnsignedHead = Omit<SignedHead, 'signature'>

/** Separates head digests from everything else that a batcher signs. */
const HEAD_DOMAIN = 'Causeway head v1'

/** An outbox holds at most 2^32 messages (docs/protocol.md, section 1). */
const MAX_NONCE = 1n << 32n

const HEAD_ABI = [
  { type: 'string' },
  { type: 'bytes32' },
  { type: 'uint64' },
  { type: 'uint128' },
  { type: 'uint64' },
  { type: 'bytes32' },
  { type: 'bytes32' },
  { type: 'uint64' },
  { type: 'bytes32' },
  { type: 'bytes32[]' },
] as const

/**
 * What a batcher signs of a block: `keccak256(abi.encode("Causeway head v1", domain separator of the cluster, chainId, incarnation,
 * number, hash, parentHash, timestamp, policyHash, messageHash[]))`.
 * @throws CausewayError `OUT_OF_RANGE` for a message with a field beyond its range
 */
export function headDigest(domain: ClusterDomain, head: UnsignedHead): Hex {
  return keccak256(
    encodeAbiParameters(HEAD_ABI, [
      HEAD_DOMAIN,
      domainSeparator(domain),
      head.chainId,
      head.incarnation,
      head.number,
      head.hash,
      head.parentHash,
      head.timestamp,
      toBytes32(head.policyHash),
      head.messages.map((message) => toBytes32(messageHash(message))),
    ]),
  )
}

/** Signs a head (EIP-191 over the 32 bytes of {@link headDigest}) with the chain's batcher account. */
export async function signHead(domain: ClusterDomain, head: UnsignedHead, account: Pick<LocalAccount, 'signMessage'>): Promise<SignedHead> {
  return { ...head, signature: await account.signMessage({ message: { raw: headDigest(domain, head) } }) }
}

/**
 * Whether the chain's present batcher (as L1 has it) signed this head in its own era, and its messages can be the head's: sent by this
 * chain at this block's time, with consecutive nonces. False for anything malformed; never throws.
 */
export function verifyHead(domain: ClusterDomain, head: SignedHead, { batcher, era }: { batcher: Address; era: bigint }): boolean {
  try {
    parseSignedHead(head)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return false
  }
  const first = head.messages[0]?.nonce ?? 0n
  const possible = head.messages.every(
    (message, i) => message.nonce < MAX_NONCE && message.source === head.chainId && message.destination !== head.chainId && message.timestamp === head.timestamp && message.nonce === first + BigInt(i),
  )
  // An account may be the batcher of several eras: what it has signed in another one says nothing now.
  if (!possible || eraOf(head.incarnation) !== era) return false
  return isSignedBy(headDigest(domain, head), head.signature, batcher)
}
