import { memoryStore } from '@causeway/testing'
import { concatHex, encodeFunctionData, hexToString, parseAbi, parseEther, slice, type Address, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { evmPart } from './additions.js'
import { evm } from './evm.js'
import { alice, CHAIN, FEES, L1, sign, testChain } from './harness.test-helper.js'
import type { Precompile } from './precompile.js'

const AT: Address = '0x00000000000000000000000000000000ca5e0100'
const module = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`)
/** Turns its input round, for 100 gas and 10 a byte. */
const REVERSE = 'export const gas = (input) => 100 + 10 * input.length; export const run = (input) => input.reverse()'
const precompile = (source = REVERSE, rest: Partial<Precompile> = {}): Precompile => ({ address: AT, name: 'reverse', version: 1, module: module(source), ...rest })
const chainWith = (source?: string) => testChain({ precompiles: [precompile(source)] })

/** Code that calls the precompile with its calldata by an opcode, and stores the answer and what it returned in slots 0 and 1. */
function caller(gas: Hex = '0x5a'): Hex {
  // CALLDATACOPY(0, 0, size); STATICCALL(gas, AT, 0, size, 0, 32); SSTORE(0, ok); SSTORE(1, mload(0))
  return concatHex(['0x365f5f37', '0x60205f365f73', AT, gas, '0xfa', '0x5f55', '0x5f51600155', '0x00'])
}
const CALLER: Address = '0x00000000000000000000000000000000000ca11e'

/** A transaction that calls it through a contract; what that contract has stored. */
async function throughContract(source: string, data: Hex = '0x010203', gas?: Hex) {
  const { engine, build } = await testChain({ precompiles: [precompile(source)], alloc: { [alice.address]: { balance: parseEther('1') }, [CALLER]: { code: caller(gas) } } })
  await build({ transactions: [await sign(alice, { nonce: 0, to: CALLER, data, gas: 500_000n })] })
  const [receipt] = engine.getReceipts(1n) ?? []
  const slot = (n: Hex) => engine.getStorage(CALLER, n, 1n)
  return { ok: BigInt(await slot('0x0')), word: await slot('0x1'), receipt }
}

describe('a precompile of the chain’s own', () => {
  it('is run by transactions, contracts, calls and estimates alike', async () => {
    const { engine, build } = await chainWith()
    expect((await engine.call({ to: AT, data: '0x010203' }, 0n)).data).toBe('0x030201')
    const gas = await engine.estimateGas({ from: alice.address, to: AT, data: '0x010203' }, 0n)
    await build({ transactions: [await sign(alice, { nonce: 0, to: AT, data: '0x010203', gas: gas as bigint })] })
    expect(engine.getReceipts(1n)).toMatchObject([{ success: true, gasUsed: gas }])
    // 21,000, 16 gas a byte of calldata, and its own.
    expect(gas).toBe(21_000n + 48n + 130n)
    const { ok, word } = await throughContract(REVERSE)
    expect([ok, slice(word, 0, 3)]).toEqual([1n, '0x030201'])
  })

  it('is warm, has an account that says what it is, and is where an override puts it', async () => {
    const { engine } = await chainWith()
    expect(hexToString(slice(await engine.getCode(AT, 0n), 1))).toBe('reverse@1')
    const list = await engine.createAccessList({ to: CALLER, data: '0x01' }, 0n, { [CALLER]: { code: caller() } })
    expect(JSON.stringify(list, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain(AT)
    const moved: Address = '0x00000000000000000000000000000000ca5e0999'
    expect((await engine.call({ to: moved, data: '0x0102' }, 0n, { [AT]: { movePrecompileTo: moved } })).data).toBe('0x0201')
  })

  it('decides state: a chain with another version, or without it, has another genesis and another spec', async () => {
    const definition = (precompiles: Precompile[]) => evm({ feeRecipient: FEES, precompiles })
    const all = [[], [precompile()], [precompile(REVERSE, { version: 2 })], [precompile(REVERSE, { name: 'other' })], [precompile(REVERSE, { address: '0x00000000000000000000000000000000ca5e0101' })]].map(definition)
    const roots = await Promise.all(all.map(async ({ create }) => (await create({ chainId: CHAIN, l1: { chainId: L1 }, store: memoryStore() }).genesis()).stateRoot))
    expect(new Set(roots).size).toBe(5)
    expect(new Set(all.map(({ spec }) => JSON.stringify(spec, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)))).size).toBe(5)
  })

  it('is loaded by an engine that did not make the genesis, when it is first called', async () => {
    const { store } = await chainWith()
    const again = evm({ feeRecipient: FEES, unbacked: true, precompiles: [precompile()] }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
    expect((await again.call({ to: AT, data: '0x0102' }, 0n)).data).toBe('0x0201')
  })
})

describe('a call fails with all its gas, and the block goes on, when the module', () => {
  it.each([
    ['throws', 'export const gas = () => 1; export const run = () => { throw new Error("no") }'],
    ['fails', 'export const gas = () => 1; export const run = () => undefined'],
    ['answers with something else', 'export const gas = () => 1; export const run = () => "0x01"'],
    ['answers later', 'export const gas = () => 1; export const run = async (input) => input'],
    ['throws over its price', 'export const gas = () => { throw new Error("no") }; export const run = (input) => input'],
    ['has a price below 0', 'export const gas = () => -1; export const run = (input) => input'],
    ['has a price that is no whole number', 'export const gas = () => 0.5; export const run = (input) => input'],
    ['has a price that is no number', 'export const gas = () => 1n; export const run = (input) => input'],
    ['weighs what is no number', 'export const gas = () => 1; export const work = () => NaN; export const run = (input) => input'],
    ['costs more than there is', 'export const gas = () => 100000; export const run = (input) => input'],
  ])('%s', async (_, source) => {
    // With 50,000 gas for it.
    const { ok, word, receipt } = await throughContract(source, '0x010203', '0x61c350')
    expect([ok, BigInt(word), receipt?.success]).toEqual([0n, BigInt('0x010203') << 232n, true])
    expect(receipt?.gasUsed).toBeGreaterThan(50_000n)
  })
})

it('it gets a copy: what it does to its input and its answer reaches no memory of the EVM', async () => {
  const kept = 'let last; export const gas = (input) => { input.fill(9); return 1 }; export const run = (input) => { last?.fill(7); input[0]++; return (last = input) }'
  const { engine } = await testChain({ precompiles: [precompile(kept)], alloc: {} })
  // Twice into memory, at 0 and at 32, and all of it back.
  const code = concatHex(['0x365f5f37', '0x60206020365f73', AT, '0x5afa50', '0x60206040365f73', AT, '0x5afa50', '0x60605ff3'])
  const { data } = await engine.call({ to: CALLER, data: '0x0102' }, 0n, { [CALLER]: { code } })
  expect([slice(data, 0, 2), slice(data, 32, 34), slice(data, 64, 66)]).toEqual(['0x0102', '0x0202', '0x0202'])
})

describe('its work is metered', () => {
  const calls = async (source: string, gas = 25_000_000n) => {
    // Calls it until the gas is gone: JUMPDEST STATICCALL(gas, AT, 0, 32, 0, 0) POP JUMP(0)
    const code = concatHex(['0x5b5f5f60205f73', AT, '0x5afa50', '0x5f56'])
    const { engine, build } = await testChain({ precompiles: [precompile(source)], alloc: { [alice.address]: { balance: parseEther('1') }, [CALLER]: { code } } })
    const start = performance.now()
    await build({ transactions: [await sign(alice, { nonce: 0, to: CALLER, gas })] })
    return { ms: performance.now() - start, receipt: engine.getReceipts(1n)?.[0] }
  }
  /** Counts its calls in the one variable that the test sees. */
  const counting = (rest: string) => `export const gas = () => 1; export const run = (input) => { globalThis.precompileCalls++; return input }; ${rest}`
  const counts = globalThis as unknown as { precompileCalls: number }

  it('half a block’s work ends a transaction, by what it declares', async () => {
    counts.precompileCalls = 0
    const { receipt } = await calls(counting('export const work = () => 75_000_000'))
    // 30M gas have 0.75 s; one execution half of it.
    expect([counts.precompileCalls, receipt?.success]).toEqual([4, false])
  })

  it('and never for nothing, whatever it declares', async () => {
    counts.precompileCalls = 0
    await calls(counting('export const work = () => -1e9'))
    // 2,000 ns each, and 1,000 of the opcode that calls.
    expect(counts.precompileCalls).toBeLessThanOrEqual(125_000)
  })
})

describe('refused before there is a chain', () => {
  it.each([
    ['at an address of Ethereum’s', { address: '0x0000000000000000000000000000000000000100' }, 'BAD_PRECOMPILE'],
    ['at none', { address: '0x12' }, 'BAD_PRECOMPILE'],
    ['without a name', { name: '' }, 'BAD_PRECOMPILE'],
    ['with a version that is none', { version: 0 }, 'BAD_PRECOMPILE'],
    ['with a function in place of its module', { module: () => 1 }, 'BAD_PRECOMPILE'],
    ['at the messenger', { address: '0xca5E000000000000000000000000000000000001' }, 'ADDRESS_TAKEN'],
    ['at Permit2', { address: '0x000000000022D473030F116dDEE9F6B43aC78BA3' }, 'ADDRESS_TAKEN'],
    ['where `alloc` has something', { address: CALLER }, 'ADDRESS_TAKEN'],
  ])('%s', (_, rest, code) => {
    expect(() => evm({ feeRecipient: FEES, alloc: { [CALLER]: { code: '0x00' } }, precompiles: [precompile(REVERSE, rest as unknown as Partial<Precompile>)] })).toThrow(expect.objectContaining({ code }) as Error)
  })

  it.each([
    ['cannot be loaded', 'import "./missing.js"'],
    ['exports something else', 'export const run = 1'],
    ['exports a weight that is none', `${REVERSE}; export const work = 7`],
  ])('a module that %s: the node does not start', async (_, source) => {
    const engine = evm({ feeRecipient: FEES, precompiles: [precompile(source)] }).create({ chainId: CHAIN, l1: { chainId: L1 }, store: memoryStore() })
    await expect(engine.genesis()).rejects.toMatchObject({ code: 'BAD_PRECOMPILE' })
  })
})

describe('parts of plugins', () => {
  const ANSWER: Address = '0x00000000000000000000000000000000000a115e'
  // 42 whatever is asked: MSTORE(0, 42) RETURN(0, 32)
  const answers = evmPart({ predeploys: { [ANSWER]: { code: '0x602a5f5260205ff3' } } })

  it('add up: predeploys and precompiles of each are there', async () => {
    const definition = [answers, evmPart({ precompiles: [precompile()] })].reduce((extended, part) => extended.with?.(part) ?? extended, evm({ feeRecipient: FEES }))
    const store = memoryStore()
    const engine = definition.create({ chainId: CHAIN, l1: { chainId: L1 }, store })
    await store.write((await engine.genesis()).changes)
    const abi = parseAbi(['function anything() view returns (uint256)'])
    expect(BigInt((await engine.call({ to: ANSWER, data: encodeFunctionData({ abi }) }, 0n)).data)).toBe(42n)
    expect((await engine.call({ to: AT, data: '0x0102' }, 0n)).data).toBe('0x0201')
    expect(definition.spec).toMatchObject({ precompiles: [{ address: AT, name: 'reverse', version: 1 }], alloc: expect.stringMatching(/^keccak256 0x/) as string })
  })

  it('at the same address are refused, and so is value that nothing backs', () => {
    const definition = evm({ feeRecipient: FEES })
    expect(() => definition.with?.(answers).with?.(answers)).toThrow(expect.objectContaining({ code: 'ADDRESS_TAKEN' }) as Error)
    const rich = evmPart({ predeploys: { [ANSWER]: { code: '0x00', balance: 1n } as { code: Hex } } })
    expect(definition.with?.(rich).issues).toEqual([])
  })
})

