import { CausewayError, daKindName, decodePolicy, policyHash } from '@causeway/core'
import type { ChainRegistration } from '@causeway/l1'
import { isAddressEqual, zeroAddress, type Address, type Hex } from 'viem'
import { specDifferences } from '../definition/spec.js'
import type { Member, Members } from './members.js'

/** A chain as its own node has it; `owner` if it is told who has registered it, `batcher` if it is its sequencer. */
export type OwnRegistration = { chainId: bigint; stateRoot: Hex; policyHash: bigint; daKind: number; daAdapter: Address; spec: string; owner?: Address; batcher?: Address }

/**
 * Why a node may not go on with its chain. Code `OTHER_REGISTRATION`, naming what differs, if what L1 has registered under its id is another
 * chain (ids are taken by whoever comes first); `BATCHER_CHANGED` if the node sequences and L1 has given the chain another batcher since.
 */
export function otherRegistration(members: Pick<Members, 'find'>, { chainId, stateRoot, policyHash: hash, daKind, daAdapter, spec, owner, batcher }: OwnRegistration): CausewayError | undefined {
  const member = members.find(chainId)
  if (!member) return undefined
  const { registration: registered, era } = member
  const differs = [
    ...engineDifferences(spec, registered.spec),
    ...(registered.stateRoot === stateRoot ? [] : [`genesis state root ${registered.stateRoot}, not ${stateRoot}`]),
    ...(registered.policyHash === hash ? [] : ['another policy']),
    ...(registered.daKind === daKind ? [] : [`data availability by ${daKindName(registered.daKind)}, not ${daKindName(daKind)}`]),
    ...(isAddressEqual(registered.daAdapter, daAdapter) ? [] : [`the adapter ${registered.daAdapter} of its data availability, not ${daAdapter}`]),
    ...(!owner || isAddressEqual(registered.owner, owner) ? [] : [`owner ${registered.owner}, not ${owner}`]),
    ...(!batcher || era > 0n || isAddressEqual(registered.batcher, batcher) ? [] : [`batcher ${registered.batcher}, not ${batcher}`]),
  ]
  if (differs.length > 0)
    return new CausewayError(`The hub has registered chain ${chainId} with ${differs.join(', and ')}.`, {
      code: 'OTHER_REGISTRATION',
      fix: 'start the node with the definition that was registered (engine and its options, policy, data availability, owner) and the batcher, or register the chain under an id of its own',
    })
  return batcher && !isAddressEqual(member.batcher, batcher) ? batcherChanged(member, batcher) : undefined
}

/** Why a registration cannot be sent, or need not be, if L1 has another one under its id: the error of {@link otherRegistration}. */
export function registrationConflict(members: Pick<Members, 'find'>, { policy, daAdapter = zeroAddress, ...registration }: ChainRegistration): CausewayError | undefined {
  return otherRegistration(members, { ...registration, daAdapter, policyHash: policyHash(decodePolicy(policy)) })
}

/** Of what the registration does not have fields for: how blocks run. Whoever publishes no spec has it compared with nothing. */
function engineDifferences(own: string, registered: string): string[] {
  return registered === '' || registered === own ? [] : specDifferences(own, registered).filter((line) => !/^(chain|da|policy)\./.test(line))
}

function batcherChanged({ chainId, batcher, era }: Member, own: Address): CausewayError {
  const docs = 'protocol.md#9a-rotation-of-the-batcher'
  if (batcher === zeroAddress)
    return new CausewayError(`The owner of chain ${chainId} has revoked its batcher (era ${era}): nobody may post.`, {
      ...{ code: 'BATCHER_CHANGED', docs },
      fix: 'once the owner has applied another batcher, start the sequencer with its key, on the same database',
    })
  return new CausewayError(`The batcher of chain ${chainId} is ${batcher} since its owner has changed it (era ${era}), not ${own}.`, {
    ...{ code: 'BATCHER_CHANGED', docs },
    fix: `start the sequencer with the key of ${batcher}, on the same database; if somebody else has that key, run this node as a follower`,
  })
}
