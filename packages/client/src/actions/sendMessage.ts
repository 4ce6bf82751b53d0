import { causewayBridgeL2Abi, causewayErrorsAbi, causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { CausewayError, messageId, NEVER } from '@causeway/core'
import {
  BaseError,
  InsufficientFundsError,
  isAddressEqual,
  parseEventLogs,
  type Account,
  type Address,
  type Chain,
  type Hash,
  type Hex,
  type SimulateContractErrorType,
  type TransactionReceipt,
  type WaitForTransactionReceiptErrorType,
  type WriteContractErrorType,
} from 'viem'
import { parseAccount } from 'viem/accounts'
import { getChainId, simulateContract, waitForTransactionReceipt, writeContract } from 'viem/actions'
import type { AnyClient } from '../request.js'
import { checkMessage } from './checkMessage.js'

/** What a message carries: ETH, a token, or nothing. */
type Carried =
  | {
      /** ETH, in wei. */
      value?: bigint
      token?: never
      amount?: never
    }
  | {
      value?: never
      /** A token of this chain (whose allowance the bridge predeploy needs) or a wrapper on it. */
      token: Address
      /** In the token's smallest unit. */
      amount: bigint
    }

export type SendMessageParameters = Carried & {
  /** @default client.account */
  account?: Account | Address
  /** Chain id of the destination; L1's for a withdrawal. */
  destination: bigint
  recipient: Address
  /** Gets the value, on the destination, if the call fails. @default the sending account */
  refundTo?: Address
  /** Passed to `receiveMessage` of the recipient; empty: a plain transfer. At most 4096 bytes. */
  payload?: Hex
  /** Gas for that call, at most 1,000,000. @default 200,000 with a payload, 0 without */
  gasLimit?: bigint
  /** Last ms since 1970 at which the message may be delivered. @default no end */
  expiry?: bigint
  /** @default client.chain */
  chain?: Chain | null
  /** Of the transaction, not of the message. */
  gas?: bigint
  /** Of the transaction, not of the message. */
  nonce?: number
  maxFeePerGas?: bigint
  maxPriorityFeePerGas?: bigint
  /** How long (ms) to wait for the transaction to be mined. @default 180_000 */
  timeout?: number
  /** How often (ms) to look. @default client.pollingInterval */
  pollingInterval?: number
}

export type SendMessageReturnType = {
  /** Hash of the transaction. */
  hash: Hash
  /** Id of the message, for `waitForMessage`. */
  id: Hex
  source: bigint
  destination: bigint
  /** Index in the chain's outbox. */
  nonce: bigint
  receipt: TransactionReceipt
}

export type SendMessageErrorType = CausewayError | SimulateContractErrorType | WriteContractErrorType | WaitForTransactionReceiptErrorType

/** Gas for a call with a payload if the caller does not say. */
const DEFAULT_CALL_GAS = 200_000n

/**
 * Sends a message to another chain of the cluster or to L1: ETH, a token, a call, or a value with a call. The transaction is simulated
 * first, so that what cannot work fails here, with the contract's own error, and costs nothing. Resolves when it is mined.
 *
 * A token of this chain needs an allowance for the bridge predeploy first; wrappers need none.
 *
 * @throws CausewayError `NO_ACCOUNT`, `BAD_MESSAGE` (a wrong parameter), `INSUFFICIENT_FUNDS`, `MESSAGE_REVERTED`, `MESSAGE_NOT_FOUND`;
 * viem's `ContractFunctionExecutionError` with the contract's error when the messenger or the bridge refuses
 *
 * @example
 * import { createWalletClient, http, parseEther } from 'viem'
 * import { privateKeyToAccount } from 'viem/accounts'
 * import { defineCausewayChain, sendMessage } from '@causeway/client'
 *
 * const client = createWalletClient({
 *   account: privateKeyToAccount('0x…'),
 *   chain: defineCausewayChain({ chainId: 101n, name: 'A', rpcUrl: 'http://127.0.0.1:8545' }),
 *   transport: http(),
 * })
 * const { id } = await sendMessage(client, {
 *   destination: 102n,
 *   recipient: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
 *   value: parseEther('0.1'),
 * })
 */
export async function sendMessage(client: AnyClient, parameters: SendMessageParameters): Promise<SendMessageReturnType> {
  const { account: given = client.account, chain = client.chain ?? null, destination, recipient, payload = '0x', expiry = NEVER } = parameters
  if (!given) throw new CausewayError('No account is given to send the message.', { code: 'NO_ACCOUNT', fix: 'pass `account`, or create the client with one' })
  const account = parseAccount(given)
  const message = {
    destination,
    recipient,
    refundTo: parameters.refundTo ?? account.address,
    gasLimit: parameters.gasLimit ?? (payload === '0x' ? 0n : DEFAULT_CALL_GAS),
    expiry,
    payload,
  }
  checkMessage({ ...message, value: parameters.value, token: parameters.token, amount: parameters.amount })
  const transaction = {
    account,
    chain,
    ...(parameters.gas !== undefined && { gas: parameters.gas }),
    ...(parameters.nonce !== undefined && { nonce: parameters.nonce }),
    ...(parameters.maxFeePerGas !== undefined && { maxFeePerGas: parameters.maxFeePerGas }),
    ...(parameters.maxPriorityFeePerGas !== undefined && { maxPriorityFeePerGas: parameters.maxPriorityFeePerGas }),
  }
  const hash =
    parameters.token === undefined
      ? await sendEth(client, transaction, message, parameters.value ?? 0n)
      : await sendToken(client, transaction, message, parameters.token, parameters.amount)

  const receipt = await waitForTransactionReceipt(client, {
    hash,
    ...(parameters.timeout !== undefined && { timeout: parameters.timeout }),
    ...(parameters.pollingInterval !== undefined && { pollingInterval: parameters.pollingInterval }),
  })
  if (receipt.status === 'reverted')
    throw new CausewayError(`Transaction ${hash} was mined but reverted; no message was sent.`, { code: 'MESSAGE_REVERTED', fix: 'the state changed since the simulation: look at the transaction and send again' })
  const nonce = exportedNonce(receipt, { destination, recipient, payload })
  const source = BigInt(client.chain?.id ?? (await getChainId(client)))
  return { hash: receipt.transactionHash, id: messageId({ source, destination, nonce }), source, destination, nonce, receipt }
}

type Transaction = { account: Account; chain: Chain | null; gas?: bigint; nonce?: number; maxFeePerGas?: bigint; maxPriorityFeePerGas?: bigint }
type SentMessage = { destination: bigint; recipient: Address; refundTo: Address; gasLimit: bigint; expiry: bigint; payload: Hex }

async function sendEth(client: AnyClient, transaction: Transaction, message: SentMessage, value: bigint): Promise<Hash> {
  const call = { address: PREDEPLOYS.messenger, abi: [...causewayMessengerAbi, ...causewayErrorsAbi], functionName: 'send', args: [message], value } as const
  await simulateContract(client, { ...simulated(transaction), ...call }).catch((error: unknown) => refuse(error, transaction.account))
  return writeContract(client, { ...transaction, ...call })
}

async function sendToken(client: AnyClient, transaction: Transaction, message: SentMessage, token: Address, amount: bigint): Promise<Hash> {
  const call = { address: PREDEPLOYS.bridge, abi: [...causewayBridgeL2Abi, ...causewayErrorsAbi], functionName: 'sendToken', args: [token, amount, message] } as const
  await simulateContract(client, { ...simulated(transaction), ...call }).catch((error: unknown) => refuse(error, transaction.account))
  return writeContract(client, { ...transaction, ...call })
}

/** The usual reason of a first failure, said plainly; all else as viem has it. */
function refuse(error: unknown, { address }: Account): never {
  if (error instanceof BaseError && error.walk((cause) => cause instanceof InsufficientFundsError))
    throw new CausewayError(`${address} cannot pay for this message on its source chain.`, {
      code: 'INSUFFICIENT_FUNDS',
      fix: 'it needs the value and the fee there: deposit from L1, and wait until the chain has credited it (`waitForDeposit`)',
      cause: error,
    })
  throw error
}

/** A simulation takes the client's chain; the null of a transaction only says that its chain is not checked. */
function simulated({ chain: _, ...rest }: Transaction): Omit<Transaction, 'chain'> {
  return rest
}

/** The message's nonce. A token's own code may send further messages in the same transaction: ours is the last that is as we asked. */
function exportedNonce(receipt: TransactionReceipt, { destination, recipient, payload }: Pick<SentMessage, 'destination' | 'recipient' | 'payload'>): bigint {
  const exported = parseEventLogs({ abi: causewayMessengerAbi, eventName: 'MessageExported', logs: receipt.logs, args: { destination } }).findLast(
    ({ address, args }) => isAddressEqual(address, PREDEPLOYS.messenger) && isAddressEqual(args.recipient, recipient) && args.payload === payload.toLowerCase(),
  )
  if (!exported)
    throw new CausewayError(`Transaction ${receipt.transactionHash} sent no such message.`, { code: 'MESSAGE_NOT_FOUND', fix: 'check that the client talks to a Causeway chain' })
  return exported.args.nonce
}
