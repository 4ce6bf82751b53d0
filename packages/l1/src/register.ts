import { causewayHubAbi } from '@causeway/contracts'
import { encodeFunctionData, zeroAddress, type Address, type TransactionReceipt } from 'viem'
import type { RegistrationRecord } from './events.js'
import { transact, type L1User } from './transact.js'

/** What a chain is registered with. All but batcher and owner is for ever. */
export type ChainRegistration = Pick<RegistrationRecord, 'chainId' | 'stateRoot' | 'policy' | 'batcher' | 'owner' | 'daKind' | 'spec'> &
  Partial<Pick<RegistrationRecord, 'daAdapter'>>

/** Options of {@link registerChain}. */
export type RegisterChainOptions = L1User & {
  hub: Address
  registration: ChainRegistration
  /** Of the transaction, for those who send several at once; by default the account's next. */
  nonce?: number
}

/** Registers a chain with a cluster's hub; resolves when that is mined. Anybody may. @throws CausewayError `L1_REVERTED` */
export async function registerChain({ hub, registration, nonce, ...user }: RegisterChainOptions): Promise<TransactionReceipt> {
  const data = encodeFunctionData({ abi: causewayHubAbi, functionName: 'register', args: [{ daAdapter: zeroAddress, ...registration }] })
  return transact(user, `The registration of chain ${registration.chainId}`, { to: hub, data, ...(nonce !== undefined && { nonce }) })
}
