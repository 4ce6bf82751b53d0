import { EVMError } from '@ethereumjs/evm'
import { KECCAK256_NULL } from '@ethereumjs/util'
import { hexToBytes } from 'viem'
import { sameBytes } from '../bytes.js'
import type { AccountRecord, Place } from '../state.js'
import { FRAME, readBytes, readHex, readNumber, readTrimmed, writeBytes, writeSmall, writeWord, type Arena } from './arena.js'
import { expansionGas, gasOf, placeAt, reachOf, setGas, type Execution, type Failure, type Frame } from './frame.js'

/** How an opcode went: done, or why it fails, STOP among that; a new frame runs first. */
export type Done = undefined | Failure | Frame
/** An opcode of the host. WebAssembly has seen to it that the stack has what it pops. */
export type Handler = (execution: Execution, frame: Frame, opcode: number) => Done | Promise<Done>

export const OUT_OF_GAS: Failure = EVMError.errorMessages.OUT_OF_GAS
export const STATIC_STATE_CHANGE: Failure = EVMError.errorMessages.STATIC_STATE_CHANGE
const WARM = 100
const COLD_ACCOUNT = 2_600
const COLD_SLOT = 2_100

export const topOf = ({ words }: Arena, { at }: Frame): number => words[(at + FRAME.top) >>> 2] as number

/** Moves on to the next opcode with this much gas, and sets the stack's height. */
export function finish(arena: Arena, { at }: Frame, gas: number, top: number): undefined {
  setGas(arena, at, gas)
  arena.words[(at + FRAME.top) >>> 2] = top
  arena.words[(at + FRAME.pc) >>> 2] = (arena.words[(at + FRAME.pc) >>> 2] as number) + 1
}

/** Makes a frame's memory reach a byte. What it costs is paid; false if there is no room, which no block's gas can bring about. */
export const extend = ({ wasm }: Arena, { at }: Frame, reach: number): boolean => reach === 0 || wasm.extend(at, Math.ceil(reach / 32)) !== 0

export const memoryOf = ({ words }: Arena, { at }: Frame): number => words[(at + FRAME.memory) >>> 2] as number

/** What an access of an account costs; it is warm then. */
export function accessAccount({ warmth }: Execution, { key }: Place): number {
  if (warmth.isWarm(key)) return WARM
  warmth.warm(key)
  return COLD_ACCOUNT
}

/** What an access of a slot costs beside what is done with it; it is warm then. */
function accessSlot({ warmth }: Execution, { self: { key } }: Frame, slot: string, ifWarm: number): number {
  if (warmth.isWarmSlot(key, slot)) return ifWarm
  warmth.warmSlot(key, slot)
  return COLD_SLOT
}

export const isDead = (account: AccountRecord | null): boolean => account === null || (account.nonce === 0n && account.balance === 0n && hasNoCode(account))
export const hasNoCode = ({ codeHash }: AccountRecord): boolean => codeHash === KECCAK256_NULL || sameBytes(codeHash, KECCAK256_NULL)

/** An opcode that turns an address into something that its account has. */
const ofAccount =
  (write: (execution: Execution, at: number, place: Place) => void): Handler =>
  (execution, frame) => {
    const { arena } = execution
    const top = topOf(arena, frame)
    const place = placeAt(execution, top - 32)
    const gas = gasOf(arena, frame.at) - accessAccount(execution, place)
    if (gas < 0) return OUT_OF_GAS
    write(execution, top - 32, place)
    return finish(arena, frame, gas, top)
  }

const selfBalance: Handler = ({ arena, state }, { at, self }) => {
  writeWord(arena, at + FRAME.balance, state.account(self)?.balance ?? 0n)
  arena.words[(at + FRAME.balanceKnown) >>> 2] = 1
  return undefined
}

const extCodeCopy: Handler = (execution, frame) => {
  const { arena, state } = execution
  const top = topOf(arena, frame)
  const place = placeAt(execution, top - 32)
  const [to, from, size] = [readNumber(arena, top - 64), readNumber(arena, top - 96), readNumber(arena, top - 128)]
  const reach = reachOf(to, size)
  const gas = gasOf(arena, frame.at) - accessAccount(execution, place) - 3 * Math.ceil(size / 32) - expansionGas(arena, frame.at, reach)
  if (!(gas >= 0) || !extend(arena, frame, reach)) return OUT_OF_GAS
  if (size > 0) {
    const code = state.code(place)
    const start = memoryOf(arena, frame) + to
    const there = Math.max(0, Math.min(size, code.length - from))
    if (there > 0) arena.bytes.set(code.subarray(from, from + there), start)
    arena.bytes.fill(0, start + there, start + size)
  }
  return finish(arena, frame, gas, top - 128)
}

const returnDataCopy: Handler = ({ arena }, frame) => {
  const top = topOf(arena, frame)
  const [to, from, size] = [readNumber(arena, top - 32), readNumber(arena, top - 64), readNumber(arena, top - 96)]
  const reach = reachOf(to, size)
  if (from + size > frame.returned.length) return OUT_OF_GAS
  const gas = gasOf(arena, frame.at) - 3 - 3 * Math.ceil(size / 32) - expansionGas(arena, frame.at, reach)
  if (!(gas >= 0) || !extend(arena, frame, reach)) return OUT_OF_GAS
  if (size > 0) arena.bytes.set(frame.returned.subarray(from, from + size), memoryOf(arena, frame) + to)
  return finish(arena, frame, gas, top - 96)
}

