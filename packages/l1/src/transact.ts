import type { Account, Address, Chain, Hex, PublicClient, TransactionReceipt, Transport, WalletClient } from 'viem'
import { revertData, revertError } from './revert.js'

/** Who acts on L1. */
export type L1User = { client: PublicClient; wallet: WalletClient<Transport, Chain | undefined, Account> }

type L1Call = { to: Address; data: Hex; value?: bigint; nonce?: number }

/** Sends from the user's wallet and waits. `nonce`: by default the account's next. @throws CausewayError `L1_REVERTED` */
export async function transact({ client, wallet }: L1User, what: string, { to, data, value = 0n, nonce }: L1Call): Promise<TransactionReceipt> {
  try {
    const gas = await client.estimateGas({ account: wallet.account, to, data, value })
    const hash = await wallet.sendTransaction({ account: wallet.account, chain: wallet.chain ?? null, to, data, value, gas: (gas * 5n) / 4n, ...(nonce !== undefined && { nonce }) })
    const receipt = await client.waitForTransactionReceipt({ hash })
    if (receipt.status === 'success') return receipt
    await client.call({ account: wallet.account, to, data, value, blockNumber: receipt.blockNumber })
  } catch (error) {
    const reverted = revertData(error)
    if (reverted === undefined) throw error
    throw revertError(what, reverted)
  }
  throw revertError(what, '0x')
}
