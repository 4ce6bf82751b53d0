import { EVM, getActivePrecompiles, NobleBLS, NobleBN254, type ExecResult } from '@ethereumjs/evm'
import { createVM } from '@ethereumjs/vm'
import { p256 } from '@noble/curves/nist.js'
import { bytesToHex, concat, hexToBytes, numberToBytes, numberToHex, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { openBlock } from '../block.js'
import { ethAddress } from '../bytes.js'
import { chainCommon, type Hardfork } from '../common.js'
import { machine, toLogs } from '../machine.js'
import type { Observer } from '../observed.js'
import { flatState, openStates } from '../state.js'
import { memoryStore } from '@causeway/testing'
import { Account, KECCAK256_RLP } from '@ethereumjs/util'
import { precompilesOf } from './precompiles.js'
import { points } from './points.test-helper.js'
import { numbers, program, WORLD, type Numbers } from './programs.test-helper.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
/** Programs to run; more for a long look. */
const PROGRAMS = Number(process.env['PROGRAMS'] ?? 150)
/** Inputs of each precompile that noble takes its time for. */
const INPUTS = Number(process.env['INPUTS'] ?? 6)
const FROM = ethAddress('0x00000000000000000000000000000000000f0000')

const OBSERVER: Observer = { enter() {}, leave() {}, step() {} }

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
  const { call } = machine({ common, state, block, chain: { ancestor }, parent: `0x${'11'.repeat(32)}`, observer: fast ? undefined : OBSERVER })
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
    const world: World = { hardfork: random.one('cancun', 'prague', 'osaka'), code: program(random), other: program(random), data: random.bytes(random.below(100)), value: BigInt(random.below(3)) }
    const [fast, slow] = [await run(world, true), await run(world, false)]
    expect(fast, `program ${i}: ${bytesToHex(world.code)} with ${bytesToHex(world.other)} in ${world.hardfork}`).toEqual(slow)
    ends[fast.failed ?? 'well']++
  }
  // A generator whose programs all fail would compare nothing.
  expect(ends.well).toBeGreaterThan(PROGRAMS / 20)
})

const word = (value: bigint): Uint8Array => numberToBytes(value, { size: 32 })

/** Inputs of a precompile, of which most are well-formed. */
function inputFor(address: number, random: Numbers): Uint8Array {
  const { below, bytes } = random
  const of = points(random)
  const several = (most: number, part: () => Uint8Array): Uint8Array => concat(Array.from({ length: below(most + 1) }, part))
  switch (address) {
    case 5: {
      const [b, e, m] = [below(70), below(90), below(70)]
      const padded = (size: number): Uint8Array => concat([new Uint8Array(below(size + 1)), bytes(size)]).subarray(0, size)
      return concat([word(BigInt(b)), word(BigInt(e)), word(BigInt(m)), padded(b), padded(e), below(6) === 0 ? new Uint8Array(m) : padded(m), bytes(below(2))]).subarray(0, below(3) === 0 ? below(300) : undefined)
    }
    case 6:
      return concat([of.bn1(), of.bn1()]).subarray(0, below(4) === 0 ? below(128) : undefined)
    case 7:
      return concat([of.bn1(), bytes(32)]).subarray(0, below(4) === 0 ? below(96) : undefined)
    case 8:
      return below(2) === 0 ? of.pairs().bn : several(2, () => concat([of.bn1(), of.bn2()]))
    case 9:
      return concat([numberToBytes(below(40), { size: 4 }), bytes(208), Uint8Array.of(below(3))]).subarray(0, below(5) === 0 ? 212 : undefined)
    case 0x0b:
      return concat([of.g1(), of.g1()])
    case 0x0c:
      return several(3, () => concat([of.g1(), bytes(32)]))
    case 0x0d:
      return concat([of.g2(), of.g2()])
    case 0x0e:
      return several(3, () => concat([of.g2(), bytes(32)]))
    case 0x0f:
      return below(2) === 0 ? of.pairs().bls : several(2, () => concat([of.g1(), of.g2()]))
    case 0x10:
      return concat([new Uint8Array(16), bytes(48)])
    case 0x11:
      return concat([new Uint8Array(16), bytes(48), new Uint8Array(16), bytes(48)])
    case 0x100: {
      const key = p256.utils.randomSecretKey(bytes(48))
      const [hash, spoilt] = [bytes(32), below(160)]
      const input = concat([hash, p256.sign(hash, key, { prehash: false, lowS: false }), p256.getPublicKey(key, false).subarray(1)])
      return below(3) > 0 ? input : input.map((byte, i) => (i === spoilt ? byte ^ 1 : byte)).subarray(0, below(4) === 0 ? 159 : undefined)
    }
    default:
      return bytes(below(200))
  }
}

it(`precompiles give what EthereumJS' own give (SEED=${SEED})`, async () => {
  const random = numbers(SEED)
  for (const hardfork of ['cancun', 'prague', 'osaka'] satisfies Hardfork[]) {
    const common = chainCommon(4242n, hardfork)
    const stateManager = flatState(openStates(memoryStore()), KECCAK256_RLP)
    const bls = new NobleBLS()
    const reference = new EVM({ common, stateManager, bls, bn254: new NobleBN254(), blockchain: (await createVM({ common })).blockchain } as unknown as ConstructorParameters<typeof EVM>[0])
    const ours = precompilesOf(common)
    for (const [address, original] of getActivePrecompiles(common)) {
      const number = Number(`0x${address}`)
      if (number === 10) continue
      for (let i = 0; i < (number >= 0x0b || number === 7 || number === 8 ? INPUTS : 25); i++) {
        const data = inputFor(number, random)
        const gasLimit = random.below(5) === 0 ? BigInt(random.below(500)) : 3_000_000n
        const input = { data, gasLimit, common, _EVM: reference }
        const shape = ({ returnValue, executionGasUsed, exceptionError }: ExecResult) => ({ returnValue: bytesToHex(returnValue), executionGasUsed, failed: exceptionError !== undefined })
        expect(shape(await (ours.get(address) as typeof original)(input)), `${address} of ${bytesToHex(data)}`).toEqual(shape(await original(input)))
      }
    }
  }
})
