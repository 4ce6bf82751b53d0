import { Address, KECCAK256_NULL } from '@ethereumjs/util'
import type { ExecResult } from '@ethereumjs/evm'
import type { FlatState } from '../state.js'
import { FRAME, readWord, writeBytes, writeWord, type Arena } from './arena.js'
import type { Env, Interpreter, RunState } from './ethereumjs.js'
import { expansionGas } from './environment.js'

/** What an opcode of the host works with. */
export type HostFrame = {
  arena: Arena
  frame: number
  interpreter: Interpreter
  state: RunState
  env: Env
  /** Whether the frame may change nothing. */
  isStatic: boolean
}

/** How it went: done, halted, or left to EthereumJS, with nothing changed. */
type Done = true | 'halt' | 'leave'
type Handler = (host: HostFrame) => Done | Promise<Done>

const WARM = 100n
const COLD_ACCOUNT = 2_600n
const COLD_SLOT = 2_100n

const topOf = ({ arena, frame }: HostFrame): number => arena.words[(frame + FRAME.top) >>> 2] as number
const enough = (host: HostFrame, items: number): boolean => topOf(host) - (host.frame + FRAME.stack) >= 32 * items
const gasLeft = ({ arena, frame }: HostFrame): bigint => arena.longs[frame >>> 3] as bigint

/** Takes gas, if there is so much; moves on to the next opcode and sets the stack's height. */
function finish({ arena, frame }: HostFrame, gas: bigint, top: number): void {
  arena.longs[frame >>> 3] = (arena.longs[frame >>> 3] as bigint) - gas
  arena.words[(frame + FRAME.top) >>> 2] = top
  arena.words[(frame + FRAME.pc) >>> 2] = (arena.words[(frame + FRAME.pc) >>> 2] as number) + 1
}

/** A number of the stack as big-endian bytes. */
function bytesAt({ bytes }: Arena, at: number, size: number): Uint8Array {
  const result = new Uint8Array(size)
  for (let i = 0; i < size; i++) result[i] = bytes[at + size - 1 - i] as number
  return result
}

/** A number of the stack that is a size or an offset; larger ones are all alike. */
function sizeAt(arena: Arena, at: number): number {
  const value = readWord(arena, at)
  return value < 0xffff_ffffn ? Number(value) : Number.POSITIVE_INFINITY
}

const stateOf = ({ state }: HostFrame): FlatState['now'] => (state.stateManager as FlatState).now

/** An opcode that turns an address into something that its account has. */
const ofAccount = (write: (host: HostFrame, at: number, address: Address) => boolean): Handler => (host) => {
  const { arena, interpreter } = host
  if (!enough(host, 1)) return 'leave'
  const at = topOf(host) - 32
  const address = new Address(bytesAt(arena, at, 20))
  const warm = interpreter.journal.isWarmedAddress(address.bytes)
  const gas = warm ? WARM : COLD_ACCOUNT
  if (gasLeft(host) < gas) return 'halt'
  if (!write(host, at, address)) return 'leave'
  if (!warm) interpreter.journal.addWarmedAddress(address.bytes)
  finish(host, gas, at + 32)
  return true
}

const isEmpty = (account: { nonce: bigint; balance: bigint; codeHash: Uint8Array }): boolean => account.nonce === 0n && account.balance === 0n && account.codeHash.every((byte, i) => byte === KECCAK256_NULL[i])

const sload: Handler = (host) => {
  const { arena, interpreter, env } = host
  if (!enough(host, 1)) return 'leave'
  const at = topOf(host) - 32
  const slot = bytesAt(arena, at, 32)
  const warm = interpreter.journal.isWarmedStorage(env.address.bytes, slot)
  const gas = warm ? WARM : COLD_SLOT
  if (gasLeft(host) < gas) return 'halt'
  if (!warm) interpreter.journal.addWarmedStorage(env.address.bytes, slot)
  writeBytes(arena, at, stateOf(host).storage(env.address, slot))
  finish(host, gas, at + 32)
  return true
}

const number = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** SSTORE: EIP-2200 with the prices of EIP-2929 and the refunds of EIP-3529. */
const sstore: Handler = (host) => {
  const { arena, interpreter, env, state } = host
  if (host.isStatic || !enough(host, 2)) return 'leave'
  if (gasLeft(host) <= 2_300n) return 'halt'
  const top = topOf(host)
  const slot = bytesAt(arena, top - 32, 32)
  const value = bytesAt(arena, top - 64, 32)
  const { storage, originalStorage, putStorage } = stateOf(host)
  const [current, original, next] = [number(storage(env.address, slot)), number(originalStorage(env.address, slot)), readWord(arena, top - 64)]
  const warm = interpreter.journal.isWarmedStorage(env.address.bytes, slot)
  let gas = warm ? 0n : COLD_SLOT
  let refund = 0n
  if (next === current) gas += WARM
  else if (current === original) {
    gas += original === 0n ? 20_000n : 2_900n
    if (original !== 0n && next === 0n) refund += 4_800n
  } else {
    gas += WARM
    if (original !== 0n && current === 0n) refund -= 4_800n
    if (original !== 0n && next === 0n) refund += 4_800n
    if (next === original) refund += original === 0n ? 19_900n : 2_800n
  }
  if (gasLeft(host) < gas) return 'halt'
  if (!warm) interpreter.journal.addWarmedStorage(env.address.bytes, slot)
  state.gasRefund += refund
  if (next !== current) putStorage(env.address, slot, next === 0n ? new Uint8Array() : value)
  finish(host, gas, top - 64)
  return true
}

