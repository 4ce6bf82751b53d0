/** An EVM chain with two plugins: an indexer of tokens in SQLite, and P-256 signatures by a precompile. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { createCluster } from '@causeway/cluster'
import { testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'
import { p256 } from 'p256-precompile'
import { tokenIndexer } from 'token-indexer'
import { bytesToHex, parseEther, zeroAddress } from 'viem'

const rollup = defineRollup({ chain: { id: 780n }, execution: evm({ feeRecipient: zeroAddress }), da: blobs(), plugins: [p256(), tokenIndexer()] })
const cluster = await createCluster({ aggregator: false, chains: [{ name: 'plugged', rollup }] })
const [chain] = cluster.chains
const { index } = await cluster.deposit(chain, { amount: parseEther('1') })
await chain.client.waitForDeposit({ index })
const [wallet, ask] = [chain.wallet(), (method: string, query: object) => chain.client.request({ method, params: [query] } as never)]

const { contractAddress: token } = await wallet.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Dollar', 'USD', 6] }) })
assert.ok(token)
await wallet.waitForTransactionReceipt({ hash: await wallet.writeContract({ abi: testTokenAbi, address: token, functionName: 'mint', args: [wallet.account.address, 7n] }) })
const balances = (): Promise<unknown[]> => ask('token_balances', { holder: wallet.account.address })
// Plugins are told of a block after it was made.
while ((await balances()).length === 0) await new Promise((resolve) => setTimeout(resolve, 200))
assert.deepEqual(await balances(), [{ token, amount: '0x7' }])

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signature = sign('sha256', Buffer.from('hello'), { key: keys.privateKey, dsaEncoding: 'ieee-p1363' })
const { x = '', y = '' } = keys.publicKey.export({ format: 'jwk' })
const of = (text: string) => ({ hash: bytesToHex(createHash('sha256').update(text).digest()), r: bytesToHex(signature.subarray(0, 32)), s: bytesToHex(signature.subarray(32)), x: bytesToHex(Buffer.from(x, 'base64url')), y: bytesToHex(Buffer.from(y, 'base64url')) })
assert.deepEqual([await ask('p256_verify', of('hello')), await ask('p256_verify', of('hallo'))], [true, false])
await cluster.stop()
console.log('the indexer has the tokens, and the precompile tells signatures')
