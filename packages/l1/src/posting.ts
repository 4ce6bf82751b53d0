import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, daKindName, type BatcherSender, type DaHost, type DaReference } from '@causeway/core'
import { solidityErrorOf } from './revert.js'
import { parseEventLogs, type PublicClient, type TransactionReceipt } from 'viem'

/**
 * Sends a posting and finds what the hub has recorded of it.
 * @throws CausewayError `DA_PERMANENT` if L1 refuses it, `DA_TRANSIENT` if it did not get through or has not the number that comes next
 */
export async function postBatch({ sender, hub, chainId }: Pick<DaHost, 'hub' | 'chainId'> & { sender: BatcherSender }, kind: number, request: Omit<Parameters<BatcherSender['send']>[0], 'to'>): Promise<DaReference> {
  const receipt = await sender.send({ ...request, to: hub }).catch((error: unknown) => {
    throw submissionError(error)
  })
  const posted = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs: receipt.logs })
  const event = posted.find(({ args, address }) => args.chainId === chainId && address.toLowerCase() === hub.toLowerCase())
  if (!event) throw permanentDaError(`L1 transaction ${receipt.transactionHash} posted nothing for chain ${chainId}: ${hub} is not its hub.`)
  const { index, commitment } = event.args
  return { index, kind, commitment, l1Block: receipt.blockNumber, l1Transaction: receipt.transactionHash }
}

/** @throws CausewayError `DA_TRANSIENT` for a reference of another kind than this reads: others can */
export function checkPostingKind(kind: number, reference: DaReference): void {
  if (reference.kind === kind) return
  throw new CausewayError(`Posting ${reference.index} is by ${daKindName(reference.kind)}, and this reads ${daKindName(kind)}.`, {
    code: 'DA_TRANSIENT',
    fix: 'Compose the node with the data availability that its chain is registered with.',
    docs: 'compose.md#the-seams',
  })
}

/**
 * The receipt of a posting where it is now: a reorganization may have moved it since the reference was made.
 * @throws CausewayError `DA_TRANSIENT`, also for a reference of another kind
 */
export async function postingReceipt(client: PublicClient, kind: number, reference: DaReference): Promise<TransactionReceipt> {
  checkPostingKind(kind, reference)
  return client.getTransactionReceipt({ hash: reference.l1Transaction }).catch((cause: unknown) => {
    throw notOnL1(reference, cause)
  })
}

/** Of a posting that L1 does not have (any more): `DA_TRANSIENT`. */
export function notOnL1({ l1Transaction }: DaReference, cause: unknown): CausewayError {
  return new CausewayError(`L1 does not have the posting ${l1Transaction}.`, {
    code: 'DA_TRANSIENT',
    fix: 'Try again; after a reorganization of L1 take the reference from L1 anew.',
    cause,
  })
}

/** Of what everybody finds alike: `DA_PERMANENT`. */
export function permanentDaError(message: string, cause?: unknown): CausewayError {
  return new CausewayError(message, {
    code: 'DA_PERMANENT',
    fix: 'Check hub, chain id, batcher key and kind of data availability against the chain’s registration.',
    docs: 'da.md#errors',
    cause,
  })
}

/** Of a node that is asked to post and has no key for it. */
export function withoutBatcherKey(chainId: bigint): CausewayError {
  return permanentDaError(`The batcher's key of chain ${chainId} is not here, so nothing can be posted.`)
}

function submissionError(error: unknown): CausewayError {
  const { code, shortMessage } = error instanceof CausewayError ? error : { code: '', shortMessage: String(error) }
  // The refusals that pass: whoever has read L1 again knows the number that comes next, and whoever asks again gets new signatures.
  const isStale = ['NotNext', 'SignaturesExpired'].includes(solidityErrorOf(error)?.name ?? '')
  if ((code === 'L1_REVERTED' && !isStale) || code === 'L1_REFUSED') return permanentDaError(`L1 refuses the posting. ${shortMessage}`, error)
  return new CausewayError(`The posting did not get through. ${shortMessage}`, {
    code: 'DA_TRANSIENT',
    fix: (error instanceof CausewayError && error.fix) || 'Try again.',
    cause: error,
  })
}
