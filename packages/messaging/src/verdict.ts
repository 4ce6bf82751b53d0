import { domainSeparator, errorCode, toBytes32, type ClusterDomain, type LinkEvent } from '@causeway/core'
import { encodeAbiParameters, keccak256, type Address, type Hex, type LocalAccount } from 'viem'
import { isSignedBy } from './recover.js'

/** An aggregator's view of a certificate. */
export type SignedVerdict = Extract<LinkEvent, { kind: 'verdict' }>
/** A verdict without its signature. */
export type UnsignedVerdict = Omit<SignedVerdict, 'signature'>

/** Separates verdicts from everything else that an aggregator's account signs. */
const VERDICT_DOMAIN = 'Causeway verdict v1'

const VERDICT_ABI = [{ type: 'string' }, { type: 'bytes32' }, { type: 'uint64' }, { type: 'uint64' }, { type: 'bytes32' }, { type: 'string' }, { type: 'uint64' }, { type: 'uint64' }, { type: 'string' }] as const

/**
 * What an aggregator signs of a verdict: `keccak256(abi.encode("Causeway verdict v1", domain separator of the cluster, chainId, height,
 * statement, verdict, epoch, time, reason))`.
 */
function verdictDigest(domain: ClusterDomain, { chainId, height, statement, verdict, epoch, time, reason }: UnsignedVerdict): Hex {
  return keccak256(encodeAbiParameters(VERDICT_ABI, [VERDICT_DOMAIN, domainSeparator(domain), chainId, height, toBytes32(statement), verdict, epoch, time, reason]))
}

/** Signs a verdict (EIP-191) with the account that settles epochs on L1. */
export async function signVerdict(domain: ClusterDomain, verdict: UnsignedVerdict, account: Pick<LocalAccount, 'signMessage'>): Promise<SignedVerdict> {
  return { ...verdict, signature: await account.signMessage({ message: { raw: verdictDigest(domain, verdict) } }) }
}

/** Whether an aggregator made this verdict. False for anything malformed; never throws. */
export function verifyVerdict(domain: ClusterDomain, verdict: SignedVerdict, aggregator: Address): boolean {
  try {
    return isSignedBy(verdictDigest(domain, verdict), verdict.signature, aggregator)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return false
  }
}
