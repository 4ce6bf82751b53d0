import { NEVER } from '@causeway/core'
import { greeterAbi, greeterBytecode, reverterBytecode, testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { BaseError, ContractFunctionRevertedError, getContractAddress, keccak256, numberToHex, parseEther, toHex, zeroAddress, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { alice, bob, CHAIN_ID, rpcHarness } from './harness.test-helper.js'

const MESSENGER = '0xca5E000000000000000000000000000000000001'
const DELEGATE = `0x${'dd'.repeat(20)}` as const
const deposit = { kind: 'deposit', index: 0n, message: { source: 900n, nonce: 0n, timestamp: 0n, destination: BigInt(CHAIN_ID), sender: alice.address, recipient: bob.address, refundTo: bob.address, token: { chain: 900n, address: zeroAddress }, amount: 5n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' } } as const

describe('viem', () => {
  it('transfers', async () => {
    const { client, wallet } = await rpcHarness({ auto: true })
    const hash = await wallet.sendTransaction({ to: bob.address, value: parseEther('1') })
    const receipt = await client.waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({ status: 'success', type: 'eip1559', blockNumber: 1n, gasUsed: 21_000n, contractAddress: null })
    expect(await client.getBalance({ address: bob.address })).toBe(parseEther('101'))
    expect(await client.getBalance({ address: bob.address, blockNumber: 0n })).toBe(parseEther('100'))
    expect(await client.getTransaction({ hash })).toMatchObject({ type: 'eip1559', from: alice.address.toLowerCase(), nonce: 0, value: parseEther('1'), chainId: CHAIN_ID, transactionIndex: 0 })
    expect(await client.getTransactionCount({ address: alice.address })).toBe(1)
    const block = await client.getBlock({ includeTransactions: true })
    expect(block.transactions[0]?.hash).toBe(hash)
    expect(await client.getBlock({ blockHash: block.hash as Hex })).toMatchObject({ number: 1n, transactions: [hash] })
    expect(await client.getTransaction({ blockNumber: 1n, index: 0 })).toMatchObject({ hash })
    expect(await client.getBlockTransactionCount({ blockNumber: 1n })).toBe(1)
  })

  it('sends every kind of transaction', async () => {
    const { client, wallet, mine } = await rpcHarness()
    const authorization = await bob.signAuthorization({ chainId: CHAIN_ID, nonce: 0, address: DELEGATE })
    const hashes = [
      await wallet.sendTransaction({ type: 'legacy', to: bob.address, nonce: 0 }),
      await wallet.sendTransaction({ type: 'eip2930', to: bob.address, nonce: 1, accessList: [{ address: bob.address, storageKeys: [numberToHex(1, { size: 32 })] }] }),
      await wallet.sendTransaction({ type: 'eip7702', to: bob.address, nonce: 2, gas: 100_000n, authorizationList: [authorization] }),
    ]
    expect(await client.getTransaction({ hash: hashes[1] as Hex })).toMatchObject({ blockNumber: null, from: alice.address.toLowerCase() })
    await mine()
    const types = await Promise.all(hashes.map(async (hash) => [(await client.getTransaction({ hash })).type, (await client.getTransactionReceipt({ hash })).status]))
    expect(types).toEqual([['legacy', 'success'], ['eip2930', 'success'], ['eip7702', 'success']])
    expect((await client.getTransaction({ hash: hashes[2] as Hex })).authorizationList?.[0]).toMatchObject({ chainId: CHAIN_ID, nonce: 0 })
    expect(await client.getCode({ address: bob.address })).toBe(`0xef0100${DELEGATE.slice(2)}`)
  })

  it('sends and waits for the receipt', async () => {
    const { wallet, mine, chain } = await rpcHarness()
    const raw = (nonce: number) => wallet.signTransaction({ type: 'eip1559', to: bob.address, nonce, gas: 21_000n, maxFeePerGas: 10n ** 10n } as never)
    const hashed = new Promise<Hex>((resolve) => chain.onPendingTransaction(resolve))
    const receipt = wallet.sendRawTransactionSync({ serializedTransaction: await raw(0) })
    const hash = await hashed
    await mine()
    expect(await receipt).toMatchObject({ status: 'success', transactionHash: hash })
    await expect(wallet.sendRawTransactionSync({ serializedTransaction: await raw(1), timeout: 20 })).rejects.toThrow("wasn't processed within 20 ms")
  })

  it('deploys, writes, reads and finds events', async () => {
    const { client, wallet, mine } = await rpcHarness({ auto: true })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TST', 18] }) })
    const address = contractAddress as Hex
    const contract = { address, abi: testTokenAbi } as const
    await wallet.writeContract({ ...contract, functionName: 'mint', args: [alice.address, 10n] })
    const { request } = await client.simulateContract({ ...contract, account: alice, functionName: 'transfer', args: [bob.address, 4n] })
    await wallet.writeContract(request)
    expect(await client.readContract({ ...contract, functionName: 'balanceOf', args: [bob.address] })).toBe(4n)
    const events = await client.getContractEvents({ ...contract, eventName: 'Transfer', fromBlock: 0n, args: { to: bob.address } })
    expect(events.map(({ args, logIndex }) => [args.value, logIndex])).toEqual([[4n, 0]])
    const filter = await client.createContractEventFilter({ ...contract, eventName: 'Transfer' })
    expect(await client.getFilterChanges({ filter })).toEqual([])
    await wallet.writeContract({ ...contract, functionName: 'transfer', args: [bob.address, 1n] })
    expect((await client.getFilterChanges({ filter })).map(({ args }) => args.value)).toEqual([1n])
    expect(await client.getFilterChanges({ filter })).toEqual([])
    expect(await client.uninstallFilter({ filter })).toBe(true)
    const blocks = await client.createBlockFilter()
    const { hash } = await mine()
    expect(await client.getFilterChanges({ filter: blocks })).toEqual([hash])
    expect(await client.getStorageAt({ address, slot: numberToHex(2) })).toBe(numberToHex(10, { size: 32 }))
  })

  it('decodes why calls fail', async () => {
    const { client, wallet } = await rpcHarness({ auto: true })
    await wallet.deployContract({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
    const address = getContractAddress({ from: alice.address, nonce: 0n })
    const call = client.simulateContract({ address, abi: greeterAbi, functionName: 'receiveMessage', args: [numberToHex(0, { size: 32 }), '0x', '0x'] })
    const error = await call.then(() => undefined, (e: unknown) => e)
    expect(error).toBeInstanceOf(BaseError)
    const reverted = (error as BaseError).walk((e) => e instanceof ContractFunctionRevertedError) as ContractFunctionRevertedError
    expect(reverted.data?.errorName ?? reverted.signature).toBeDefined()
    await expect(client.estimateGas({ account: alice, to: bob.address, value: parseEther('1000') })).rejects.toThrow('exceeds the balance')
    await expect(wallet.sendTransaction({ to: bob.address, nonce: 0, gas: 21_000n })).rejects.toThrow(/lower than the current nonce/)
    await expect(wallet.sendTransaction({ to: bob.address, value: parseEther('1000'), gas: 21_000n })).rejects.toThrow(/exceeds the balance/)
    await expect(wallet.sendTransaction({ data: reverterBytecode, gas: 21_000n })).rejects.toThrow(/intrinsic gas too low/i)
  })

  it('estimates fees', async () => {
    const { client, wallet } = await rpcHarness({ auto: true })
    for (let i = 0; i < 3; i++) await wallet.sendTransaction({ to: bob.address, maxPriorityFeePerGas: 7_000_000n * BigInt(i + 1), maxFeePerGas: 10n ** 10n })
    const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
    expect(maxPriorityFeePerGas).toBe(14_000_000n)
    expect(maxFeePerGas).toBeGreaterThan(maxPriorityFeePerGas)
    const history = await client.getFeeHistory({ blockCount: 9, rewardPercentiles: [10, 90] })
    expect(history.oldestBlock).toBe(0n)
    expect(history.baseFeePerGas).toHaveLength(5)
    expect(history.reward).toEqual([[0n, 0n], ...[7_000_000n, 14_000_000n, 21_000_000n].map((tip) => [tip, tip])])
    expect(history.gasUsedRatio[1]).toBeCloseTo(21_000 / 30_000_000)
    expect(await client.getGasPrice()).toBeGreaterThan(await client.estimateMaxPriorityFeePerGas())
  })

  it('shows system transactions', async () => {
    const { client, rpc, mine } = await rpcHarness()
    const { hash } = await mine({ l1Entries: [deposit] })
    const block = await client.getBlock({ blockHash: hash, includeTransactions: true })
    const [transaction] = block.transactions
    expect(transaction).toMatchObject({ typeHex: '0x7d', from: '0xca5e00000000000000000000000000000000ffff', to: MESSENGER.toLowerCase(), value: 5n, gasPrice: 0n, gas: 200_000n, r: '0x0' })
    expect(await rpc.request({ method: 'eth_getTransactionByHash', params: [transaction?.hash] })).toMatchObject({ type: '0x7d', gasPrice: '0x0', v: '0x0', nonce: '0x0' })
    expect(await client.getTransactionReceipt({ hash: transaction?.hash as Hex })).toMatchObject({ status: 'success', type: '0x7d', effectiveGasPrice: 0n })
    expect(await client.getLogs({ blockHash: hash, address: MESSENGER })).toHaveLength(1)
  })

  it('proves', async () => {
    const { client } = await rpcHarness()
    const proof = await client.getProof({ address: MESSENGER, storageKeys: [numberToHex(0, { size: 32 })] })
    expect(proof.storageProof[0]?.value).toBe(900n)
    expect(proof.nonce).toBe(1)
    expect(keccak256(proof.accountProof[0] as Hex)).toBe((await client.getBlock()).stateRoot)
    const { accessList, gasUsed } = await client.createAccessList({ to: MESSENGER, data: '0xaffed0e0' })
    expect(accessList).toEqual([{ address: MESSENGER.toLowerCase(), storageKeys: [numberToHex(2, { size: 32 })] }])
    expect(gasUsed).toBeGreaterThan(21_000n)
  })

  it('simulates', async () => {
    const { client, engine, mine } = await rpcHarness()
    await mine()
    const head = await client.getBlock()
    const [first, second] = await client.simulateBlocks({
      blocks: [
        { calls: [{ account: alice.address, to: bob.address, value: 7n }, { account: bob.address, to: DELEGATE, gas: 10n ** 6n }], stateOverrides: [{ address: DELEGATE, code: '0xfe' }] },
        { calls: [{ account: DELEGATE, to: bob.address, value: 1n, gas: 21_000n }], stateOverrides: [{ address: DELEGATE, balance: 10n ** 18n }] },
      ],
      traceTransfers: true,
    })
    expect(first).toMatchObject({ number: head.number + 1n, parentHash: head.hash, timestamp: head.timestamp + 12n, baseFeePerGas: 0n, gasLimit: 30_000_000n })
    expect(first?.calls.map(({ status, gasUsed }) => [status, gasUsed > 21_000n])).toEqual([['success', false], ['failure', true]])
    expect(first?.calls[0]?.logs).toMatchObject([{ address: '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', data: numberToHex(7, { size: 32 }), blockHash: first?.hash, logIndex: 0 }])
    expect(second).toMatchObject({ number: head.number + 2n, parentHash: first?.hash, calls: [{ status: 'success' }] })
    const { assetChanges, results } = await client.simulateCalls({ account: alice.address, traceAssetChanges: true, calls: [{ to: bob.address, value: 5n }] })
    expect([assetChanges.map(({ value }) => value.diff), results.map(({ status }) => status)]).toEqual([[-5n], ['success']])
    await expect(client.simulateBlocks({ validation: true, blocks: [{ calls: [{ account: alice.address, to: bob.address, nonce: 9, maxFeePerGas: 10n ** 10n }] }] })).rejects.toThrow(/nonce too high/i)
    // Nothing of it stays.
    expect([engine.head().number, await client.getBalance({ address: bob.address })]).toEqual([head.number, parseEther('100')])
  })

  it('watches blocks by polling', async () => {
    const { client, mine } = await rpcHarness()
    const seen: bigint[] = []
    const stop = client.watchBlockNumber({ emitOnBegin: true, onBlockNumber: (number) => void seen.push(number) })
    await expect.poll(() => seen).toEqual([0n])
    await mine()
    await expect.poll(() => seen).toEqual([0n, 1n])
    stop()
  })
})

describe('JSON-RPC', () => {
  const handle = async (rpc: { handle(body: unknown): Promise<string | undefined> }, body: unknown) => {
    const text = await rpc.handle(body)
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  }
  const ask = (rpc: { handle(body: unknown): Promise<string | undefined> }, method: string, ...params: unknown[]) => handle(rpc, { jsonrpc: '2.0', id: 1, method, params })

  it('answers batches, notifications and nonsense', async () => {
    const { rpc } = await rpcHarness()
    const id = { jsonrpc: '2.0', method: 'eth_chainId' }
    expect(await handle(rpc, [{ ...id, id: 1 }, id, { ...id, id: 'x', method: 'nope' }])).toEqual([
      { jsonrpc: '2.0', id: 1, result: numberToHex(CHAIN_ID) },
      { jsonrpc: '2.0', id: 'x', error: { code: -32601, message: 'the method nope does not exist/is not available' } },
    ])
    expect(await handle(rpc, id)).toBeUndefined()
    expect(await handle(rpc, [])).toMatchObject({ error: { code: -32600 } })
    for (const body of [null, 1, 'x', {}, { jsonrpc: '2.0', id: 1 }, { jsonrpc: '1.0', id: 1, method: 'a' }]) expect(await handle(rpc, body)).toMatchObject({ id: null, error: { code: -32600 } })
    expect(await handle(rpc, { ...id, id: 1, params: {} })).toMatchObject({ error: { code: -32602, message: 'non-array args' } })
    expect(await ask(rpc, 'causeway_answer')).toEqual({ jsonrpc: '2.0', id: 1, result: { value: '0x2a' } })
    expect(() => rpc.extend({ eth_chainId: () => 'overridden' })).toThrow(expect.objectContaining({ code: 'METHOD_EXISTS' }) as Error)
    expect(await ask(rpc, 'eth_subscribe', 'newHeads')).toMatchObject({ error: { code: -32601, message: 'notifications not supported' } })
  })

  it('refuses malformed parameters as geth does', async () => {
    const { rpc } = await rpcHarness()
    const error = async (method: string, ...params: unknown[]) => ((await ask(rpc, method, ...params)) as { error?: { code: number; message: string } }).error
    const address = `0x${'11'.repeat(20)}`
    expect(await error('eth_getBalance')).toEqual({ code: -32602, message: 'missing value for required argument 0' })
    expect(await error('eth_getBalance', '0x12')).toMatchObject({ code: -32602, message: 'invalid argument 0: hex string has length 2, want 40' })
    expect(await error('eth_getBalance', address, '0x999')).toEqual({ code: -32000, message: 'header not found' })
    expect(await error('eth_getBalance', address, 'newest')).toMatchObject({ code: -32602 })
    expect(await error('eth_getStorageAt', address, '0xasdf', 'latest')).toEqual({ code: -32602, message: 'invalid hex in storage key: "0xasdf"' })
    expect(await error('eth_getStorageAt', address, `0x${'0'.repeat(65)}`)).toMatchObject({ message: expect.stringContaining('storage key too long') as string })
    expect(await error('eth_getLogs', { fromBlock: '0x2', toBlock: '0x1' })).toEqual({ code: -32602, message: 'invalid block range params' })
    expect(await error('eth_getLogs', { fromBlock: '0x0', toBlock: '0x5' })).toEqual({ code: -32602, message: 'block range extends beyond current head block' })
    expect(await error('eth_getLogs', { blockHash: `0x${'00'.repeat(32)}`, fromBlock: '0x1' })).toMatchObject({ code: -32602 })
    expect(await error('eth_sendRawTransaction', '0x02f8')).toMatchObject({ code: -32000, message: expect.stringMatching(/^rlp/) as string })
    expect(await error('eth_sendRawTransaction', 'f8')).toMatchObject({ code: -32602 })
    expect(await error('eth_call', { to: address, data: '0x01', input: '0x02' })).toMatchObject({ code: -32602 })
    expect(await error('eth_getFilterChanges', '0x77')).toEqual({ code: -32000, message: 'filter not found' })
    expect(await ask(rpc, 'eth_getBlockByNumber', '0x77', false)).toMatchObject({ result: null })
    expect(await ask(rpc, 'eth_getTransactionReceipt', `0x${'00'.repeat(32)}`)).toMatchObject({ result: null })
  })

  it('words reverts as geth does', async () => {
    const { rpc } = await rpcHarness()
    // PUSH1 n PUSH1 10 PUSH0 CODECOPY PUSH1 n PUSH0 REVERT, then the data
    const code = (data: string): Hex => `0x60${toHex(data.length / 2, { size: 1 }).slice(2)}600a5f3960${toHex(data.length / 2, { size: 1 }).slice(2)}5ffd${data}`
    const run = async (data: string) => ((await ask(rpc, 'eth_call', { to: bob.address }, 'latest', { [bob.address]: { code: code(data) } })) as { error: unknown }).error
    const word = (n: number) => n.toString(16).padStart(64, '0')
    const text = `08c379a0${word(32)}${word(10)}${Buffer.from('user error').toString('hex').padEnd(64, '0')}`
    expect(await run(text)).toEqual({ code: 3, message: 'execution reverted: user error', data: `0x${text}` })
    expect(await run(`4e487b71${word(1)}`)).toEqual({ code: 3, message: 'execution reverted: assert(false)', data: `0x4e487b71${word(1)}` })
    expect(await run('deadbeef')).toEqual({ code: 3, message: 'execution reverted', data: '0xdeadbeef' })
    expect(await run('')).toEqual({ code: 3, message: 'execution reverted', data: '0x' })
    const halt = await ask(rpc, 'eth_call', { to: bob.address }, 'latest', { [bob.address]: { code: '0xfe' } })
    expect(halt).toMatchObject({ error: { code: -32000, message: 'invalid opcode' } })
  })

  it('changes state and block for one call', async () => {
    const { client } = await rpcHarness()
    // NUMBER, TIMESTAMP, COINBASE, BASEFEE
    const code = '0x435f5242602052416040524860605260805ff3'
    const block = { number: '0x309', time: '0x270f', feeRecipient: bob.address, baseFeePerGas: '0x5' }
    const data: Hex = await client.request({ method: 'eth_call', params: [{ to: DELEGATE }, 'latest', { [DELEGATE]: { code } }, block] as never })
    expect(data.slice(2).match(/.{64}/g)?.map((word) => BigInt(`0x${word}`))).toEqual([777n, 9_999n, BigInt(bob.address), 5n])
    // The identity precompile, moved away from 0x04.
    const moved = { '0x0000000000000000000000000000000000000004': { movePrecompileToAddress: DELEGATE } }
    const ask = (to: Hex, overrides: unknown) => client.request({ method: 'eth_call', params: [{ to, data: '0x1234' }, 'latest', overrides] as never })
    expect([await ask(DELEGATE, moved), await ask('0x0000000000000000000000000000000000000004', moved)]).toEqual(['0x1234', '0x'])
    await expect(ask(DELEGATE, { [DELEGATE]: moved['0x0000000000000000000000000000000000000004'] })).rejects.toThrow('is not a precompile')
    await expect(client.request({ method: 'eth_call', params: [{ to: bob.address }, 'latest', {}, { blobBaseFee: '0x1' }] as never })).rejects.toThrow('not supported')
  })

  it('refuses calls that pay less than the base fee', async () => {
    const { rpc } = await rpcHarness()
    const error = async (fees: object) => ((await ask(rpc, 'eth_call', { from: alice.address, to: bob.address, ...fees })) as { error?: { message: string } }).error?.message
    expect(await error({ maxFeePerGas: '0x1' })).toContain(`max fee per gas less than block base fee: address ${alice.address}, maxFeePerGas: 1, baseFee: `)
    expect(await error({ gasPrice: '0x1' })).toContain('max fee per gas less than block base fee')
    expect(await error({ maxFeePerGas: '0x77359400', maxPriorityFeePerGas: '0x77359401' })).toContain('max priority fee per gas higher than max fee per gas')
    expect(await error({ maxFeePerGas: '0x0' })).toBeUndefined()
  })

  it('knows the tags', async () => {
    const { rpc, mine } = await rpcHarness()
    for (let i = 0; i < 4; i++) await mine()
    const number = async (tag: string) => ((await rpc.request({ method: 'eth_getBlockByNumber', params: [tag, false] })) as { number: Hex }).number
    expect(await Promise.all(['earliest', 'finalized', 'safe', 'latest', 'pending'].map(number))).toEqual(['0x0', '0x0', '0x2', '0x4', '0x5'])
  })

  it('a reorganisation takes logs back', async () => {
    const { rpc, mine, engine } = await rpcHarness()
    const id = await rpc.request({ method: 'eth_newFilter', params: [{ address: MESSENGER }] })
    const first = await mine({ l1Entries: [deposit] })
    const second = await mine({ parentHash: (await engine.genesis()).hash, timestamp: 5000n, l1Entries: [deposit] }, [first.hash])
    const changes = (await rpc.request({ method: 'eth_getFilterChanges', params: [id] })) as { blockHash: Hex; removed: boolean }[]
    expect(changes.map(({ blockHash, removed }) => [blockHash, removed])).toEqual([[first.hash, false], [first.hash, true], [second.hash, false]])
  })
})
