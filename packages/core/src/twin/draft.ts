import type { Hex } from 'viem'
import type { Certificate, ChainHeader, ClusterDomain, Entry, Policy } from '../protocol/types.js'
import { statement } from '../protocol/statement.js'
import type { AttestationSigner } from '../seams/host.js'
import type { NodeStore } from '../tree/tree.js'
import { applyEntries, type AccountingContext } from './accounting.js'

/** A certificate before anybody signed it. */
export type CertificateDraft = Omit<Certificate, 'signatures'>

/** What a chain knows when it closes a certificate. */
export type DraftParameters = {
  before: ChainHeader
  entries: readonly Entry[]
  stateRoot: Hex
  /** Time of the last block covered, ms. */
  timestamp: bigint
  inboxHashBefore: Hex
  inboxHash: Hex
  daIndex: bigint
  daHash: Hex
  notAfter: bigint
  policy: Policy
}

/** Closes a certificate on a chain's own trees. @throws the rules of {@link applyEntries} */
export function draftCertificate(nodes: NodeStore, parameters: DraftParameters, slotOf: AccountingContext['slotOf']): CertificateDraft {
  const { before, entries, stateRoot, timestamp, ...rest } = parameters
  const { state, openings } = applyEntries(nodes, before, entries, { chainId: before.chainId, policyHash: before.policyHash, slotOf })
  return { ...rest, before, entries, openings, after: { ...before, ...state, height: before.height + 1n, timestamp, stateRoot } }
}

/** Signs a draft with the given signers, in the order the policy wants. Keys that are not in the policy are left out. */
export async function signDraft(domain: ClusterDomain, draft: CertificateDraft, signers: readonly AttestationSigner[]): Promise<Certificate> {
  const signed = statement(domain, draft)
  const signatures = await Promise.all(
    draft.policy.attested.signers.map(async (key, signer) => {
      const holder = signers.find(({ publicKey }) => publicKey.x === key.x && publicKey.y === key.y)
      return holder ? [{ signer, signature: await holder.sign(signed) }] : []
    }),
  )
  return { ...draft, signatures: signatures.flat() }
}

/** A stable name of a draft or certificate, for logs and job ids. */
export function certificateName({ before }: Pick<Certificate, 'before'>): string {
  return `${before.chainId}/${before.height + 1n}`
}

