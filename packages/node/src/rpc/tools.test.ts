import { permit2InitCode, permit2Salt, PREINSTALLS } from '@causeway/contracts'
import { greeterAbi, greeterBytecode, testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { concatHex, createPublicClient, custom, encodeDeployData, getCreate2Address, keccak256, parseAbi, recoverTransactionAddress, serializeTransaction, type Address, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { alice, bob, CHAIN_ID, rpcHarness, testChain } from './harness.test-helper.js'

const MESSENGER: Address = '0xca5E000000000000000000000000000000000001'
const permit2Abi = parseAbi([
  'function permitTransferFrom(((address token, uint256 amount) permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount) transferDetails, address owner, bytes signature)',
])
const domain = (chainId: number) => ({ name: 'Permit2', chainId, verifyingContract: PREINSTALLS.permit2 })

async function tools() {
  const harness = await rpcHarness({ auto: true })
  const { wallet, client } = harness
  const done = async (hash: Hex) => {
    const receipt = await client.getTransactionReceipt({ hash })
    expect(receipt.status).toBe('success')
    return receipt
  }
  return { ...harness, done, deploy: async (data: Hex) => (await done(await wallet.sendTransaction({ data }))).contractAddress as Address }
}

describe('tools find what they expect', () => {
  it.each([PREINSTALLS.create2Factory, PREINSTALLS.safeSingletonFactory])('a deployment through the factory %s', async (factory) => {
    const { wallet, client, done } = await tools()
    const init = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
    const salt = keccak256('0x01')
    await done(await wallet.sendTransaction({ to: factory, data: concatHex([salt, init]) }))
    const code = await client.getCode({ address: getCreate2Address({ from: factory, salt, bytecode: init }) })
    expect(code?.length).toBeGreaterThan(100)
    // The same again fails, as it must: nothing is "deployed" where nobody deploys.
    await expect(client.call({ to: factory, data: concatHex([salt, init]) })).rejects.toThrow(/revert/)
  })

  it('Multicall3, for clients that batch', async () => {
    const { deploy, rpc } = await tools()
    const token = await deploy(encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['T', 'T', 18] }))
    const chain = { ...testChain, contracts: { multicall3: { address: PREINSTALLS.multicall3 } } }
    let calls = 0
    const transport = custom({ request: (args: { method: string; params?: unknown }) => (calls++, rpc.request(args)) })
    const batching = createPublicClient({ chain, batch: { multicall: true }, transport })
    const [name, symbol, supply] = await Promise.all((['name', 'symbol', 'totalSupply'] as const).map((functionName) => batching.readContract({ address: token, abi: testTokenAbi, functionName })))
    expect([name, symbol, supply, calls]).toEqual(['T', 'T', 0n, 1])
  })

  it('Permit2, whose signatures are for this chain alone', async () => {
    const { client, wallet, deploy, done } = await tools()
    const token = await deploy(encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['T', 'T', 18] }))
    await done(await wallet.writeContract({ address: token, abi: testTokenAbi, functionName: 'mint', args: [alice.address, 10n] }))
    await done(await wallet.writeContract({ address: token, abi: testTokenAbi, functionName: 'approve', args: [PREINSTALLS.permit2, 10n] }))
    const sign = (of: number, nonce: bigint) =>
      alice.signTypedData({
        domain: domain(of),
        types: {
          PermitTransferFrom: [{ name: 'permitted', type: 'TokenPermissions' }, { name: 'spender', type: 'address' }, { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' }],
          TokenPermissions: [{ name: 'token', type: 'address' }, { name: 'amount', type: 'uint256' }],
        },
        primaryType: 'PermitTransferFrom',
        message: { permitted: { token, amount: 4n }, spender: bob.address, nonce, deadline: 2n ** 64n },
      })
    const take = (signature: Hex, nonce: bigint) => ({ account: bob, address: PREINSTALLS.permit2, abi: permit2Abi, functionName: 'permitTransferFrom' as const, args: [{ permitted: { token, amount: 4n }, nonce, deadline: 2n ** 64n }, { to: bob.address, requestedAmount: 4n }, alice.address, signature] as const })
    await expect(client.simulateContract(take(await sign(1, 0n), 0n))).rejects.toThrow()
    await done(await wallet.writeContract(take(await sign(CHAIN_ID, 0n), 0n)))
    expect(await client.readContract({ address: token, abi: testTokenAbi, functionName: 'balanceOf', args: [bob.address] })).toBe(4n)
    // It is what the factory would deploy here, to the byte: where it is missing, the factory puts it there.
    const code = await client.getCode({ address: PREINSTALLS.permit2 })
    const bare = await rpcHarness({ auto: true, evm: { alloc: { [alice.address]: { balance: 10n ** 20n }, [PREINSTALLS.permit2]: {} } } })
    await bare.wallet.sendTransaction({ to: PREINSTALLS.create2Factory, data: concatHex([permit2Salt, permit2InitCode]) })
    expect(await bare.client.getCode({ address: PREINSTALLS.permit2 })).toBe(code)
  })

  it('a keyless transaction is shown as the one that it is: without a chain id', async () => {
    const { client, wallet, done, rpc } = await tools()
    const raw = serializeTransaction({ type: 'legacy', nonce: 0, gasPrice: 100_000_000_000n, gas: 100_000n, data: '0x6001600c60003960016000f300' }, { r: `0x${'22'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, v: 27n } as never)
    const from = await recoverTransactionAddress({ serializedTransaction: raw as never })
    await done(await wallet.sendTransaction({ to: from, value: 10n ** 17n }))
    const hash = await client.sendRawTransaction({ serializedTransaction: raw })
    const shown = (await rpc.request({ method: 'eth_getTransactionByHash', params: [hash] })) as Record<string, unknown>
    expect(shown).toMatchObject({ hash, type: '0x0', v: '0x1b', from: from.toLowerCase(), to: null })
    expect('chainId' in shown).toBe(false)
    const receipt = await done(hash)
    expect(await client.getCode({ address: receipt.contractAddress as Address })).toBe('0x00')
  })
})
