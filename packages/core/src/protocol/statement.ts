import { hashDomain, type Hex } from 'viem'
import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { headerHash } from './header.js'
import { limbs, uint } from './limits.js'
import { messageLeaf } from './message.js'
import type { Certificate, ClusterDomain, Entry } from './types.js'

/** EIP-712 domain separator of a cluster. */
export function domainSeparator({ l1ChainId, hub, clusterId }: ClusterDomain): Hex {
  return hashDomain({
    domain: { name: 'Causeway', version: '1', chainId: l1ChainId, verifyingContract: hub, salt: clusterId },
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
        { name: 'chainId', type: 'uint256' },
        { name: 'verifyingContract', type: 'address' },
        { name: 'salt', type: 'bytes32' },
      ],
    },
  })
}

const ENTRY_KIND = { l1: 1n, import: 2n, export: 3n } as const

/** The leaf that stands for an entry in the entries digest; `policyHash` is the certifying chain's. */
export function entryLeaf(entry: Entry, policyHash: bigint): bigint {
  if (entry.kind === 'l1') return 0n
  return messageLeaf(entry.message, entry.kind === 'import' ? entry.policyHash : policyHash)
}

/** Ordered digest of a certificate's entries (docs/protocol.md, section 7). */
export function entriesDigest(entries: readonly Entry[], policyHash: bigint): bigint {
  return entries.reduce(
    (digest, entry) => poseidon2(TAG.entry, [digest, ENTRY_KIND[entry.kind] + (uint(64, entry.time, 'entry.time') << 8n), entryLeaf(entry, policyHash)]),
    0n,
  )
}

/** What is signed, without the signatures. */
export type Unsigned = Pick<Certificate, 'before' | 'after' | 'entries' | 'inboxHash' | 'daHash' | 'notAfter'>

/** The statement of a certificate: what every signer and every proof system states about it. */
export function statement(domain: ClusterDomain, certificate: Unsigned): bigint {
  const { before, after } = certificate
  return poseidon2(TAG.statement, [
    ...limbs(domainSeparator(domain), 'domain'),
    headerHash(before),
    headerHash(after),
    ...limbs(certificate.inboxHash, 'inboxHash'),
    entriesDigest(certificate.entries, before.policyHash),
    ...limbs(certificate.daHash, 'daHash'),
    uint(64, certificate.notAfter, 'notAfter'),
  ])
}
