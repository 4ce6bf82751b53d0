import { CausewayError, headerHash, statement, type AttestationSigner, type CertificateDraft, type Clock, type ClusterDomain, type Log, type Policy, type Signature } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import type { Chain } from '../chain.js'
import { entriesBetween, headerAt, type SettledPoint } from '../l1/settlement.js'
import { keys, put, read, type SignedRecord } from '../store/records.js'
import { contradiction, l1ReferencesOf, type L1References } from './l1-references.js'

/** Longest time (ms) a certificate may live: an attester signs none that would bind the chain longer. */
export const MAX_CERTIFICATE_LIFETIME = 24n * 3600_000n

/** What an attester judges by: its own blocks and its own view of L1. */
export type AttesterOptions = {
  chain: Chain
  reader: L1Reader
  domain: ClusterDomain
  policy: Policy
  signer: AttestationSigner
  settled(): SettledPoint
  /** Last block that L1's data gives up to a posting; undefined if this node has not derived that far. */
  derivedUpTo(daIndex: bigint): bigint | undefined
  clock: Clock
  log: Log
}

/** A signature, or why there is none. `later`: the node does not know enough yet. */
export type Attestation = { verdict: 'signed'; signer: number; statement: bigint; signature: Signature } | { verdict: 'later' | 'refused'; statement: bigint; reason: string }

/** Signs certificates of blocks that this node has executed itself, one statement a height until that one is dead. */
export function createAttester({ chain, reader, domain, policy, signer, settled, derivedUpTo }: AttesterOptions) {
  const index = policy.attested.signers.findIndex((key) => key.x === signer.publicKey.x && key.y === signer.publicKey.y)
  if (index < 0) throw new CausewayError("The attestation key is not one of the chain's policy.", { code: 'NOT_A_SIGNER', fix: 'use a key of the policy, or run the node without one' })
  const { store, engine } = chain

  function judge(draft: CertificateDraft, toBlock: bigint, claimed: bigint): { ok: true; references: L1References } | { ok: false; later: boolean; reason: string } {
    const no = (reason: string, later = false) => ({ ok: false as const, later, reason })
    const point = settled()
    if (draft.before.height > point.header.height) return no('this node has not seen the settlement it starts from', true)
    if (headerHash(draft.before) !== headerHash(point.header)) return no('it does not start at the settled header')
    const block = chain.block(toBlock)
    // Not the index that the proposal names, which nobody has signed.
    const daIndex = reader.daIndex(engine.chainId, draft.daHash)
    const derived = daIndex === null ? undefined : derivedUpTo(daIndex)
    if (!block || daIndex === null || derived === undefined) return no(`block ${toBlock} or the DA posting is not known here yet`, true)
    if (derived < toBlock) return no(`L1's data up to posting ${daIndex} ends at block ${derived}, before block ${toBlock}`)
    const { latest } = reader.heads
    if (draft.notAfter <= latest.timestamp || draft.notAfter > latest.timestamp + MAX_CERTIFICATE_LIFETIME) return no('notAfter is past or too far ahead')
    if (reader.inboxLength(engine.chainId) < block.accounting.l1InboxCursor) return no('L1 does not have the inbox entries yet', true)
    if (reader.inboxHash(engine.chainId, block.accounting.l1InboxCursor) !== block.inboxHash) return no('the L1 inbox is not the one that was executed')
    const entries = entriesBetween(chain, point.block, toBlock)
    const stated = { before: point.header, after: headerAt(block, point.header), entries, inboxHash: block.inboxHash, daHash: draft.daHash, notAfter: draft.notAfter }
    return statement(domain, stated) === claimed ? { ok: true, references: l1ReferencesOf({ ...stated, daIndex }) } : no(`executing blocks ${point.block + 1n} to ${toBlock} here gives another statement`)
  }

  return {
    index,
    /** Judges a proposal and signs it. The promise not to sign another is written before the signature exists. */
    async attest(draft: CertificateDraft, toBlock: bigint): Promise<Attestation> {
      const claimed = statement(domain, draft)
      const height = draft.before.height + 1n
      const judged = judge(draft, toBlock, claimed)
      if (!judged.ok) return { verdict: judged.later ? 'later' : 'refused', statement: claimed, reason: judged.reason }
      const held = read<SignedRecord>(store, keys.signed(height))
      if (held && held.statement !== claimed && held.notAfter >= reader.heads.finalized.timestamp && !contradiction(held.references, engine.chainId, reader))
        return { verdict: 'later', statement: claimed, reason: `another certificate of height ${height} lives until L1 time ${held.notAfter}` }
      await store.write([put(keys.signed(height), { statement: claimed, notAfter: draft.notAfter, references: judged.references } satisfies SignedRecord)])
      return { verdict: 'signed', signer: index, statement: claimed, signature: await signer.sign(claimed) }
    },
  }
}
