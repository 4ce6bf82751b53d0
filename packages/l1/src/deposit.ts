import { causewayBridgeAbi } from '@causeway/contracts'
import { CausewayError, type Message } from '@causeway/core'
import { encodeFunctionData, erc20Abi, type Address, type Hex, type TransactionReceipt } from 'viem'
import { decodeEvents } from './events.js'
import { revertData } from './revert.js'
import { transact, type L1User } from './transact.js'

/** Who acts on L1, and the cluster's bridge there. */
export type BridgeUser = L1User & { bridge: Address }

/** A deposit to `recipient` on the chain `chainId`. */
export type DepositOptions = BridgeUser & {
  chainId: bigint
  recipient: Address
  /** The token's smallest unit; u128. */
  amount: bigint
  /** Gets the value on L2 if a call with `payload` fails; default the recipient. */
  refundTo?: Address
  /** With a payload the recipient is called on L2, with this much gas. */
  payload?: Hex
  gasLimit?: bigint
}

/** A mined deposit: its index in the chain's L1 inbox, and the message that the chain will execute. */
export type Deposited = { transaction: Hex; index: bigint; message: Message }

/** Deposits ETH. @throws CausewayError `L1_REVERTED` */
export async function depositETH(options: DepositOptions): Promise<Deposited> {
  const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositETH', args: [depositParams(options)] })
  return deposited(options, await transact(options, 'The deposit', { to: options.bridge, data, value: options.amount }))
}

/**
 * Deposits an ERC-20, after approving the bridge for the amount if it may not take it yet (for nothing first, if the token changes no
 * allowance otherwise). A token that takes a fee on transfers credits what arrives. @throws CausewayError `L1_REVERTED`
 */
export async function depositERC20(options: DepositOptions & { token: Address }): Promise<Deposited> {
  const { client, wallet, bridge, token, amount } = options
  const allowance = await client.readContract({ address: token, abi: erc20Abi, functionName: 'allowance', args: [wallet.account.address, bridge] })
  if (allowance < amount) {
    // Some tokens (Tether's on Ethereum) change an allowance to nothing but zero; only what refuses pays for a second transaction.
    if (allowance > 0n && (await refuses(options, token, approval(bridge, amount)))) await transact(options, 'The approval of nothing', { to: token, data: approval(bridge, 0n) })
    await transact(options, 'The approval', { to: token, data: approval(bridge, amount) })
  }
  const data = encodeFunctionData({ abi: causewayBridgeAbi, functionName: 'depositERC20', args: [token, amount, depositParams(options)] })
  return deposited(options, await transact(options, 'The deposit', { to: bridge, data }))
}

const approval = (spender: Address, amount: bigint): Hex => encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, amount] })

/** Whether a call reverts now. */
async function refuses({ client, wallet }: BridgeUser, to: Address, data: Hex): Promise<boolean> {
  try {
    await client.call({ account: wallet.account, to, data })
    return false
  } catch (error) {
    if (revertData(error) === undefined) throw error
    return true
  }
}

function depositParams({ chainId, recipient, refundTo = recipient, gasLimit = 0n, payload = '0x' }: DepositOptions) {
  return { chainId, recipient, refundTo, gasLimit, payload }
}

async function deposited({ client, chainId }: DepositOptions, { logs, transactionHash }: TransactionReceipt): Promise<Deposited> {
  for (const event of decodeEvents(logs, BigInt(await client.getChainId())))
    if (event.type === 'inbox' && event.entry.kind === 'deposit' && event.chainId === chainId)
      return { transaction: transactionHash, index: event.entry.index, message: event.entry.message }
  throw new CausewayError(`The transaction ${transactionHash} has no deposit to chain ${chainId} in its logs.`, {
    code: 'L1_DEPOSIT_MISSING',
    fix: 'Check that the bridge’s address is that of the cluster.',
  })
}
