import { checkSignatures, eraOf, errorCode, schnorrVerify, type ClusterDomain, type LinkEvent, type Policy } from '@causeway/core'
import type { Address } from 'viem'
import { verifyHead } from './head.js'
import { accountName, attesterName, type KeyName } from './identity.js'
import { verifyProposal } from './proposal.js'
import { verifyVerdict } from './verdict.js'

/** Who speaks for a chain, as L1 has it now; `era` counts the changes of its batcher. `policy` is null if the one published is not the registered one. */
export type LinkMember = { chainId: bigint; batcher: Address; era: bigint; policyHash: bigint; policy: Policy | null }
/** L1 as a relay needs it. The relay asks anew each time, so that a key counts as soon as L1 has it, and no longer. */
export type LinkMembers = { find(chainId: bigint): LinkMember | undefined; all(): readonly LinkMember[] }

/** What a relay knows of who may say what. */
export type Admission = {
  /** Whether one of the keys is a member's or the aggregator's. */
  isMember(keys: ReadonlySet<KeyName>): boolean
  /** Whether one of the keys is of this chain: only those are asked about it. */
  speaksFor(keys: ReadonlySet<KeyName>, chainId: bigint): boolean
  /** Whether one of the keys may say this at all. Costs nothing. */
  mayPublish(keys: ReadonlySet<KeyName>, event: LinkEvent): boolean
  /** Whether what it says is signed as it has to be. */
  isGenuine(event: LinkEvent): boolean
}

/** About what checking an event costs, in ms on the machine of docs/: the native recovery of a signature takes 0.1, a Schnorr signature 3, a statement 2. */
export function costOf(event: LinkEvent): number {
  switch (event.kind) {
    case 'head':
      return 0.5 + event.head.messages.length * 0.2
    case 'proposal':
      return 3
    case 'attestation':
      return 3
    case 'certificate':
      return 3 + 3 * event.certificate.signatures.length
    case 'refusal':
    case 'verdict':
      return 0.5
  }
}

/** Makes an {@link Admission}. */
export function createAdmission({ domain, members, aggregator }: { domain: ClusterDomain; members: LinkMembers; aggregator?: Address }): Admission {
  // Numbers of 77 digits are not written anew for each question.
  const names = new WeakMap<LinkMember, { batcher: KeyName; signers: readonly KeyName[] }>()
  const namesOf = (chainId: bigint) => {
    const member = members.find(chainId)
    if (!member) return undefined
    const known = names.get(member) ?? { batcher: accountName(member.batcher), signers: (member.policy?.attested.signers ?? []).map(attesterName) }
    names.set(member, known)
    return known
  }
  const isBatcher = (keys: ReadonlySet<KeyName>, chainId: bigint) => {
    const known = namesOf(chainId)
    return known !== undefined && keys.has(known.batcher)
  }
  const isAttester = (keys: ReadonlySet<KeyName>, chainId: bigint, signer?: number) => {
    const signers = namesOf(chainId)?.signers ?? []
    const named = signer === undefined ? undefined : signers[signer]
    return signer === undefined ? signers.some((key) => keys.has(key)) : named !== undefined && keys.has(named)
  }
  const speaksFor = (keys: ReadonlySet<KeyName>, chainId: bigint) => isBatcher(keys, chainId) || isAttester(keys, chainId)

  return {
    isMember: (keys) => keys.size > 0 && ((aggregator !== undefined && keys.has(accountName(aggregator))) || members.all().some(({ chainId }) => speaksFor(keys, chainId))),
    speaksFor,
    mayPublish(keys, event) {
      switch (event.kind) {
        case 'head':
          // A peer may see L1 move to another era before the relay does, or after it: no fault of its.
          return isBatcher(keys, event.head.chainId) && eraOf(event.head.incarnation) === members.find(event.head.chainId)?.era
        case 'proposal':
          return isBatcher(keys, event.draft.before.chainId)
        case 'attestation':
          return isAttester(keys, event.chainId, event.signer)
        case 'refusal':
          return isAttester(keys, event.chainId)
        case 'certificate':
          return speaksFor(keys, event.certificate.before.chainId)
        case 'verdict':
          return aggregator !== undefined && keys.has(accountName(aggregator))
      }
    },
    isGenuine(event) {
      switch (event.kind) {
        case 'head': {
          const member = members.find(event.head.chainId)
          return member !== undefined && event.head.policyHash === member.policyHash && verifyHead(domain, event.head, member)
        }
        case 'proposal': {
          const member = members.find(event.draft.before.chainId)
          return member !== undefined && event.draft.before.policyHash === member.policyHash && verifyProposal(domain, event, member.batcher)
        }
        case 'attestation': {
          const key = members.find(event.chainId)?.policy?.attested.signers[event.signer]
          return key !== undefined && schnorrVerify(key, event.statement, event.signature)
        }
        case 'certificate': {
          const { certificate } = event
          return members.find(certificate.before.chainId)?.policyHash === certificate.before.policyHash && passes(() => checkSignatures(certificate, domain))
        }
        case 'verdict':
          return aggregator !== undefined && verifyVerdict(domain, event, aggregator)
        case 'refusal':
          return true
      }
    },
  }
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return false
  }
}
