import { EVM, getActivePrecompiles, NobleBLS, NobleBN254, type ExecResult } from '@ethereumjs/evm'
import { createVM } from '@ethereumjs/vm'
import { bytesToHex, concat, hexToBytes, numberToBytes, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { openBlock } from '../block.js'
import { ethAddress } from '../bytes.js'
import { chainCommon, type Hardfork } from '../common.js'
import { machine, toLogs } from '../machine.js'
import { flatState, openStates } from '../state.js'
import { createRandom, memoryStore } from '@causeway/testing'
import { KECCAK256_RLP } from '@ethereumjs/util'
import { precompilesOf } from './precompiles.js'

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Seeded random numbers and bytes. */
function numbers(seed: number) {
  const { below } = createRandom(seed)
  return { below, bytes: (size: number): Uint8Array => Uint8Array.from({ length: size }, () => below(256)) }
}

const SELF = '0x00000000000000000000000000000000000e0000'
const OTHER = '0x00000000000000000000000000000000000e1111'
const FROM = ethAddress('0x00000000000000000000000000000000000f0000')

/** Random code: mostly operands and opcodes that find some, of every kind. */
function program({ below, bytes }: ReturnType<typeof numbers>): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < 160; i++) {
    const kind = below(12)
    if (kind < 3) parts.push(Uint8Array.of(0x60, below(256)))
    else if (kind === 3) parts.push(concat([Uint8Array.of(0x7f), bytes(32)]))
    else if (kind === 4) parts.push(Uint8Array.of(0x80 + below(6)), Uint8Array.of(0x90 + below(4)))
    else if (kind < 8) parts.push(Uint8Array.of([0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x12, 0x14, 0x15, 0x16, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d][below(22)] as number))
    else if (kind === 8) parts.push(Uint8Array.of(0x60, below(255), 0x60, below(255), [0x20, 0x52, 0x53, 0x55, 0x5d, 0xa0][below(6)] as number))
    else if (kind === 9) parts.push(Uint8Array.of(0x60, below(3), [0x51, 0x54, 0x5c, 0x35, 0x31, 0x3b, 0x3f, 0x40, 0x49][below(9)] as number))
    else if (kind === 10) parts.push(Uint8Array.of([0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x58, 0x59, 0x5a, 0x5b][below(21)] as number))
    else {
      const to = [hexToBytes(OTHER), ethAddress(`0x${'0'.repeat(39)}${1 + below(9)}`).bytes, hexToBytes(SELF)][below(3)] as Uint8Array
      const op = [0xf1, 0xf2, 0xf4, 0xfa][below(4)] as number
      const sizes = [below(64), below(64), below(96), below(64)].flatMap((size) => [0x60, size])
      parts.push(concat([Uint8Array.from([...sizes, ...(op < 0xf4 ? [0x60, below(8) === 0 ? 1 : 0] : [])]), Uint8Array.of(0x73), to, Uint8Array.of(0x61, 0x40, 0x00, op)]))
      if (below(2) === 0) parts.push(Uint8Array.of(0x3d, 0x5f, 0x5f, 0x3e))
    }
  }
  return concat([...parts, Uint8Array.of(0x60, 96, 0x5f, [0xf3, 0xfd, 0x00][below(3)] as number)])
}

async function run(code: Uint8Array, other: Uint8Array, data: Uint8Array, fast: boolean) {
  const common = chainCommon(4242n, 'prague')
  const state = flatState(openStates(memoryStore()), KECCAK256_RLP)
  for (const [address, bytes] of [[SELF, code], [OTHER, other]] as const) {
    await state.putCode(ethAddress(address), bytes)
    const account = await state.getAccount(ethAddress(address))
    if (account) await state.putAccount(ethAddress(address), Object.assign(account, { balance: 10n, nonce: 1n }))
  }
  const block = openBlock({ number: 5n, parentHash: `0x${'11'.repeat(32)}`, timestampMs: 5_000n, gasLimit: 30_000_000n, baseFeePerGas: 7n, feeRecipient: SELF } as Parameters<typeof openBlock>[0], common)
  const { call } = machine({ common, state, block, chain: { ancestor: () => `0x${'22'.repeat(32)}` }, parent: `0x${'11'.repeat(32)}`, ...(!fast && { observe: () => undefined }) })
  const { execResult } = await call({ from: FROM, to: ethAddress(SELF), value: 0n, data, gas: 400_000n })
  const { stateRoot } = await state.seal()
  const { exceptionError, executionGasUsed, returnValue, gasRefund, logs } = execResult
  // Why a frame halted may be told differently; that it did, and for how much, may not.
  return { failed: exceptionError && (exceptionError.error === 'revert' ? 'reverted' : 'halted'), executionGasUsed, returnValue: bytesToHex(returnValue), gasRefund: exceptionError ? 0n : gasRefund, logs: exceptionError ? [] : toLogs(logs), state: bytesToHex(stateRoot) }
}

it(`random code does the same in WebAssembly and in EthereumJS' own loop (SEED=${SEED})`, async () => {
  const random = numbers(SEED)
  for (let i = 0; i < 60; i++) {
    const [code, other, data] = [program(random), program(random), random.bytes(random.below(100))]
    const [fast, slow] = [await run(code, other, data, true), await run(code, other, data, false)]
    expect(fast, `program ${i}: ${bytesToHex(code)} with ${bytesToHex(other)}`).toEqual(slow)
  }
})

const word = (value: bigint): Uint8Array => numberToBytes(value, { size: 32 })
const G1: Hex = '0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1'
const N = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n

/** Inputs of a precompile, of which most are well-formed. */
function inputFor(address: number, { below, bytes }: ReturnType<typeof numbers>): Uint8Array {
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
