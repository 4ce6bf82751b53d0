import { causewayBridgeAbi, withdrawalTree } from '@causeway/contracts'
import { withdrawalDigest, type Message } from '@causeway/core'
import { encodeFunctionData, parseEventLogs, type Address, type Hex } from 'viem'
import type { BridgeUser } from './deposit.js'
import type { EpochData } from './events.js'
import { transact } from './transact.js'

/** Where a settled withdrawal is: the epoch and the Merkle path in it, as the bridge's `claim` takes them. */
export type WithdrawalProof = { epoch: bigint; path: readonly Hex[] }

/** Finds a message to L1 among settled epochs, e.g. those of the reader's `epochs('finalized')`; undefined if it has not settled. */
export function findWithdrawal(epochs: Iterable<{ data: EpochData }>, message: Message): WithdrawalProof | undefined {
  const digest = withdrawalDigest(message)
  for (const { data } of epochs) {
    const digests = data.certificates.flatMap(({ withdrawals }) => withdrawals)
    const index = digests.findIndex((other) => other.toLowerCase() === digest)
    if (index >= 0) return { epoch: data.epoch, path: withdrawalTree(digests).path(index) }
  }
  return undefined
}

/** A withdrawal after `claimWithdrawal`: `transaction` is missing when it had been claimed before. */
export type Claimed = {
  status: 'claimed' | 'already-claimed'
  transaction?: Hex
  /** False when the recipient's call failed and `refundTo` got the value. Only with `transaction`. */
  success?: boolean
}

/**
 * Claims a settled withdrawal; it goes to its recipient, whoever claims, and to `refundTo` if the recipient does not take it. Claiming
 * again changes nothing.
 * @throws CausewayError `L1_REVERTED` with the bridge's error (`NotSettled`, `Undeliverable`, …)
 */
export async function claimWithdrawal(options: BridgeUser & WithdrawalProof & { message: Message }): Promise<Claimed> {
  const { client, bridge, message, epoch, path } = options
  const claimed = await client.readContract({ address: bridge, abi: causewayBridgeAbi, functionName: 'claimed', args: [withdrawalDigest(message)] })
  if (claimed) return { status: 'already-claimed' }
  const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'claim', args: [fields(message), epoch, path] })
  const { logs, transactionHash: transaction } = await transact(options, 'The claim', { to: bridge, data })
  const [event] = parseEventLogs({ abi: causewayBridgeAbi, eventName: 'WithdrawalClaimed', logs })
  return { status: 'claimed', transaction, ...(event ? { success: event.args.success } : {}) }
}

/**
 * Says where the value of a withdrawal goes in `refundTo`'s stead, should the recipient not take it; the sender must be `refundTo`.
 * @param options.to the zero address for `refundTo` itself again
 * @throws CausewayError `L1_REVERTED` with the bridge's error (`NotRefundTo`)
 */
export async function redirectRefund(options: BridgeUser & { message: Message; to: Address }): Promise<Hex> {
  const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'redirect', args: [fields(options.message), options.to] })
  return (await transact(options, 'The redirection', { to: options.bridge, data })).transactionHash
}

/** What the bridge takes of a message to L1. */
function fields({ token, ...m }: Message) {
  const { source, nonce, timestamp, sender, recipient, refundTo, amount, gasLimit, expiry, payload } = m
  return { source, nonce, timestamp, sender, recipient, refundTo, token: token.address, amount, gasLimit, expiry, payload }
}
