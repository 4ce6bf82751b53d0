import { errorCode, messageId, MIN_GAS_LIMIT, NEVER, type Store } from '@causeway/core'
import { causewayMessengerAbi } from '@causeway/contracts'
import { gasBurnerBytecode, greeterAbi, greeterBytecode, reverterBytecode } from '@causeway/contracts/samples'
import { encodeDeployData, encodeFunctionData, getContractAddress, hexToBytes, keccak256, numberToHex, parseEther, sha256, toRlp, zeroAddress, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { genTransactionsTrieRoot } from '@ethereumjs/block'
import { createTxFromRLP } from '@ethereumjs/tx'
import { chainCommon } from './common.js'
import { MESSENGER } from './constants.js'
import { evm } from './evm.js'
import { alice, bob, CHAIN, deposit, FEES, L1, message, nextInputs, sign, testChain } from './harness.test-helper.js'
import { memoryStore } from '@causeway/testing'
import { DELIVERY_BYTE_GAS, DELIVERY_OVERHEAD_GAS } from './system-transaction.js'

const send = (destination: bigint, recipient = bob.address, payload: Hex = '0x') =>
  encodeFunctionData({
    abi: causewayMessengerAbi,
    functionName: 'send',
    args: [{ destination, recipient, refundTo: bob.address, gasLimit: 0n, expiry: NEVER, payload }],
  })

describe('blocks', () => {
  it('genesis is deterministic and writes nothing itself', async () => {
    const store = memoryStore()
    const open = (at: Store) => evm({ feeRecipient: FEES }).create({ chainId: CHAIN, l1: { chainId: L1 }, store: at })
    const first = await open(store).genesis()
    expect([...store.range({ start: '', end: '~' })]).toEqual([])
    expect(await open(memoryStore()).genesis()).toEqual(first)
    expect(() => open(store).head()).toThrow('holds no chain')
  })

  it('hashes as Ethereum does', async () => {
    const { engine, build } = await testChain()
    const transactions = [await sign(alice, { nonce: 0, to: bob.address, value: 1n }), await sign(bob, { nonce: 0, to: alice.address, value: 2n })]
    const { hash } = await build({ transactions })
    const block = engine.getBlock(hash)
    if (!block) throw new Error('block is gone')
    const n = (value: bigint) => (value === 0n ? '0x' : numberToHex(value))
    expect(
      keccak256(
        toRlp([
          block.parentHash, '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347', block.feeRecipient, block.stateRoot,
          block.transactionsRoot, block.receiptsRoot, block.logsBloom, '0x', n(block.number), n(block.gasLimit), n(block.gasUsed),
          n(block.timestamp), block.extraData, block.mixHash, '0x0000000000000000', n(block.baseFeePerGas), block.withdrawalsRoot,
          n(block.blobGasUsed), n(block.excessBlobGas), block.parentBeaconBlockRoot, block.requestsHash ?? '0x',
        ]),
      ),
    ).toBe(hash)
    const common = chainCommon(CHAIN, 'prague')
    const root = await genTransactionsTrieRoot(transactions.map((raw) => createTxFromRLP(hexToBytes(raw), { common })))
    expect(hexToBytes(block.transactionsRoot)).toEqual(root)
    expect(block.requestsHash).toBe(sha256('0x'))
    expect(block).toMatchObject({ number: 1n, timestamp: 0n, timestampMs: 500n, gasUsed: 42_000n, feeRecipient: FEES })
    expect(block.baseFeePerGas).toBe(875_000_000n)
  })

  it('equal inputs on equal parents give equal blocks', async () => {
    const [a, b] = [await testChain(), await testChain()]
    const inputs = { transactions: [await sign(alice, { nonce: 0, to: bob.address, value: 1n })], l1Entries: [deposit(0n)] }
    const [x, y] = [await a.build(inputs), await b.build(inputs)]
    expect(x).toEqual(y)
    expect(x.changes.every(({ key }) => key.startsWith('evm/'))).toBe(true)
  })

  it('builds on any known parent; the head decides what is canonical', async () => {
    const { engine, build, store } = await testChain()
    const one = await build({ transactions: [await sign(alice, { nonce: 0, to: bob.address, value: 1n })] })
    const two = await build({ transactions: [await sign(alice, { nonce: 1, to: bob.address, value: 1n })] })
    const fork = await build({ ...nextInputs(engine), number: 1n, parentHash: (await engine.genesis()).hash, timestamp: 700n })
    expect(engine.head()).toEqual({ number: 1n, hash: fork.hash })
    expect(engine.getBlock(2n)).toBeUndefined()
    expect(engine.getBlock(two.hash)?.number).toBe(2n)
    expect(engine.getTransaction(keccak256(one.transactions[0] as Hex))).toBeUndefined()
    expect(await engine.getBalance(bob.address, 1n)).toBe(parseEther('100'))
    await store.write(engine.rewind(two.hash))
    expect(engine.getBlock(1n)?.hash).toBe(one.hash)
    expect(engine.getTransaction(keccak256(one.transactions[0] as Hex))?.blockHash).toBe(one.hash)
    expect(await engine.getBalance(bob.address, 2n)).toBe(parseEther('100') + 2n)
    const again = await build({ number: 2n, parentHash: fork.hash, timestamp: 900n })
    expect([engine.getBlock(1n)?.hash, engine.getBlock(2n)?.hash]).toEqual([fork.hash, again.hash])
  })

  it('refuses inputs that do not follow their parent, and unknown parents', async () => {
    const { engine } = await testChain()
    const code = (promise: Promise<unknown>) => promise.then(() => 'none', errorCode)
    expect(await code(engine.execute(nextInputs(engine, { number: 2n })))).toBe('INVALID_INPUTS')
    expect(await code(engine.execute(nextInputs(engine, { parentHash: `0x${'11'.repeat(32)}` })))).toBe('UNKNOWN_PARENT')
  })

  it('reports damage instead of reading a missing node as an empty account', async () => {
    const { store } = await testChain()
    await store.write([...store.range({ start: 'evm/n/', end: 'evm/n0' })].map(({ key }) => ({ key, value: null })))
    const engine = evm({ feeRecipient: FEES }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
    await expect(engine.getBalance(alice.address, 0n)).rejects.toMatchObject({ code: 'STATE_MISSING' })
    await expect(engine.execute(nextInputs(engine, { l1Entries: [deposit(0n)] }))).rejects.toMatchObject({ code: 'STATE_MISSING' })
  })
})

describe('user transactions', () => {
  it('says why it refuses, and goes on', async () => {
    const { build, engine } = await testChain()
    const poor = `0x${'cc'.repeat(20)}` as const
    const stranger = (await import('viem/accounts')).privateKeyToAccount(`0x${'cc'.repeat(32)}`)
    const ok = await sign(alice, { nonce: 0, to: poor, value: 1n })
    const cases: [Hex, RegExp][] = [
      [ok, /^nonce too low/],
      [await sign(alice, { nonce: 5, to: poor }), /^nonce too high/],
      [await sign(stranger, { nonce: 0, to: poor, value: 1n }), /^insufficient funds/],
      [await sign(alice, { nonce: 1, to: poor, gas: 30_000_001n }), /^exceeds block gas limit/],
      [await sign(alice, { nonce: 1, to: poor, gas: 20_000n }), /^intrinsic gas too low/],
      [await sign(alice, { nonce: 1, to: poor, maxFeePerGas: 5n, maxPriorityFeePerGas: 0n }), /^max fee per gas less than block base fee/],
      [await sign(alice, { nonce: 1, to: poor, chainId: 1 }), /^invalid chain id/],
      [await sign(alice, { nonce: 1, to: poor, type: 'eip4844', blobVersionedHashes: [`0x01${'00'.repeat(31)}`], maxFeePerBlobGas: 1n } as never), /^transaction type not supported/],
      [await alice.signTransaction({ type: 'legacy', nonce: 1, to: poor, gas: 21_000n, gasPrice: 2_000_000_000n }), /^only replay-protected/],
      ['0x7dc0', /^transaction type not supported/],
      ['0x02f8', /^rlp/],
    ]
    const block = await build({ transactions: [ok, ...cases.map(([raw]) => raw)] })
    expect(block.transactions).toEqual([ok])
    expect(block.refused.map(({ transaction }) => transaction)).toEqual(cases.map(([raw]) => raw))
    for (const [index, [, reason]] of cases.entries()) expect(block.refused[index]?.reason).toMatch(reason)
    expect(await engine.getBalance(poor, block.hash)).toBe(1n)
    for (const [raw, reason] of cases.slice(2, 5)) await expect(engine.validate(raw, block.hash)).rejects.toThrow(new RegExp(reason.source, 'm'))
    const valid = await sign(alice, { nonce: 9, to: poor })
    expect(await engine.validate(valid, block.hash)).toMatchObject({ hash: keccak256(valid), nonce: 9n, weight: 21_000n, maxFee: 2_000_000_000n, sender: alice.address.toLowerCase() })
  })

  it('takes legacy, 2930 and 7702 transactions', async () => {
    const { build, engine } = await testChain()
    const common = { chainId: Number(CHAIN), to: bob.address, gas: 100_000n }
    const delegate = `0x${'dd'.repeat(20)}` as const
    const authorization = await bob.signAuthorization({ chainId: Number(CHAIN), nonce: 0, address: delegate })
    const transactions = [
      await alice.signTransaction({ ...common, type: 'legacy', nonce: 0, gasPrice: 1_000_000_000n }),
      await alice.signTransaction({ ...common, type: 'eip2930', nonce: 1, gasPrice: 1_000_000_000n, accessList: [{ address: delegate, storageKeys: [`0x${'00'.repeat(32)}`] }] }),
      await alice.signTransaction({ ...common, type: 'eip7702', nonce: 2, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n, authorizationList: [authorization] }),
    ]
    const block = await build({ transactions })
    expect(block.refused).toEqual([])
    expect(await engine.getCode(bob.address, block.hash)).toBe(`0xef0100${'dd'.repeat(20)}`)
    expect(engine.getReceipts(block.hash)?.map(({ type, success }) => [type, success])).toEqual([[0, true], [1, true], [4, true]])
    const cancun = await testChain({ hardfork: 'cancun' })
    expect((await cancun.build({ transactions })).refused.map(({ reason }) => reason)).toEqual(['transaction type not supported'])
  })

  it('base fee and tip go to the fee recipient', async () => {
    const { build, engine } = await testChain()
    const block = await build({ transactions: [await sign(alice, { nonce: 0, to: bob.address })] })
    expect(await engine.getBalance(FEES, block.hash)).toBe(21_000n * (875_000_000n + 1_000_000n))
    expect(engine.getReceipts(1n)?.[0]).toMatchObject({ effectiveGasPrice: 876_000_000n, gasUsed: 21_000n, cumulativeGasUsed: 21_000n })
  })

  it('what is not admitted leaves no trace', async () => {
    const plain = await testChain()
    const picky = await testChain()
    const transactions = [
      await sign(alice, { nonce: 0, to: MESSENGER, value: 7n, data: send(L1), gas: 200_000n }),
      await sign(bob, { nonce: 0, to: alice.address, value: 1n }),
    ]
    const block = await picky.build({ transactions }, (outcome) => outcome.sent.length === 0)
    expect(block.refused).toEqual([{ transaction: transactions[0], reason: 'not admitted: what it sends does not fit into this block' }])
    const reference = await plain.build({ transactions: transactions.slice(1) })
    expect(block.hash).toBe(reference.hash)
    expect((await plain.build({ transactions: [transactions[0] as Hex] })).outcomes[0]?.sent).toEqual([
      { destination: L1, sender: alice.address, recipient: bob.address, refundTo: bob.address, token: { chain: L1, address: zeroAddress }, amount: 7n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
    ])
  })
})

describe('system inputs', () => {
  it('a deposit mints its ETH', async () => {
    const { build, engine } = await testChain()
    const block = await build({ l1Entries: [deposit(0n, { amount: 5n })] })
    expect(block.outcomes).toMatchObject([{ kind: 'l1', ok: true, sent: [] }])
    expect(await engine.getBalance(bob.address, 1n)).toBe(parseEther('100') + 5n)
    const [receipt] = engine.getReceipts(1n) ?? []
    expect(receipt).toMatchObject({ type: 0x7d, success: true, effectiveGasPrice: 0n })
    expect(engine.getTransactions(1n)?.[0]?.raw.startsWith('0x7d')).toBe(true)
    expect(receipt?.logs[0]?.topics[1]).toBe(messageId(message()))
    expect(engine.getBlock(1n)?.gasUsed).toBe(receipt?.gasUsed)
  })

  it('delivers payloads to receivers, and refunds what they do not take', async () => {
    const { build, engine } = await testChain()
    const deploy = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
    await build({ transactions: [await sign(alice, { nonce: 0, data: deploy, gas: 2_000_000n }), await sign(alice, { nonce: 1, data: reverterBytecode, gas: 2_000_000n })] })
    const [greeter, reverter] = [getContractAddress({ from: alice.address, nonce: 0n }), getContractAddress({ from: alice.address, nonce: 1n })]
    const imports = [greeter, reverter].map((recipient, i) => ({
      message: message({ source: 77n, nonce: BigInt(i), recipient, payload: '0x1234', gasLimit: 300_000n, amount: 3n }),
      policyHash: 1n,
    }))
    const block = await build({ imports })
    expect(block.outcomes).toMatchObject([{ kind: 'import', ok: true }, { kind: 'import', ok: false }])
    expect(await engine.getBalance(greeter, block.hash)).toBe(3n)
    expect(await engine.getBalance(bob.address, block.hash)).toBe(parseEther('100') + 3n)
  })

  it('a delivery that may not send what its receiver sends becomes a refund', async () => {
    const { build, engine } = await testChain()
    const deploy = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
    await build({ transactions: [await sign(alice, { nonce: 0, data: deploy, gas: 2_000_000n })] })
    const recipient = getContractAddress({ from: alice.address, nonce: 0n })
    const seen: boolean[] = []
    const block = await build({ l1Entries: [deposit(0n, { recipient, payload: '0x1234', gasLimit: 300_000n })] }, (outcome) => {
      if (outcome.kind === 'l1') seen.push(outcome.ok)
      return seen.length > 1
    })
    expect(seen).toEqual([true, false])
    expect(block.outcomes).toMatchObject([{ ok: false, sent: [] }])
    expect(await engine.getBalance(recipient, block.hash)).toBe(0n)
    expect(await engine.getBalance(bob.address, block.hash)).toBe(parseEther('100') + 5n)
  })

  it('should the messenger revert, the engine refunds the ETH', async () => {
    const { build, engine } = await testChain()
    // A payload longer than the gas of a delivery can carry.
    const block = await build({ l1Entries: [deposit(0n, { token: { chain: L1, address: zeroAddress }, amount: 9n, gasLimit: 0n, payload: `0x${'00'.repeat(400_000)}` })] })
    expect(block.outcomes).toMatchObject([{ ok: false, sent: [] }])
    expect(await engine.getBalance(bob.address, block.hash)).toBe(parseEther('100') + 9n)
  })

  it('forced transactions run if valid and are void if not', async () => {
    const { build, engine } = await testChain()
    const good = await sign(alice, { nonce: 0, to: bob.address, value: 4n })
    const entry = (index: bigint, transaction: Hex) => ({ kind: 'forced', index, transaction }) as const
    const greedy = await sign(alice, { nonce: 1, to: bob.address, gas: 1_875_001n })
    const block = await build({ l1Entries: [entry(0n, '0x1234'), entry(1n, good), entry(2n, good), entry(3n, greedy), entry(4n, '0x')] })
    expect(block.outcomes.map((o) => o.kind === 'l1' && o.ok)).toEqual([false, true, false, false, false])
    expect(engine.getBlock(1n)?.transactions.map(({ hash }) => hash)).toEqual([keccak256(good)])
    expect(block.transactions).toEqual([])
  })

  it('gives every message that a bridge lets through the gas that it asks for', async () => {
    const largest = { gasLimit: 1_000_000n, payload: `0x${'ff'.repeat(4096)}` as const }
    const { engine } = await testChain({ gasLimit: MIN_GAS_LIMIT })
    expect(engine.systemGas(largest)).toBe(1_000_000n + 1_000_000n / 48n + 4096n * DELIVERY_BYTE_GAS + DELIVERY_OVERHEAD_GAS)
    await expect(testChain({ gasLimit: MIN_GAS_LIMIT - 1n })).rejects.toMatchObject({ code: 'BAD_EVM', issues: [{ path: 'gasLimit' }] })
  })

  it('keeps half of the block for users', async () => {
    const { engine } = await testChain()
    expect(engine.systemGas({ gasLimit: 1_000_000n, payload: '0x' })).toBe(1_220_833n)
    expect(engine.systemGas({ gasLimit: NEVER, payload: '0x' })).toBe(engine.weightLimit / 16n)
    const l1Entries = Array.from({ length: 13 }, (_, i) => deposit(BigInt(i), { gasLimit: 1_000_000n }))
    await expect(engine.execute(nextInputs(engine, { l1Entries }))).rejects.toMatchObject({ code: 'SYSTEM_WEIGHT_EXCEEDED' })
  })

  it('survives receivers that burn all their gas', async () => {
    const { build } = await testChain()
    await build({ transactions: [await sign(alice, { nonce: 0, data: gasBurnerBytecode, gas: 2_000_000n })] })
    const recipient = getContractAddress({ from: alice.address, nonce: 0n })
    const block = await build({ l1Entries: [deposit(0n, { recipient, payload: '0x01', gasLimit: 1_000_000n })] })
    expect(block.outcomes).toMatchObject([{ ok: false }])
  })
})
