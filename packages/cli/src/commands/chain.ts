import { connectChain, isDevelopmentChain, readCluster, type ClusterInfo } from '@causeway/cluster'
import { CausewayError } from '@causeway/core'
import { createPublicClient, http, isHex, size } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { DEV_USERS } from '../dev-users.js'
import { findProject } from '../project.js'
import { findRunning } from '../running.js'
import { clusterOf, type ClusterChoice } from './membership.js'

/** Options of commands that ask a running chain. */
export type ChainChoice = { rpc?: string }

/** A running chain: the one at `--rpc`, or the project's. @throws CausewayError `NOT_RUNNING`, `RPC_UNREACHABLE` */
export async function runningChain({ rpc }: ChainChoice) {
  const rpcUrl = rpc ?? findRunning(findProject(process.cwd()))?.rpcUrl
  if (rpcUrl === undefined) throw new CausewayError('The chain of this project does not run.', { code: 'NOT_RUNNING', fix: 'start it with `causeway dev` or `causeway start`, or name another: --rpc URL' })
  const chainId = await createPublicClient({ transport: http(rpcUrl) })
    .getChainId()
    .catch((cause: unknown) => {
      throw new CausewayError(`No chain answers at ${rpcUrl}.`, { code: 'RPC_UNREACHABLE', fix: 'start it, or check the URL', cause })
    })
  return { rpcUrl, chainId: BigInt(chainId), ...connectChain({ chainId: BigInt(chainId), name: `chain ${chainId}`, rpcUrl }) }
}

/** What the cluster of a command says of itself. */
export async function clusterInfo(choice: ClusterChoice): Promise<ClusterInfo> {
  if (choice.cluster !== undefined && choice.cluster !== 'local') return readCluster(choice.cluster)
  return readCluster(await clusterOf(findProject(process.cwd()), choice))
}

/** Whose ETH a command moves: the key in the environment, or a development account on a development L1. @throws CausewayError `NO_KEY`, `BAD_KEY` */
export function accountOf({ l1 }: ClusterInfo, index: number) {
  const key = process.env['CAUSEWAY_KEY']
  if (key !== undefined) {
    if (!isHex(key) || size(key) !== 32) throw new CausewayError('CAUSEWAY_KEY is no key.', { code: 'BAD_KEY', fix: 'set it to 0x and 64 hex digits' })
    return privateKeyToAccount(key)
  }
  const account = DEV_USERS[index]
  if (!isDevelopmentChain(l1.chainId) || account === undefined) throw new CausewayError('No key was given.', { code: 'NO_KEY', fix: 'set CAUSEWAY_KEY in the environment to the key of the account; keys on a command line are in its history' })
  return account
}
