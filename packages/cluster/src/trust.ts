import { causewayHubAbi, committeeAvailabilityAbi } from '@causeway/contracts'
import { DA_KINDS, daKindName, decodePolicy, type Policy, type Token } from '@causeway/core'
import { devAccounts, type ClusterContracts, type L1Reader, type RegistrationRecord } from '@causeway/l1'
import { createMembers } from '@causeway/node'
import { specDigest } from '@causeway/node'
import { DEVELOPMENT_SRS_DIGESTS, loadArtefact, L1_PLACES } from '@causeway/prover-ultrahonk'
import { zeroAddress, type Address, type PublicClient } from 'viem'

/** What {@link trustReport} is told; all else it reads from L1. */
export type TrustParameters = {
  l1: PublicClient
  /** Polled now. */
  reader: Pick<L1Reader, 'registrations' | 'batchers' | 'epochs' | 'postings'>
  contracts: ClusterContracts
  /** Where this version's contracts would be on any L1: addresses that commit to their code. */
  expected: ClusterContracts
  /** Chains to report on; `imports`: unsettled value (smallest units of a token) that it accepts of others. */
  chains: readonly { name: string; chainId: bigint; imports: readonly { from: string; cap: bigint | ((token: Token) => bigint) }[] }[]
  /** Attestation keys at hand: who has each, and where they lie. */
  keys: { file: string; held: readonly { name: string; publicKey: { x: bigint; y: bigint } }[] }
  /** Account of the aggregator that runs here, or null. */
  aggregator: Address | null
}

/** What must hold for a running cluster to be safe or live, one line each, read from the running system. */
export async function trustReport({ l1, reader, contracts, expected, chains, keys, aggregator }: TrustParameters): Promise<string[]> {
  const [chainId, client] = await Promise.all([l1.getChainId(), l1.request({ method: 'web3_clientVersion' }).catch(() => 'a client that does not give its name')])
  const isDevNode = /anvil|hardhat|ganache/i.test(client)
  const lines = [
    `L1: ${client}, chain id ${chainId}${isDevNode ? ': a development node; whoever runs it decides what is settled' : ''}`,
    await setupLine(l1, contracts.hub, expected.verifier),
    same(contracts.hub, expected.hub)
      ? `upgrade keys: none; the code of hub ${contracts.hub}, inbox, bridge and verifier is this version's (their addresses commit to it), immutable, and no account has a right over it`
      : `upgrade keys: unknown; the hub ${contracts.hub} is not made of this version's code, which would be at ${expected.hub}`,
    `aggregator: ${aggregator ? `${aggregator}${publicKeyNote(aggregator)} composes, proves and settles here` : 'none runs here'}; anybody may, and one that stops or leaves a chain out only delays`,
  ]
  const members = createMembers(reader)
  for (const { name, chainId: id, imports } of chains) {
    const member = members.find(id)
    if (!member) {
      lines.push(`${name}: not registered on this L1`)
      continue
    }
    const { batcher, registration: registered } = member
    lines.push(
      batcher === zeroAddress
        ? `${name}: its owner has revoked its batcher: nobody posts, and nothing of it settles, until the owner applies another`
        : `${name}: one sequencer orders, and can censor: its chain may ignore its L1 inbox; its batches and heads are signed by ${batcher}${publicKeyNote(batcher)}`,
      await ownerLine(l1, contracts.hub, name, id),
      policyLine(name, decodePolicy(registered.policy), keys),
      `${name}: ${registered.spec === '' ? 'has published no rules: nodes with others find out when they diverge' : `its rules (spec ${specDigest(registered.spec).slice(0, 18)}…) are published at its registration; a node with others does not start, and nothing but its signers makes the chain keep them`}`,
      `${name}: its data is ${await dataWords(l1, registered, isDevNode)} (${reader.postings(id).length} batches so far); under \`attested\` only the signatures tie them to the state`,
    )
    if (imports.length > 0) lines.push(`${name}: executes messages of ${imports.map(({ from, cap }) => `${from} (${typeof cap === 'bigint' ? `up to ${cap} of each token` : 'up to a limit for each token'})`).join(' and ')} before they have settled; what then does not settle is rolled back`)
  }
  return lines
}

