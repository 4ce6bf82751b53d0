import { CAPACITY, type EpochResult, type EpochWitness } from '@causeway/core'
import type { Hex } from 'viem'
import { certificatePlace, emptyPlace } from './certificate-inputs.js'
import { digest, field, pad, path, type CircuitValue } from './circuit-values.js'

/** The inputs of the circuit `epoch-<places>`, as noir_js takes them. */
export type CircuitInputs = { [name: string]: CircuitValue }

const DEPTH = 32

/** The public inputs by name, in the order of docs/protocol.md, section 11. */
export const PUBLIC_INPUTS = [
  'domain_hi',
  'domain_lo',
  'l1_chain_id',
  'epoch',
  'time',
  'root_from',
  'root_to',
  'queue_from_hi',
  'queue_from_lo',
  'queue_to_hi',
  'queue_to_lo',
  'acc_from_hi',
  'acc_from_lo',
  'acc_to_hi',
  'acc_to_lo',
  'beneficiary',
] as const

/**
 * Lays an epoch out for the circuit: padding, column order, limbs. It judges nothing: the twin does before, the circuit after.
 * @param places certificate places of the circuit
 * @throws `EPOCH_TOO_LARGE` if something does not fit the circuit's arrays
 */
export function toCircuitInputs(epoch: EpochWitness, { publicInputs }: Pick<EpochResult, 'publicInputs'>, places: number): CircuitInputs {
  const inputs: CircuitInputs = {}
  PUBLIC_INPUTS.forEach((name, i) => (inputs[name] = field(publicInputs[i] as bigint)))
  inputs['queue'] = pad(epoch.queue, CAPACITY.queue, 'queue entries', queuePlace, () => queuePlace(undefined))
  inputs['certificates'] = pad(
    epoch.certificates,
    places,
    'certificates',
    (certificate) => certificatePlace(certificate, epoch.domain.l1ChainId),
    () => emptyPlace(),
  )
  return inputs
}

function queuePlace(item: EpochWitness['queue'][number] | undefined): CircuitValue {
  const zero: Hex = `0x${'00'.repeat(32)}`
  const { kind = 0, slot = 0n, chainId = 0n, stateRoot = zero, policyHash: policy = zero } = item?.entry ?? {}
  return {
    used: item !== undefined,
    kind,
    slot: field(slot),
    chain_id: field(chainId),
    ...digest('state_root', stateRoot),
    ...digest('policy_hash', policy),
    leaf: field(item?.leaf ?? 0n),
    siblings: path(item?.siblings ?? [], DEPTH),
  }
}

