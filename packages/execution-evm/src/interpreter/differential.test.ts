import { EVM, getActivePrecompiles, NobleBLS, NobleBN254, type ExecResult } from '@ethereumjs/evm'
import { createVM } from '@ethereumjs/vm'
import { bytesToHex, concat, hexToBytes, numberToBytes, numberToHex, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { openBlock } from '../block.js'
import { ethAddress } from '../bytes.js'
import { chainCommon, type Hardfork } from '../common.js'
import { machine, toLogs } from '../machine.js'
import { flatState, openStates } from '../state.js'
import { memoryStore } from '@causeway/testing'
import { Account, KECCAK256_RLP } from '@ethereumjs/util'
import { precompilesOf } from './precompiles.js'
import { numbers, program, WORLD, type Numbers } from './programs.test-helper.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
/** Programs to run; more for a long look. */
const PROGRAMS = Number(process.env['PROGRAMS'] ?? 150)
const FROM = ethAddress('0x00000000000000000000000000000000000f0000')

type World = { hardfork: Hardfork; code: Uint8Array; other: Uint8Array; data: Uint8Array; value: bigint }

async function run({ hardfork, code, other, data, value }: World, fast: boolean) {
  const common = chainCommon(4242n, hardfork)
  const state = flatState(openStates(memoryStore()), KECCAK256_RLP)
  const accounts: Record<Address, Uint8Array> = { [WORLD.self]: code, [WORLD.other]: other, [WORLD.delegated]: concat([Uint8Array.of(0xef, 1, 0), hexToBytes(WORLD.other)]) }
  for (const [address, bytes] of Object.entries(accounts) as [Address, Uint8Array][]) {
    await state.putAccount(ethAddress(address), new Account(1n, 10n))
    await state.putCode(ethAddress(address), bytes)
    await state.putStorage(ethAddress(address), hexToBytes(numberToHex(1, { size: 32 })), Uint8Array.of(7))
  }
  await state.putAccount(FROM, new Account(0n, 1_000n))
  await state.putAccount(ethAddress(WORLD.poor), new Account(0n, 1n))
  const block = openBlock({ number: 5n, parentHash: `0x${'11'.repeat(32)}`, timestampMs: 5_000n, gasLimit: 30_000_000n, baseFeePerGas: 7n, feeRecipient: WORLD.self } as Parameters<typeof openBlock>[0], common)
  const ancestor = (_: Hex, number: bigint): Hex => numberToHex(number + 99n, { size: 32 })
  const { call } = machine({ common, state, block, chain: { ancestor }, parent: `0x${'11'.repeat(32)}`, ...(!fast && { observe: () => undefined }) })
  const { execResult, accessed } = await call({ from: FROM, to: ethAddress(WORLD.self), value, data, gas: 400_000n })
  const { stateRoot } = await state.seal()
  const { exceptionError, executionGasUsed, returnValue, gasRefund, logs } = execResult
  return {
    // Why a frame halted may be told differently; that it did, and for how much, may not.
    failed: exceptionError && (exceptionError.error === 'revert' ? ('reverted' as const) : ('halted' as const)),
    ...{ executionGasUsed, returnValue: bytesToHex(returnValue), state: bytesToHex(stateRoot) },
    gasRefund: exceptionError ? 0n : gasRefund,
    logs: exceptionError ? [] : toLogs(logs),
    accessed: [...accessed].map(([address, slots]) => [address, [...slots].sort()]).sort(),
  }
}

it(`random code does the same in WebAssembly and in EthereumJS' own loop (SEED=${SEED})`, async () => {
  const random = numbers(SEED)
  const ends = { well: 0, reverted: 0, halted: 0 }
  for (let i = 0; i < PROGRAMS; i++) {
    const world: World = { hardfork: random.one('cancun', 'prague'), code: program(random), other: program(random), data: random.bytes(random.below(100)), value: BigInt(random.below(3)) }
    const [fast, slow] = [await run(world, true), await run(world, false)]
    expect(fast, `program ${i}: ${bytesToHex(world.code)} with ${bytesToHex(world.other)} in ${world.hardfork}`).toEqual(slow)
    ends[fast.failed ?? 'well']++
  }
  // A generator whose programs all fail would compare nothing.
  expect(ends.well).toBeGreaterThan(PROGRAMS / 20)
})

const word = (value: bigint): Uint8Array => numberToBytes(value, { size: 32 })
const G1: Hex = '0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1'
const N = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n

/** Inputs of a precompile, of which most are well-formed. */
function inputFor(address: number, { below, bytes }: Numbers): Uint8Array {
  const points = [concat([word(1n), word(2n)]), new Uint8Array(64), concat([word(1n), word(N - 2n)]), concat([word(N + 1n), word(2n)]), bytes(64)]
  const point = (): Uint8Array => points[below(below(4) === 0 ? points.length : 3)] as Uint8Array
  const g1 = (): Uint8Array => (below(4) === 0 ? new Uint8Array(128) : below(8) === 0 ? bytes(128) : hexToBytes(G1))
  switch (address) {
    case 5: {
      const [b, e, m] = [below(70), below(90), below(70)]
      return concat([word(BigInt(b)), word(BigInt(e)), word(BigInt(m)), bytes(b), below(3) === 0 ? new Uint8Array(e) : bytes(e), below(6) === 0 ? new Uint8Array(m) : bytes(m)]).subarray(0, below(3) === 0 ? below(300) : undefined)
    }
    case 6:
      return concat([point(), point()]).subarray(0, below(4) === 0 ? below(128) : undefined)
    case 7:
      return concat([point(), bytes(32)])
    case 9:
      return concat([numberToBytes(below(40), { size: 4 }), bytes(208), Uint8Array.of(below(3))]).subarray(0, below(5) === 0 ? 212 : undefined)
    case 0x0b:
      return concat([g1(), g1()])
    case 0x0c:
      return concat(Array.from({ length: below(3) }, () => concat([g1(), bytes(32)])))
    case 0x10:
      return concat([new Uint8Array(17), bytes(47)])
    default:
      return bytes(below(200))
  }
}

it(`precompiles give what EthereumJS' own give (SEED=${SEED})`, async () => {
  const random = numbers(SEED)
  for (const hardfork of ['cancun', 'prague'] satisfies Hardfork[]) {
    const common = chainCommon(4242n, hardfork)
    const stateManager = flatState(openStates(memoryStore()), KECCAK256_RLP)
    const bls = new NobleBLS()
    const reference = new EVM({ common, stateManager, bls, bn254: new NobleBN254(), blockchain: (await createVM({ common })).blockchain } as unknown as ConstructorParameters<typeof EVM>[0])
    const ours = precompilesOf(common)
    for (const [address, original] of getActivePrecompiles(common)) {
      const number = Number(`0x${address}`)
      if (number === 10) continue
      for (let i = 0; i < (number >= 0x0b || number === 7 ? 6 : 25); i++) {
        const data = inputFor(number, random)
        const gasLimit = random.below(5) === 0 ? BigInt(random.below(500)) : 3_000_000n
        const input = { data, gasLimit, common, _EVM: reference }
        const shape = ({ returnValue, executionGasUsed, exceptionError }: ExecResult) => ({ returnValue: bytesToHex(returnValue), executionGasUsed, failed: exceptionError !== undefined })
        expect(shape(await (ours.get(address) as typeof original)(input)), `${address} of ${bytesToHex(data)}`).toEqual(shape(await original(input)))
      }
    }
  }
})