/** Where the batches of a chain are, and for how long. */
async function dataWords(l1: PublicClient, { daKind, daAdapter }: Pick<RegistrationRecord, 'daKind' | 'daAdapter'>, isDevNode: boolean): Promise<string> {
  if (daKind === DA_KINDS.adapter) return committeeWords(l1, daAdapter)
  const kept = isDevNode ? 'which no node but this development L1 keeps' : daKind === DA_KINDS.calldata ? 'which every L1 node with all receipts keeps' : 'which L1 nodes keep for about 18 days'
  return `in ${daKindName(daKind)}, ${kept}`
}

/** What an adapter says of itself, if it is a committee. */
async function committeeWords(l1: PublicClient, address: Address): Promise<string> {
  const contract = { address, abi: committeeAvailabilityAbi } as const
  try {
    const [threshold, members] = await Promise.all([l1.readContract({ ...contract, functionName: 'threshold' }), l1.readContract({ ...contract, functionName: 'members' })])
    return `where its committee ${address} keeps it, off L1: ${threshold} of ${members.length} members sign that they do, and so many can have it lost, which stops the chain`
  } catch {
    return `where the contract ${address} says, which alone decides what counts as posted`
  }
}

/** Who may change the batcher of a chain. */
async function ownerLine(l1: PublicClient, hub: Address, name: string, chainId: bigint): Promise<string> {
  const contract = { address: hub, abi: causewayHubAbi } as const
  const [{ owner, announced, applicableFrom, nextOwner }, delay] = await Promise.all([
    l1.readContract({ ...contract, functionName: 'controlOf', args: [chainId] }),
    l1.readContract({ ...contract, functionName: 'BATCHER_DELAY' }),
  ])
  if (owner === zeroAddress) return `${name}: nobody owns it: its batcher is for ever, and so is whatever becomes of its key`
  return [
    `${name}: ${owner}${publicKeyNote(owner)} owns it: it can stop its batcher at once, and replace it by one that it has announced ${delay / 3600n} hours before`,
    ...(announced === zeroAddress ? [] : [`it has announced ${announced}${publicKeyNote(announced)}, which it can apply from L1 time ${new Date(Number(applicableFrom) * 1000).toISOString()} on`]),
    ...(nextOwner === zeroAddress ? [] : [`it has offered the chain to ${nextOwner}`]),
  ].join('; ')
}

/** The setup of the verifier that the hub asks. */
async function setupLine(l1: PublicClient, hub: Address, expected: Address): Promise<string> {
  const verifier = await l1.readContract({ address: hub, abi: causewayHubAbi, functionName: 'verifier' })
  if (!same(verifier, expected)) return `setup: unknown; the hub asks the verifier ${verifier}, which is not this version's`
  const { log2, srsDigest } = await loadArtefact(L1_PLACES)
  if (DEVELOPMENT_SRS_DIGESTS[log2] !== srsDigest) return `setup: the verifier ${verifier} is sound if nobody knows the secret of the SRS with the digest ${srsDigest}`
  return `setup: the SRS of the verifier ${verifier} is a DEVELOPMENT one (tau = 2, digest ${srsDigest.slice(0, 18)}…): anybody can forge a proof, so it refuses every chain id but development ones`
}

function policyLine(name: string, { attested: { k, signers } }: Policy, { file, held }: TrustParameters['keys']): string {
  const here = held.filter(({ publicKey: { x, y } }) => signers.some((signer) => signer.x === x && signer.y === y)).map((key) => key.name)
  const where = here.length === 0 ? 'none of its keys is here' : `${here.length >= k ? 'enough of' : 'of'} its keys, ${here.join(' and ')}, ${here.length === 1 ? 'is' : 'are'} in ${file}`
  return `${name}: \`attested\` ${k} of ${signers.length} (${where}): its signers can take all that the chain holds, issue its own tokens without limit wherever they are, and forge its messages; they can touch no other balance in the bridge`
}

/** Development accounts are everybody's. */
function publicKeyNote(address: Address): string {
  return devAccounts.some((account) => same(account.address, address)) ? ' (a development account: its key is public)' : ''
}

function same(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
