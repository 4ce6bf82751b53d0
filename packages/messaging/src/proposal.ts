import { domainSeparator, errorCode, statement, toBytes32, type CertificateDraft, type ClusterDomain, type LinkEvent } from '@causeway/core'
import { encodeAbiParameters, keccak256, type Address, type Hex, type LocalAccount } from 'viem'
import { isSignedBy } from './recover.js'

/** A sequencer's question to its attesters. */
export type Proposal = Extract<LinkEvent, { kind: 'proposal' }>

/** Separates proposals from everything else that a batcher signs. */
const PROPOSAL_DOMAIN = 'Causeway proposal v1'

/** What a batcher signs of a proposal: `keccak256(abi.encode("Causeway proposal v1", domain separator, statement, toBlock))`. */
function proposalDigest(domain: ClusterDomain, { draft, toBlock }: Pick<Proposal, 'draft' | 'toBlock'>): Hex {
  const types = [{ type: 'string' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint64' }] as const
  return keccak256(encodeAbiParameters(types, [PROPOSAL_DOMAIN, domainSeparator(domain), toBytes32(statement(domain, draft)), toBlock]))
}

/** Signs a proposal (EIP-191) with the chain's batcher account. @throws `OUT_OF_RANGE` for a draft with a field beyond its range */
export async function signProposal(domain: ClusterDomain, draft: CertificateDraft, toBlock: bigint, account: Pick<LocalAccount, 'signMessage'>): Promise<Proposal> {
  return { kind: 'proposal', draft, toBlock, signature: await account.signMessage({ message: { raw: proposalDigest(domain, { draft, toBlock }) } }) }
}

/**
 * Whether the chain's present batcher (as L1 has it) made this proposal. An attester that signs for a height is bound until
 * that certificate is dead, so it listens to nobody else. False for anything malformed; never throws.
 */
export function verifyProposal(domain: ClusterDomain, proposal: Proposal, batcher: Address): boolean {
  try {
    return isSignedBy(proposalDigest(domain, proposal), proposal.signature, batcher)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return false
  }
}
