import type { ClusterContracts } from '@causeway/l1'
import { loadArtefact, L1_PLACES } from '@causeway/prover-ultrahonk'
import type { Address, PublicClient } from 'viem'

/** What must hold for a running cluster to be safe or live, one line each, read from the running system. */
export async function trustReport({
  chains,
  contracts,
  l1,
}: {
  chains: readonly { name: string; batcher: Address; status(): Promise<{ policy: { attested: { k: number; signers: readonly unknown[] } } }> }[]
  contracts: ClusterContracts
  l1: PublicClient
}): Promise<string[]> {
  const artefact = await loadArtefact(L1_PLACES)
  const code = await l1.getCode({ address: contracts.verifier })
  const lines = [
    `setup: the SRS is a DEVELOPMENT one (tau = 2, digest ${artefact.srsDigest.slice(0, 18)}…): anybody can forge a proof; the verifier ${contracts.verifier} (${((code?.length ?? 2) - 2) / 2} bytes) refuses every chain id but development ones`,
    `upgrade keys: none; hub ${contracts.hub} and its verifier are immutable, and no account has a right over them`,
  ]
  for (const { name, batcher, status } of chains) {
    const { policy } = await status()
    const { k, signers } = policy.attested
    lines.push(
      `${name}: one sequencer orders and can censor until forced inclusion is enforced; its batcher is ${batcher}`,
      `${name}: \`attested\` ${k} of ${signers.length}: its signers can take all that the chain holds, issue its own tokens without limit wherever they are, and forge its messages; they can touch no other balance in the bridge`,
      `${name}: blobs on L1 hold its data for about 18 days; under \`attested\` only the signatures tie them to the state`,
    )
  }
  return lines
}
