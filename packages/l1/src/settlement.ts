import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, silentLog, type Log } from '@causeway/core'
import { encodeFunctionData, type Address, type Hex, type PublicClient } from 'viem'
import type { EpochData } from './events.js'
import { solidityErrorOf } from './revert.js'
import type { L1Sender } from './send.js'

/** One event in the settlement of an epoch. */
export type SettlementAttempt =
  | { kind: 'Sent'; epoch: bigint; newRoot: Hex }
  | { kind: 'Settled'; epoch: bigint; newRoot: Hex; transaction: Hex; gasUsed: bigint }
  /** The hub has the root of this epoch already, by an earlier run of ours or by somebody else. */
  | { kind: 'Adopted'; epoch: bigint; newRoot: Hex; transaction?: Hex }
  | { kind: 'Refused'; epoch: bigint; newRoot: Hex; reason: string }

/** How an epoch was settled. `transaction` is missing for an adopted one whose transaction is older than the node's logs. */
export type Settlement =
  | { status: 'settled'; transaction: Hex; gasUsed: bigint }
  | { status: 'adopted'; transaction?: Hex }

/** What settles: an epoch of the cluster whose hub it is. */
export type SettlementOptions = {
  client: PublicClient
  hub: Address
  data: EpochData
  log?: Log
  onAttempt?: (attempt: SettlementAttempt) => void
}

/** How far back (blocks) the transaction of an adopted epoch is looked for: a day on Ethereum. */
const LOOK_BACK = 7200n

/**
 * Settles an epoch, once: if the hub has this root for this epoch, before or while we send, that is adopted and nothing is spent.
 * So it is safe to call again after a crash.
 * @throws CausewayError `EPOCH_SUPERSEDED` when the hub settled another root as this epoch; else what {@link L1Sender.send} throws
 */
export async function settle(options: SettlementOptions & { sender: L1Sender; proof: Hex }): Promise<Settlement> {
  const { hub, data, sender, proof, log = silentLog } = options
  const { epoch, newRoot } = data
  const report = (attempt: SettlementAttempt): void => {
    log[attempt.kind === 'Refused' ? 'warn' : 'info'](`settlement ${attempt.kind.toLowerCase()}`, attempt)
    options.onAttempt?.(attempt)
  }
  const adopt = async (): Promise<Settlement | undefined> => {
    const adopted = await recoverSettlement(options)
    if (adopted) report({ kind: 'Adopted', epoch, newRoot, ...(adopted.transaction ? { transaction: adopted.transaction } : {}) })
    return adopted
  }

  const before = await adopt()
  if (before) return before
  report({ kind: 'Sent', epoch, newRoot })
  try {
    const { transactionHash: transaction, gasUsed } = await sender.send({
      to: hub,
      data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'settle', args: [data, proof] }),
      label: `settle epoch ${epoch}`,
    })
    report({ kind: 'Settled', epoch, newRoot, transaction, gasUsed })
    return { status: 'settled', transaction, gasUsed }
  } catch (error) {
    const refused = solidityErrorOf(error)
    if (!refused) throw error
    // Perhaps because the same epoch has landed meanwhile.
    const meanwhile = await adopt()
    if (meanwhile) return meanwhile
    report({ kind: 'Refused', epoch, newRoot, reason: refused.name })
    throw error
  }
}

/**
 * Whether the hub has this root for this epoch: what to ask first after a restart. Undefined if it is still to be settled.
 * @throws CausewayError `EPOCH_SUPERSEDED` when the hub settled another root as this epoch
 */
export async function recoverSettlement({ client, hub, data }: SettlementOptions): Promise<Extract<Settlement, { status: 'adopted' }> | undefined> {
  const contract = { address: hub, abi: causewayHubAbi } as const
  const [rootEpoch, epoch] = await Promise.all([
    client.readContract({ ...contract, functionName: 'rootEpoch', args: [data.newRoot] }),
    client.readContract({ ...contract, functionName: 'epoch' }),
  ])
  if (rootEpoch === data.epoch + 1n) {
    const latest = await client.getBlockNumber({ cacheTime: 0 })
    const [event] = await client.getContractEvents({
      ...contract,
      eventName: 'EpochSettled',
      args: { epoch: data.epoch, newRoot: data.newRoot },
      fromBlock: latest > LOOK_BACK ? latest - LOOK_BACK : 0n,
      toBlock: latest,
    })
    return { status: 'adopted', ...(event ? { transaction: event.transactionHash } : {}) }
  }
  if (epoch >= data.epoch)
    throw new CausewayError(`The hub settled epoch ${data.epoch} with another root than ${data.newRoot}.`, {
      code: 'EPOCH_SUPERSEDED',
      fix: 'Compose the certificates that were left out into the next epoch; their proofs against recent roots stay usable.',
    })
  return undefined
}