const blockHash: Handler = ({ arena, blockNumber, blockHash }, frame) => {
  const top = topOf(arena, frame)
  const gas = gasOf(arena, frame.at) - 20
  if (gas < 0) return OUT_OF_GAS
  const number = readNumber(arena, top - 32)
  if (number < blockNumber && number >= blockNumber - 256) writeBytes(arena, top - 32, blockHash(number))
  else writeSmall(arena, top - 32, 0)
  return finish(arena, frame, gas, top)
}

const blobHash: Handler = ({ arena, blobHashes }, frame) => {
  const top = topOf(arena, frame)
  const gas = gasOf(arena, frame.at) - 3
  if (gas < 0) return OUT_OF_GAS
  const hash = blobHashes[readNumber(arena, top - 32)]
  if (hash) writeBytes(arena, top - 32, hexToBytes(hash))
  else writeSmall(arena, top - 32, 0)
  return finish(arena, frame, gas, top)
}

const sload: Handler = (execution, frame) => {
  const { arena, state } = execution
  const top = topOf(arena, frame)
  const slot = readHex(arena, top - 32, 32)
  const gas = gasOf(arena, frame.at) - accessSlot(execution, frame, slot, WARM)
  if (gas < 0) return OUT_OF_GAS
  writeBytes(arena, top - 32, state.storage(frame.self, slot))
  return finish(arena, frame, gas, top)
}

/** SSTORE: EIP-2200 with the prices of EIP-2929 and the refunds of EIP-3529. */
const sstore: Handler = (execution, frame) => {
  const { arena, state } = execution
  const { self, isStatic } = frame
  if (isStatic) return STATIC_STATE_CHANGE
  const before = gasOf(arena, frame.at)
  if (before <= 2_300) return OUT_OF_GAS
  const top = topOf(arena, frame)
  const slot = readHex(arena, top - 32, 32)
  const next = readTrimmed(arena, top - 64)
  const current = state.storage(self, slot)
  const original = state.originalStorage(self, slot)
  const changes = !sameBytes(next, current)
  let cost = accessSlot(execution, frame, slot, 0)
  let refund = 0
  if (!changes) cost += WARM
  else if (sameBytes(current, original)) {
    cost += original.length === 0 ? 20_000 : 2_900
    if (original.length > 0 && next.length === 0) refund += 4_800
  } else {
    cost += WARM
    if (original.length > 0 && current.length === 0) refund -= 4_800
    if (original.length > 0 && next.length === 0) refund += 4_800
    if (sameBytes(next, original)) refund += original.length === 0 ? 19_900 : 2_800
  }
  if (before < cost) return OUT_OF_GAS
  execution.refund += refund
  if (changes) state.putStorage(self, slot, next)
  return finish(arena, frame, before - cost, top - 64)
}

const tload: Handler = ({ arena, transient }, frame) => {
  const top = topOf(arena, frame)
  const gas = gasOf(arena, frame.at) - WARM
  if (gas < 0) return OUT_OF_GAS
  writeBytes(arena, top - 32, transient.load(frame.self, readHex(arena, top - 32, 32)))
  return finish(arena, frame, gas, top)
}

const tstore: Handler = ({ arena, transient }, frame) => {
  if (frame.isStatic) return STATIC_STATE_CHANGE
  const top = topOf(arena, frame)
  const gas = gasOf(arena, frame.at) - WARM
  if (gas < 0) return OUT_OF_GAS
  transient.store(frame.self, readHex(arena, top - 32, 32), readTrimmed(arena, top - 64))
  return finish(arena, frame, gas, top - 64)
}

const log: Handler = ({ arena, logs }, frame, opcode) => {
  if (frame.isStatic) return STATIC_STATE_CHANGE
  const count = opcode - 0xa0
  const top = topOf(arena, frame)
  const [offset, size] = [readNumber(arena, top - 32), readNumber(arena, top - 64)]
  const reach = reachOf(offset, size)
  const gas = gasOf(arena, frame.at) - 375 * (1 + count) - 8 * size - expansionGas(arena, frame.at, reach)
  if (!(gas >= 0) || !extend(arena, frame, reach)) return OUT_OF_GAS
  const from = memoryOf(arena, frame) + (size === 0 ? 0 : offset)
  const topics = Array.from({ length: count }, (_, i) => readBytes(arena, top - 96 - 32 * i))
  logs.push([frame.self.address.bytes, topics, arena.bytes.slice(from, from + size)])
  return finish(arena, frame, gas, top - 64 - 32 * count)
}

/** Opcodes that need the state, a log or what another frame has given. */
export const hosted: Readonly<Record<number, Handler>> = {
  0x31: ofAccount(({ arena, state }, at, place) => writeWord(arena, at, state.account(place)?.balance ?? 0n)),
  0x3b: ofAccount(({ arena, state }, at, place) => writeSmall(arena, at, state.code(place).length)),
  0x3c: extCodeCopy,
  0x3e: returnDataCopy,
  0x3f: ofAccount(({ arena, state }, at, place) => {
    const account = state.account(place)
    if (account && !isDead(account)) writeBytes(arena, at, account.codeHash)
    else writeSmall(arena, at, 0)
  }),
  0x40: blockHash,
  0x47: selfBalance,
  0x49: blobHash,
  0x54: sload,
  0x55: sstore,
  0x5c: tload,
  0x5d: tstore,
  0xa0: log,
  0xa1: log,
  0xa2: log,
  0xa3: log,
  0xa4: log,
}

