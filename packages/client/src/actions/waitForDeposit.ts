import { causewayInboxAbi } from '@causeway/contracts'
import { CausewayError, messageId } from '@causeway/core'
import { isAddressEqual, parseEventLogs, type Address, type TransactionReceipt } from 'viem'
import { getChainId } from 'viem/actions'
import type { AnyClient } from '../request.js'
import { getChainStatus, type GetChainStatusErrorType } from './getChainStatus.js'
import { waitForMessage, type WaitForMessageErrorType, type WaitForMessageParameters, type WaitForMessageReturnType } from './waitForMessage.js'

export type WaitForDepositParameters = Omit<WaitForMessageParameters, 'id' | 'destinationClient'> & {
  /** Chain id of L1. @default `sourceId` of the client's chain, else what the node says */
  l1ChainId?: bigint
} & (
    | {
        /** Receipt of the L1 transaction that deposited. */
        receipt: Pick<TransactionReceipt, 'logs' | 'status' | 'transactionHash'>
        /** The cluster's inbox on L1; given, logs of other contracts are left out. */
        inbox?: Address
        index?: never
      }
    | {
        /** Index in the chain's L1 inbox. */
        index: bigint
        receipt?: never
        inbox?: never
      }
  )
export type WaitForDepositReturnType = WaitForMessageReturnType
export type WaitForDepositErrorType = WaitForMessageErrorType | GetChainStatusErrorType

/**
 * Waits until a deposit from L1 is credited on the chain of the client (or has reached a higher rung).
 *
 * - JSON-RPC: `causeway_getMessageStatus`
 *
 * @throws CausewayError `DEPOSIT_NOT_FOUND`, `DEPOSIT_AMBIGUOUS`, and what `waitForMessage` throws
 *
 * @example
 * import { waitForDeposit } from '@causeway/client'
 *
 * const receipt = await l1Client.waitForTransactionReceipt({ hash })
 * await waitForDeposit(client, { receipt })
 */
export async function waitForDeposit(client: AnyClient, { receipt, inbox, index, l1ChainId, ...rest }: WaitForDepositParameters): Promise<WaitForDepositReturnType> {
  const destination = BigInt(client.chain?.id ?? (await getChainId(client)))
  const nonce = receipt ? depositIndex(receipt, destination, inbox) : index
  const source = l1ChainId ?? (client.chain?.sourceId === undefined ? (await getChainStatus(client)).l1ChainId : BigInt(client.chain.sourceId))
  return waitForMessage(client, { ...rest, id: messageId({ source, destination, nonce }) })
}

function depositIndex(receipt: Pick<TransactionReceipt, 'logs' | 'status' | 'transactionHash'>, chainId: bigint, inbox: Address | undefined): bigint {
  const deposits = parseEventLogs({ abi: causewayInboxAbi, eventName: 'Deposited', logs: receipt.logs, args: { chainId } }).filter(({ address }) => !inbox || isAddressEqual(address, inbox))
  const [first, second] = deposits
  if (!first)
    throw new CausewayError(`Transaction ${receipt.transactionHash} deposits nothing to chain ${chainId}.`, {
      code: 'DEPOSIT_NOT_FOUND',
      fix: receipt.status === 'reverted' ? 'the transaction reverted: deposit again' : 'use a client of the chain that the deposit goes to',
    })
  if (second)
    throw new CausewayError(`Transaction ${receipt.transactionHash} makes several deposits: ${deposits.map(({ args }) => args.index).join(', ')}.`, {
      code: 'DEPOSIT_AMBIGUOUS',
      fix: 'pass the `index` of one',
    })
  return first.args.index
}
