import type { Membership } from '@causeway/cluster'
import { style, type Output } from '../output.js'
import { projectMembership, type ClusterChoice } from './membership.js'

/** Shows what joining takes, and does it unless it is only to be shown. */
export async function join({ dryRun = false, ...choice }: ClusterChoice & { dryRun?: boolean }, output: Output): Promise<void> {
  const membership = await projectMembership(choice)
  try {
    await show(membership, output)
    if (!dryRun && !(await isMember(membership))) {
      output.line('joining …')
      await membership.join()
      await show(membership, output)
    }
    const steps = await membership.steps()
    output.result({ chainId: membership.definition.chain.id, owner: membership.owner, batcher: membership.batcher, hub: membership.cluster.contracts.hub, steps }, [
      steps.every(({ done }) => done) ? `chain ${membership.definition.chain.id} is a member; \`causeway start\` runs its nodes` : 'nothing was changed; without --dry-run it is done',
    ])
  } finally {
    membership.close()
  }
}

const isMember = async (membership: Membership): Promise<boolean> => (await membership.steps()).every(({ done }) => done)

async function show(membership: Membership, output: Output): Promise<void> {
  for (const { what, done } of await membership.steps()) output.line(`  ${done ? style('green', '✓') : style('yellow', '·')} ${what}`)
}