const tload: Handler = (host) => {
  const { arena, interpreter, env } = host
  if (!enough(host, 1)) return 'leave'
  if (gasLeft(host) < WARM) return 'halt'
  const at = topOf(host) - 32
  writeBytes(arena, at, interpreter._evm.transientStorage.get(env.address, bytesAt(arena, at, 32)))
  finish(host, WARM, at + 32)
  return true
}

const tstore: Handler = (host) => {
  const { arena, interpreter, env } = host
  if (host.isStatic || !enough(host, 2)) return 'leave'
  if (gasLeft(host) < WARM) return 'halt'
  const top = topOf(host)
  interpreter._evm.transientStorage.put(env.address, bytesAt(arena, top - 32, 32), bytesAt(arena, top - 64, 32))
  finish(host, WARM, top - 64)
  return true
}

const blobHash: Handler = (host) => {
  const { arena, env } = host
  if (!enough(host, 1)) return 'leave'
  if (gasLeft(host) < 3n) return 'halt'
  const at = topOf(host) - 32
  const index = sizeAt(arena, at)
  writeWord(arena, at, BigInt(env.blobVersionedHashes[index] ?? 0))
  finish(host, 3n, at + 32)
  return true
}

const returnDataCopy: Handler = (host) => {
  const { arena, frame, state } = host
  if (!enough(host, 3)) return 'leave'
  const top = topOf(host)
  const [to, from, size] = [sizeAt(arena, top - 32), sizeAt(arena, top - 64), sizeAt(arena, top - 96)]
  const words = size === 0 ? 0 : Math.ceil((to + size) / 32)
  if (from + size > state.returnBytes.length || !Number.isFinite(words)) return 'halt'
  const gas = 3n + 3n * BigInt(Math.ceil(size / 32)) + expansionGas(arena, frame, words)
  if (gasLeft(host) < gas || arena.wasm.extend(frame, words) === 0) return 'halt'
  if (size > 0) arena.bytes.set(state.returnBytes.subarray(from, from + size), (arena.words[(frame + FRAME.memory) >>> 2] as number) + to)
  finish(host, gas, top - 96)
  return true
}

/** A call of a precompile without value: nothing but data goes in and out, so no frame is made. */
const call = (withValue: boolean): Handler => (host) => {
  const { arena, frame, interpreter, env, state } = host
  const items = withValue ? 7 : 6
  if (!enough(host, items) || env.depth >= 1_024) return 'leave'
  const top = topOf(host)
  const address = new Address(bytesAt(arena, top - 64, 20))
  const run = interpreter._evm.getPrecompile(address)
  if (!run || !interpreter.journal.isWarmedAddress(address.bytes)) return 'leave'
  if (withValue && readWord(arena, top - 96) !== 0n) return 'leave'
  const argument = (i: number): number => sizeAt(arena, top - 32 * (items - 3 + i))
  const [inAt, inSize, outAt, outSize] = [argument(0), argument(1), argument(2), argument(3)]
  const reach = Math.max(inSize === 0 ? 0 : inAt + inSize, outSize === 0 ? 0 : outAt + outSize)
  if (!Number.isFinite(reach)) return 'halt'
  const gas = WARM + expansionGas(arena, frame, Math.ceil(reach / 32))
  const rest = gasLeft(host) - gas
  if (rest < 0n) return 'halt'
  const asked = readWord(arena, top - 32)
  const most = rest - rest / 64n
  const gasLimit = asked < most ? asked : most
  if (arena.wasm.extend(frame, Math.ceil(reach / 32)) === 0) return 'halt'
  const memory = arena.words[(frame + FRAME.memory) >>> 2] as number
  const data = inSize === 0 ? new Uint8Array() : arena.bytes.subarray(memory + inAt, memory + inAt + inSize)
  const took = (result: ExecResult): Done => {
    const ok = result.exceptionError === undefined
    state.returnBytes = ok ? result.returnValue : new Uint8Array()
    if (ok && outSize > 0) arena.bytes.set(result.returnValue.subarray(0, outSize), memory + outAt)
    arena.words[(frame + FRAME.returnSize) >>> 2] = state.returnBytes.length
    writeWord(arena, top - 32 * items, ok ? 1n : 0n)
    finish(host, gas + (ok ? result.executionGasUsed : gasLimit), top - 32 * (items - 1))
    return true
  }
  const result = run({ data, gasLimit, common: interpreter._evm.common, _EVM: interpreter._evm })
  return result instanceof Promise ? result.then(took) : took(result)
}

const HANDLERS: Readonly<Record<number, Handler>> = {
  0x31: ofAccount((host, at, address) => {
    writeWord(host.arena, at, stateOf(host).account(address)?.balance ?? 0n)
    return true
  }),
  0x3b: ofAccount((host, at, address) => {
    writeWord(host.arena, at, BigInt(stateOf(host).code(address).length))
    return true
  }),
  0x3e: returnDataCopy,
  0x3f: ofAccount((host, at, address) => {
    const account = stateOf(host).account(address)
    writeBytes(host.arena, at, account && !isEmpty(account) ? account.codeHash : new Uint8Array())
    return true
  }),
  0x49: blobHash,
  0x54: sload,
  0x55: sstore,
  0x5c: tload,
  0x5d: tstore,
  0xf1: call(true),
  0xf2: call(true),
  0xf4: call(false),
  0xfa: call(false),
}

/** The quick way for an opcode, if there is one. */
export const hostHandler = (opcode: number): Handler | undefined => HANDLERS[opcode]

