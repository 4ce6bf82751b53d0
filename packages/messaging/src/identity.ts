import {
  domainSeparator,
  limbs,
  parser as p,
  poseidon2,
  schnorrVerify,
  TAG,
  type AttestationSigner,
  type ClusterDomain,
  type Parser,
  type PublicKey,
  type Signature,
} from '@causeway/core'
import { encodeAbiParameters, keccak256, stringToHex, type Address, type Hex, type LocalAccount } from 'viem'
import { isSignedBy } from './recover.js'

/** The keys that a peer proves to a relay: what it may say follows from what L1 has registered them for. */
export type LinkKeys = {
  domain: ClusterDomain
  /** Batchers' accounts, or the aggregator's. */
  accounts?: readonly Pick<LocalAccount, 'address' | 'signMessage'>[]
  /** Attestation keys. */
  attesters?: readonly AttestationSigner[]
}

/** A key and its signature of one relay's challenge. */
export type KeyProof = { kind: 'account'; address: Address; signature: Hex } | { kind: 'attester'; key: PublicKey; signature: Signature }

/** What is signed: a number that a relay has drawn for one connection, and the name under which the peer has reached it, so that no other relay can use it. */
export type Challenge = { nonce: Hex; host: string }

/** A proven key, as text. */
export type KeyName = string
/** Keys that a peer may prove at most. */
export const MAX_KEYS = 8

const KEY_DOMAIN = 'Causeway link v1'

/** The name of an account's key. */
export const accountName = (address: Address): KeyName => `account/${address.toLowerCase()}`
/** The name of an attestation key. */
export const attesterName = ({ x, y }: PublicKey): KeyName => `attester/${x}/${y}`

const field = p.field
const proof: Parser<KeyProof> = p.variants('kind', {
  account: p.object({ kind: p.oneOf(['account']), address: p.address, signature: p.bytes(65) }),
  attester: p.object({ kind: p.oneOf(['attester']), key: p.object({ x: field, y: field }), signature: p.object({ s: p.uint(256), e: field }) }),
})
/** Reads the proofs of a peer. */
export const proofs: Parser<KeyProof[]> = p.list(proof, 0, MAX_KEYS)

/** What an account signs (EIP-191): `keccak256(abi.encode("Causeway link v1", domain separator, nonce, host))`. */
function accountDigest(domain: ClusterDomain, { nonce, host }: Challenge): Hex {
  return keccak256(encodeAbiParameters([{ type: 'string' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'string' }], [KEY_DOMAIN, domainSeparator(domain), nonce, host]))
}

/** What an attestation key signs: `H(LINK; domain hi, lo, nonce hi, lo, keccak256(host) hi, lo)`; the tag keeps it apart from every statement. */
function attesterDigest(domain: ClusterDomain, { nonce, host }: Challenge): bigint {
  return poseidon2(TAG.link, [...limbs(domainSeparator(domain)), ...limbs(nonce), ...limbs(keccak256(stringToHex(host)))])
}

/** Signs a relay's challenge with all of one's keys. */
export function proveKeys({ domain, accounts = [], attesters = [] }: LinkKeys, challenge: Challenge): Promise<KeyProof[]> {
  const digest = accountDigest(domain, challenge)
  return Promise.all([
    ...accounts.map(async (account): Promise<KeyProof> => ({ kind: 'account', address: account.address, signature: await account.signMessage({ message: { raw: digest } }) })),
    ...attesters.map(async (signer): Promise<KeyProof> => ({ kind: 'attester', key: signer.publicKey, signature: await signer.sign(attesterDigest(domain, challenge)) })),
  ])
}

/** The keys of proofs that hold; the others are left out. */
export function provenKeys(domain: ClusterDomain, given: readonly KeyProof[], challenge: Challenge): Set<KeyName> {
  const names = new Set<KeyName>()
  for (const one of given) {
    if (one.kind === 'account' && isSignedBy(accountDigest(domain, challenge), one.signature, one.address)) names.add(accountName(one.address))
    if (one.kind === 'attester' && schnorrVerify(one.key, attesterDigest(domain, challenge), one.signature)) names.add(attesterName(one.key))
  }
  return names
}

