/** `npm run bench:l1`: gas of what users and batchers do on L1. Epochs: `npm run bench:epoch`. */
import { createCluster } from '@causeway/cluster'
import { committeeAvailabilityAbi, committeeAvailabilityBytecode } from '@causeway/contracts'
import { testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { encodePolicy, systemClock } from '@causeway/core'
import { committee, serveCommitteeMember } from '@causeway/da-committee'
import { BLOB_BYTES, blobs, calldata } from '@causeway/da-ethereum'
import { createL1Sender, devAccounts, registerChain } from '@causeway/l1'
import { parseEther, zeroHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { memoryStore } from '@causeway/testing'
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

/** A committee of three, of which two have to sign, with its members in this process. */
async function startCommittee() {
  const accounts = [7, 8, 9].map((i) => privateKeyToAccount((devAccounts[i] as (typeof devAccounts)[number]).privateKey)).sort((x, y) => (BigInt(x.address) < BigInt(y.address) ? -1 : 1))
  const deployed = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi: committeeAvailabilityAbi, bytecode: committeeAvailabilityBytecode, args: [accounts.map(({ address }) => address), 2n], chain: null }) })
  const adapter = deployed.contractAddress as `0x${string}`
  const servers = await Promise.all(accounts.map((account) => serveCommitteeMember({ account, adapter, client, contracts: cluster.contracts, store: memoryStore(), port: 0, clock: systemClock })))
  const members = accounts.map(({ address }, i) => ({ address, url: servers[i]?.url as string }))
  return { definition: committee({ adapter, members, threshold: 2 }), close: () => Promise.all(servers.map((server) => server.close())) }
}

// Postings of one account, for chains of each kind without nodes. The bytes are as dense as compressed batches: few are zero.
const poster = privateKeyToAccount((devAccounts[9] as (typeof devAccounts)[number]).privateKey)
const sender = createL1Sender({ client, account: poster, clock: systemClock, pollInterval: 100 })
const { policy } = await a.client.getChainStatus()
const rows: Record<string, number> = {}
const members = await startCommittee()
for (const [i, definition] of [blobs(), calldata(), members.definition].entries()) {
  const chainId = 90_001n + BigInt(i)
  const options = { client, sender, batcher: poster, hub: cluster.contracts.hub, chainId }
  const da = definition.create(options)
  const registration = { chainId, stateRoot: zeroHash, policy: encodePolicy(policy), batcher: poster.address, owner: poster.address, daKind: definition.kind, ...(definition.adapter && { daAdapter: definition.adapter }), spec: '' }
  await registerChain({ client, wallet, hub: options.hub, registration })
  // Members look at L1 once a second.
  if (definition.adapter) await systemClock.sleep(3_000)
  const post = async (length: number, index: bigint) => client.getTransactionReceipt({ hash: (await da.submit(Uint8Array.from({ length }, () => 1 + Math.floor(Math.random() * 255)), index)).l1Transaction })
  for (const [at, kB] of [1, 10, 100].entries()) {
    const { gasUsed, blobGasUsed = 0n } = await post(1000 * kB, BigInt(at + 1))
    rows[`${definition.name}, ${kB} kB`] = Number(gasUsed)
    if (blobGasUsed > 0n) rows[`${definition.name}, ${kB} kB: blobs`] = Number(blobGasUsed) / BLOB_BYTES
  }
}
report('postings', rows)
await sender.close()
await members.close()
await cluster.stop()
process.exit()
