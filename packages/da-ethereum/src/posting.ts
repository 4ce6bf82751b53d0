import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, daKindName, type BatcherSender, type DaHost, type DaReference } from '@causeway/core'
import { solidityErrorOf } from '@causeway/l1'
import { parseEventLogs, type PublicClient, type TransactionReceipt } from 'viem'

/**
 * Sends a posting and finds what the hub has recorded of it.
 * @throws CausewayError `DA_PERMANENT` if L1 refuses it, `DA_TRANSIENT` if it did not get through or has not the number that comes next
 */
export async function post({ sender, hub, chainId }: Pick<DaHost, 'hub' | 'chainId'> & { sender: BatcherSender }, kind: number, request: Omit<Parameters<BatcherSender['send']>[0], 'to'>): Promise<DaReference> {
  const receipt = await sender.send({ ...request, to: hub }).catch((error: unknown) => {
    throw submissionError(error)
  })
  const posted = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchPosted', logs: receipt.logs })
  const event = posted.find(({ args, address }) => args.chainId === chainId && address.toLowerCase() === hub.toLowerCase())
  if (!event) throw permanent(`L1 transaction ${receipt.transactionHash} posted nothing for chain ${chainId}: ${hub} is not its hub.`)
  const { index, commitment } = event.args
  return { index, kind, commitment, l1Block: receipt.blockNumber, l1Transaction: receipt.transactionHash }
}

/**
 * The receipt of a posting where it is now: a reorganization may have moved it since the reference was made.
 * @throws CausewayError `DA_TRANSIENT`, also for a reference of another kind, which others can read
 */
export async function receiptOf(client: PublicClient, kind: number, reference: DaReference): Promise<TransactionReceipt> {
  if (reference.kind !== kind)
    throw new CausewayError(`Posting ${reference.index} is by ${daKindName(reference.kind)}, and this reads ${daKindName(kind)}.`, {
      code: 'DA_TRANSIENT',
      fix: 'Compose the node with the data availability that its chain is registered with.',
      docs: 'compose.md#the-seams',
    })
  return client.getTransactionReceipt({ hash: reference.l1Transaction }).catch((cause: unknown) => {
    throw notOnL1(reference, cause)
  })
}

export function notOnL1({ l1Transaction }: DaReference, cause: unknown): CausewayError {
  return new CausewayError(`L1 does not have the posting ${l1Transaction}.`, {
    code: 'DA_TRANSIENT',
    fix: 'Try again; after a reorganization of L1 take the reference from L1 anew.',
    cause,
  })
}

export function permanent(message: string, cause?: unknown): CausewayError {
  return new CausewayError(message, {
    code: 'DA_PERMANENT',
    fix: 'Check hub, chain id, batcher key and kind of data availability against the chain’s registration.',
    docs: 'da.md#errors',
    cause,
  })
}

export function withoutKey(chainId: bigint): CausewayError {
  return permanent(`The batcher's key of chain ${chainId} is not here, so nothing can be posted.`)
}

function submissionError(error: unknown): CausewayError {
  const { code, shortMessage } = error instanceof CausewayError ? error : { code: '', shortMessage: String(error) }
  // The one refusal that passes: whoever has read L1 again knows the number that comes next.
  const isStale = solidityErrorOf(error)?.name === 'NotNext'
  if ((code === 'L1_REVERTED' && !isStale) || code === 'L1_REFUSED') return permanent(`L1 refuses the posting. ${shortMessage}`, error)
  return new CausewayError(`The posting did not get through. ${shortMessage}`, {
    code: 'DA_TRANSIENT',
    fix: (error instanceof CausewayError && error.fix) || 'Try again.',
    cause: error,
  })
}
