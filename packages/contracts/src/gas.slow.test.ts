/** Gas on anvil with `MockVerifier`; prints the table that docs quote. `npx vitest run packages/contracts/src/gas` */
import { NEVER, toBytes32, type Message } from '@causeway/core'
import { keccak256, toHex, zeroAddress, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { causewayBridgeAbi, causewayInboxAbi } from './index.js'
import { certificate, CHAIN_A, register, startCluster, startL1, type CertificateData, type Claim, type Cluster, type L1 } from './l1-fixture.js'
import { greeterAbi, greeterBytecode, testTokenAbi, testTokenBytecode } from './samples.js'

let l1: L1
let cluster: Cluster
let token: Address
const table: Record<string, number> = {}
const note = (what: string, gas: bigint) => (table[what] = Number(gas))
const params = { chainId: CHAIN_A, recipient: '0x00000000000000000000000000000000000a11ce', refundTo: '0x00000000000000000000000000000000000a11ce', gasLimit: 100_000n, payload: '0x' } as const

beforeAll(async () => {
  l1 = await startL1()
  cluster = await startCluster(l1)
  for (let chainId = 1001n; chainId < 1015n; chainId++) await register(l1, cluster, chainId)
  token = await l1.deploy(testTokenAbi, testTokenBytecode, ['Test', 'TST', 18])
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'mint', args: [l1.account.address, 10n ** 24n] })
  await l1.send({ address: token, abi: testTokenAbi, functionName: 'approve', args: [cluster.bridge, 10n ** 24n] })
})
afterAll(async () => {
  console.table(table)
  await l1.anvil.stop()
})

it('deposits cost at most 150k', async () => {
  const bridge = { address: cluster.bridge, abi: causewayBridgeAbi } as const
  for (const which of ['first', 'next']) {
    note(`deposit ETH, ${which}`, (await l1.send({ ...bridge, functionName: 'depositETH', args: [params], value: 10n ** 18n })).gasUsed)
    note(`deposit ERC-20, ${which}`, (await l1.send({ ...bridge, functionName: 'depositERC20', args: [token, 10n ** 18n, params] })).gasUsed)
  }
  note('deposit ETH with 256 bytes', (await l1.send({ ...bridge, functionName: 'depositETH', args: [{ ...params, payload: toHex(new Uint8Array(256).fill(1)) }], value: 1n })).gasUsed)
  const forced: Hex = toHex(new Uint8Array(120).fill(1))
  note('forced transaction of 120 bytes', (await l1.send({ address: cluster.inbox, abi: causewayInboxAbi, functionName: 'forceTransaction', args: [CHAIN_A, forced] })).gasUsed)
  expect(table['deposit ETH, next']).toBeLessThan(150_000)
  expect(table['deposit ERC-20, next']).toBeLessThan(150_000)
})

it('a full registration costs', async () => {
  note('registration, one signer', (await register(l1, cluster, 2001n)).gasUsed)
})

it('claims cost at most 120k', async () => {
  const greeter = await l1.deploy(greeterAbi, greeterBytecode, [cluster.messenger])
  const eth = { chain: 31337n, address: zeroAddress } as const
  const base: Message = { source: CHAIN_A, nonce: 0n, timestamp: 1n, destination: 31337n, sender: greeter, recipient: l1.accounts[1]?.address as Address, refundTo: greeter, token: eth, amount: 1_000n, fee: 0n, gasLimit: 200_000n, expiry: NEVER, payload: '0x' }
  const messages: Message[] = [base, { ...base, nonce: 1n, token: { ...eth, address: token } }, { ...base, nonce: 2n, recipient: '0x00000000000000000000000000000000000a11cf' }, { ...base, nonce: 3n, recipient: greeter, payload: '0x12345678' }]
  const claims = (await cluster.settleWithdrawals(messages)) as [Claim, Claim, Claim, Claim]
  note('claim ETH', (await cluster.claim(claims[0])).gasUsed)
  note('claim ERC-20', (await cluster.claim(claims[1])).gasUsed)
  note('claim ETH to a new account', (await cluster.claim(claims[2])).gasUsed)
  note('claim ETH with a call (150k of it the receiver)', (await cluster.claim(claims[3])).gasUsed)
  for (const what of ['claim ETH', 'claim ERC-20']) expect(table[what]).toBeLessThan(120_000)
})

it('settlement without the verifier costs at most 270k, and 23k for each further chain (30k with all its places full)', async () => {
  // The proof's own bytes belong to the verifier's price.
  const proof = '0x11'
  const word = (n: number): Hex => toBytes32(BigInt(keccak256(toHex(n))) >> 3n)
  const typical = (slot: number): CertificateData =>
    certificate({ slot, height: 1_000n, timestamp: 1_700_000_000_000n, notAfter: 3_600_000_000_000n, stateRoot: word(slot), inboxRoot: word(slot + 100), balanceRoot: word(slot + 200), leaves: [word(300), word(301)], withdrawals: [word(302)] })
  const full = (slot: number): CertificateData => ({ ...typical(slot), leaves: [1, 2, 3, 4, 5, 6, 7, 8].map(word), withdrawals: [1, 2, 3, 4].map(word) })
  const run = async (certificates: CertificateData[]) => (await cluster.settle(await cluster.epochData({ certificates }), proof)).gasUsed
  const range = (count: number, make: (slot: number) => CertificateData) => Array.from({ length: count }, (_, i) => make(i))
  for (const count of [1, 2, 4, 8, 16]) note(`settle ${count} chains, 2 exports and a withdrawal each`, await run(range(count, typical)))
  for (const count of [1, 16]) note(`settle ${count} full chains: 8 exports, 4 withdrawals`, await run(range(count, full)))
  const further = (what: string) => ((table[`settle 16 ${what}`] ?? 0) - (table[`settle 1 ${what}`] ?? 0)) / 15
  note('  each further chain', BigInt(Math.round(further('chains, 2 exports and a withdrawal each'))))
  note('  each further full chain', BigInt(Math.round(further('full chains: 8 exports, 4 withdrawals'))))
  expect(table['settle 1 full chains: 8 exports, 4 withdrawals']).toBeLessThan(270_000)
  expect(further('chains, 2 exports and a withdrawal each')).toBeLessThan(23_000)
  expect(further('full chains: 8 exports, 4 withdrawals')).toBeLessThan(30_000)
})
