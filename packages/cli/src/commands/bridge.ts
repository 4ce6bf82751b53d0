import { CausewayError } from '@causeway/core'
import { claimWithdrawal, depositETH } from '@causeway/l1'
import { checkCluster } from '@causeway/cluster'
import { createWalletClient, formatEther, http, isAddress, isHex, parseEther, size, type Address, type Hex } from 'viem'
import type { Output } from '../output.js'
import { accountOf, clusterInfo, runningChain, type ChainChoice } from './chain.js'
import type { ClusterChoice } from './membership.js'

/** Options of `causeway bridge`. */
export type BridgeOptions = ChainChoice & ClusterChoice & { action: string; what: string; to?: bigint; recipient?: string; account: number }

const ACTIONS = ['deposit', 'send', 'withdraw', 'claim']

/** Moves ETH between L1 and the chain, or to another chain. */
export async function bridge(options: BridgeOptions, output: Output): Promise<void> {
  const { action, what, to, rpc, ...choice } = options
  if (!ACTIONS.includes(action)) throw new CausewayError(`There is no ${action} of the bridge.`, { code: 'BAD_ARGUMENT', fix: ACTIONS.join(', ') })
  const cluster = await clusterInfo(choice)
  const account = accountOf(cluster, options.account)
  const recipient = recipientOf(options.recipient, account.address)
  const chain = await runningChain(rpc === undefined ? {} : { rpc })
  const l1 = async () => ({ client: await checkCluster(cluster, choice.l1), wallet: createWalletClient({ account, transport: http(choice.l1 ?? cluster.l1.rpcUrl), pollingInterval: 250 }), bridge: cluster.contracts.bridge })
  const follow = `follow it: causeway message`

  switch (action) {
    case 'deposit': {
      const amount = amountOf(what)
      const { index } = await depositETH({ ...(await l1()), chainId: chain.chainId, recipient, amount })
      output.line(`L1 has it as entry ${index} of the chain's inbox`)
      await chain.client.waitForDeposit({ index })
      return output.result({ index, chainId: chain.chainId, recipient, amount }, [`${formatEther(amount)} ETH are ${recipient}'s on chain ${chain.chainId}`])
    }
    case 'send':
    case 'withdraw': {
      if (action === 'send' && to === undefined) throw new CausewayError('Which chain is it to be sent to?', { code: 'BAD_ARGUMENT', fix: 'name it: --to ID' })
      const destination = action === 'withdraw' ? BigInt(cluster.l1.chainId) : (to as bigint)
      const value = amountOf(what)
      const { id } = await chain.walletOf(account).sendMessage({ destination, recipient, value })
      return output.result({ id, destination, recipient, amount: value }, [`message ${id}`, `${follow} ${id}${action === 'withdraw' ? `; once it has settled: causeway bridge claim ${id}` : ''}`])
    }
    case 'claim': {
      if (!isHex(what) || size(what) !== 32) throw new CausewayError(`${what} is no id of a message.`, { code: 'BAD_ARGUMENT', fix: 'it is 0x and 64 hex digits, as `causeway bridge withdraw` prints it' })
      const status = await chain.client.getMessageStatus({ id: what as Hex })
      if (!status?.withdrawal) throw new CausewayError('This message is not a settled withdrawal.', { code: 'NOT_CLAIMABLE', fix: `${follow} ${what} --until settled` })
      const { epoch, path, message } = status.withdrawal
      const { transaction } = await claimWithdrawal({ ...(await l1()), epoch, path, message })
      return output.result({ id: what, transaction }, [`claimed on L1 for its recipient: ${transaction}`])
    }
  }
}

function amountOf(text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text) || parseEther(text) === 0n) throw new CausewayError(`${text} is no amount of ETH.`, { code: 'BAD_ARGUMENT', fix: 'write it like 0.5' })
  return parseEther(text)
}

function recipientOf(given: string | undefined, own: Address): Address {
  if (given === undefined) return own
  if (!isAddress(given)) throw new CausewayError(`${given} is no address.`, { code: 'BAD_ARGUMENT', fix: 'check its letters: their case is a checksum' })
  return given
}
