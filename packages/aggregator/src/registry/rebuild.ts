import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import type { EpochRecord, RegistrationRecord } from '@causeway/l1'
import type { Address, PublicClient } from 'viem'
import { settledEpochOf } from '../epoch/epoch-data.js'
import { chainQueue } from '../settlement/l1-settlement.js'
import { applySettledEpoch, emptyRegistry, type Registry } from './registry.js'

/** The cluster, made again from L1. */
export type RebuiltCluster = {
  registry: Registry
  /** All outbox leaves of a chain in order, by chain id. The trees are in `registry.nodes`. */
  outboxes: ReadonlyMap<bigint, readonly bigint[]>
}

/** What {@link rebuildFromL1} needs. */
export type RebuildParameters = {
  client: PublicClient
  hub: Address
  /** Block of the hub's deployment, or an earlier one. Default 0. */
  fromBlock?: bigint
  /** Last block to read. Default: the latest. */
  toBlock?: bigint
  /** Largest number of blocks asked for at once. Default 2000. */
  maxBlockRange?: bigint
}

/**
 * Rebuilds the registry tree and every outbox from the hub's logs alone. Whoever aggregated before, and whatever they keep
 * to themselves, this is all that it takes to make the next epoch.
 * @throws `REGISTRY_MISMATCH` if an epoch's data does not give the root in its event
 */
export async function rebuildFromL1({ client, hub, fromBlock = 0n, toBlock, maxBlockRange = 2000n }: RebuildParameters): Promise<RebuiltCluster> {
  const end = toBlock ?? (await client.getBlockNumber({ cacheTime: 0 }))
  const registrations: Registration[] = []
  const epochs: Settlement[] = []
  for (let from = fromBlock; from <= end; from += maxBlockRange) {
    const to = from + maxBlockRange - 1n
    const range = { address: hub, abi: causewayHubAbi, fromBlock: from, toBlock: to < end ? to : end, strict: true } as const
    for (const { args } of await client.getContractEvents({ ...range, eventName: 'ChainRegistered' }))
      registrations.push({ ...args.registration, slot: BigInt(args.slot), queueIndex: args.queueIndex, policyHash: BigInt(args.policyHash) })
    for (const { args } of await client.getContractEvents({ ...range, eventName: 'EpochSettled' })) epochs.push(args)
  }
  return rebuildFromEvents({ registrations, epochs, l1ChainId: BigInt(await client.getChainId()) })
}

type Registration = Pick<RegistrationRecord, 'slot' | 'chainId' | 'queueIndex' | 'stateRoot' | 'policyHash'>
type Settlement = Pick<EpochRecord, 'oldRoot' | 'newRoot' | 'data'>

/** {@link rebuildFromL1} without the reading: from the events `ChainRegistered` and `EpochSettled`, in order. */
export function rebuildFromEvents({ registrations, epochs, l1ChainId }: { registrations: readonly Registration[]; epochs: readonly Settlement[]; l1ChainId: bigint }): RebuiltCluster {
  const queue = chainQueue(registrations)
  const outboxes = new Map<bigint, bigint[]>()
  let registry = emptyRegistry()
  for (const { oldRoot, newRoot, data } of epochs) {
    if (BigInt(oldRoot) !== registry.root || newRoot !== data.newRoot)
      throw new CausewayError(`Epoch ${data.epoch} starts from another root than epoch ${registry.epoch} ended with.`, { code: 'REGISTRY_MISMATCH', fix: 'read the hub from the block of its deployment on' })
    const settled = settledEpochOf(data)
    registry = applySettledEpoch(registry, settled, queue, l1ChainId)
    for (const { slot, leaves } of settled.certificates) {
      const { chainId } = registry.headers.get(slot) ?? { chainId: 0n }
      outboxes.set(chainId, [...(outboxes.get(chainId) ?? []), ...leaves])
    }
  }
  return { registry, outboxes }
}
