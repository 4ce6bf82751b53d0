/** `npm run bench:l1`: gas of what users do on L1. Epochs: `npm run bench:epoch`. */
import { createCluster } from '@causeway/cluster'
import { testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { parseEther } from 'viem'
import { report, until } from './report.js'

const cluster = await createCluster()
const [a] = cluster.chains
const { client } = cluster.l1
const gasOf = async (hash: `0x${string}`) => Number((await client.getTransactionReceipt({ hash })).gasUsed)
const wallet = cluster.l1.wallet(0)
const { contractAddress: token } = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Dollar', 'USD', 6], chain: null }) })
if (!token) throw new Error('the token was not deployed')
await client.waitForTransactionReceipt({ hash: await wallet.writeContract({ address: token, abi: testTokenAbi, functionName: 'mint', args: [wallet.account.address, 10n ** 12n], chain: null }) })
const first = await cluster.deposit(a, { amount: parseEther('1') })
const second = await cluster.deposit(a, { amount: parseEther('1') })
const erc20 = await cluster.deposit(a, { amount: 10n ** 6n, token })
const again = await cluster.deposit(a, { amount: 10n ** 6n, token })
await until('the deposit', async () => (await a.client.getBalance({ address: wallet.account.address })) > 0n)
const { id } = await a.wallet(0).sendMessage({ destination: cluster.domain.l1ChainId, recipient: wallet.account.address, value: 5n })
await a.client.waitForMessage({ id, until: 'settled', timeout: 400_000 })
const { transaction } = await cluster.claim(a, id, 1)
report('l1', {
  'deposit of ETH, first': await gasOf(first.transaction),
  'deposit of ETH, next': await gasOf(second.transaction),
  'deposit of an ERC-20, first': await gasOf(erc20.transaction),
  'deposit of an ERC-20, next': await gasOf(again.transaction),
  'claim of ETH': transaction ? await gasOf(transaction) : 0,
})
await cluster.stop()
process.exit()
