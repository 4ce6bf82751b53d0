import { greeterAbi, greeterBytecode, testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { createMPTFromProof, verifyMerkleProof } from '@ethereumjs/mpt'
import { createAccountFromRLP } from '@ethereumjs/util'
import { decodeFunctionResult, encodeDeployData, encodeFunctionData, getContractAddress, hexToBytes, pad, parseEther, toEventSelector, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { MESSENGER } from './constants.js'
import { alice, bob, deposit, sign, testChain } from './harness.test-helper.js'

describe('reader', () => {
  it('calls, and says why a call failed', async () => {
    const { engine, build } = await testChain()
    const data = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
    const to = getContractAddress({ from: alice.address, nonce: 0n })
    await build({ transactions: [await sign(alice, { nonce: 0, data, gas: 2_000_000n })] })
    await build({ l1Entries: [deposit(0n, { recipient: to, payload: '0xbeef', gasLimit: 500_000n, amount: 11n })] })
    const read = (functionName: 'count' | 'lastValue') => ({ to, data: encodeFunctionData({ abi: greeterAbi, functionName }) })
    const value = async (functionName: 'count' | 'lastValue', at: bigint) => decodeFunctionResult({ abi: greeterAbi, functionName, data: (await engine.call(read(functionName), at)).data })
    expect([await value('count', 1n), await value('count', 2n), await value('lastValue', 2n)]).toEqual([0n, 1n, 11n])
    const refused = await engine.call({ to, data: encodeFunctionData({ abi: greeterAbi, functionName: 'receiveMessage', args: [pad('0x'), '0x', '0x'] }) }, 2n)
    expect(refused.failure).toEqual({ kind: 'revert', reason: 'revert' })
    expect(refused.data.length).toBeGreaterThan(9)
    await expect(engine.call({ from: `0x${'99'.repeat(20)}`, to, value: 1n }, 2n)).rejects.toMatchObject({ code: 'INVALID_CALL' })
    const rich = await engine.call({ from: `0x${'99'.repeat(20)}`, to: bob.address, value: 1n }, 2n, { [`0x${'99'.repeat(20)}`]: { balance: 5n } })
    expect(rich.failure).toBeUndefined()
    // BLOCKHASH(1) and the code under an override: PUSH1 1 BLOCKHASH PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    const hash = await engine.call({ to: bob.address }, 2n, { [bob.address]: { code: '0x6001405f5260205ff3' } })
    expect(hash.data).toBe(engine.getBlock(1n)?.hash)
    expect(await engine.getCode(to, 0n)).toBe('0x')
    expect(await engine.getCode(to, 1n)).not.toBe('0x')
  })

  it('estimates what a transaction needs', async () => {
    const { engine, build } = await testChain()
    expect(await engine.estimateGas({ from: alice.address, to: bob.address, value: 1n }, 0n)).toBe(21_000n)
    const data = encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: tokenArgs() })
    const gas = await engine.estimateGas({ from: alice.address, data }, 0n)
    if (typeof gas !== 'bigint') throw new Error('no estimate')
    await build({ transactions: [await sign(alice, { nonce: 0, data, gas })] })
    const [receipt] = engine.getReceipts(1n) ?? []
    expect(receipt).toMatchObject({ success: true, to: null, contractAddress: getContractAddress({ from: alice.address, nonce: 0n }).toLowerCase() })
    expect(Number(gas)).toBeLessThan(Number(receipt?.gasUsed) * 1.1)
    const failing = await engine.estimateGas({ from: alice.address, data: '0x5f5ffd' }, 0n)
    expect(failing).toMatchObject({ failure: { kind: 'revert' } })
  })

  it('finds logs by address, topic, range and block', async () => {
    const { engine, build } = await testChain()
    const token = getContractAddress({ from: alice.address, nonce: 0n })
    const mint = encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [bob.address, 5n] })
    await build({ transactions: [await sign(alice, { nonce: 0, data: encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: tokenArgs() }), gas: 3_000_000n })] })
    await build({ transactions: [await sign(alice, { nonce: 1, to: token, data: mint, gas: 200_000n }), await sign(alice, { nonce: 2, to: token, data: mint, gas: 200_000n })] })
    const { hash } = await build({ l1Entries: [deposit(0n)] })
    const transfer = toEventSelector('Transfer(address,address,uint256)')
    const found = engine.getLogs({ from: 0n, to: 99n, address: token, topics: [transfer, null, [pad(bob.address), pad(alice.address)]] })
    expect(found.map((log) => [log.blockNumber, log.transactionIndex, log.logIndex])).toEqual([[2n, 0, 0], [2n, 1, 1]])
    expect(engine.getLogs({ from: 0n, to: 99n, address: [token, MESSENGER] })).toHaveLength(3)
    expect(engine.getLogs({ from: 0n, to: 99n, topics: [null, pad(bob.address)] })).toHaveLength(0)
    expect(engine.getLogs({ blockHash: hash })).toHaveLength(1)
    expect(engine.getLogs({ from: 0n, to: 1n })).toHaveLength(0)
    const { parentHash } = await build({ number: 3n, parentHash: engine.getBlock(2n)?.hash as Hex, timestamp: 9_000n })
    expect(engine.getBlock(parentHash)?.number).toBe(2n)
    expect(engine.getLogs({ from: 0n, to: 99n, address: MESSENGER })).toHaveLength(0)
    expect(engine.getLogs({ blockHash: hash })).toHaveLength(1)
    await build({ number: 4n, parentHash: hash, timestamp: 9_500n })
    expect(engine.getLogs({ from: 3n, to: 3n, address: MESSENGER }).map(({ blockHash }) => blockHash)).toEqual([hash])
  })

  it('proves accounts, slots and absences against the state root', async () => {
    const { engine, build } = await testChain()
    await build({ l1Entries: [deposit(0n)] })
    const root = hexToBytes(engine.getBlock(1n)?.stateRoot as Hex)
    const slot = pad('0x', { size: 32 })
    const proof = await engine.getProof(MESSENGER, [slot, pad('0x55')], 1n)
    const node = await verifyMerkleProof(hexToBytes(MESSENGER), proof.accountProof.map((n) => hexToBytes(n)), { root, useKeyHashing: true })
    expect(node && createAccountFromRLP(node).codeHash).toEqual(hexToBytes(proof.codeHash))
    expect(proof.storageProof.map(({ value }) => value)).toEqual([900n, 0n])
    const storage = await createMPTFromProof((proof.storageProof[0]?.proof ?? []).map((n) => hexToBytes(n)), { useKeyHashing: true })
    expect(storage.root()).toEqual(hexToBytes(proof.storageHash))
    expect(await engine.getStorage(MESSENGER, slot, 1n)).toBe(pad('0x0384'))
    const absent = await engine.getProof(`0x${'77'.repeat(20)}`, [], 1n)
    expect(await verifyMerkleProof(hexToBytes(`0x${'77'.repeat(20)}`), absent.accountProof.map((n) => hexToBytes(n)), { root, useKeyHashing: true })).toBeNull()
    expect(absent).toMatchObject({ balance: 0n, nonce: 0n })
    expect(await engine.getBalance(alice.address, 1n)).toBe(parseEther('100'))
  })
})

function tokenArgs(): [string, string, number] {
  return ['Test', 'TST', 18]
}
