import { devAccounts } from '@causeway/l1'
import { privateKeyToAccount } from 'viem/accounts'

/** Accounts of people on a development cluster: anvil's last four. The others are the cluster's own. */
export const DEV_USERS = devAccounts.slice(6).map(({ privateKey }) => privateKeyToAccount(privateKey))
