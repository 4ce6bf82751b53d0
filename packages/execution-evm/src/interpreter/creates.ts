import { EVMError } from '@ethereumjs/evm'
import { generateAddress, KECCAK256_RLP } from '@ethereumjs/util'
import { concat } from 'viem'
import { bareHex, sameBytes, uintBytes } from '../bytes.js'
import { keccak } from '../keccak.js'
import type { Place } from '../state.js'
import { FRAME, readBytes, readNumber, readWord, writeBytes } from './arena.js'
import { canSend, EMPTY, leave, mostOf, transfer } from './calls.js'
import { copyAddress, expansionGas, gasOf, marksOf, openFrame, placeAt, placeOfKey, reachOf, setGas, takeBack, type Execution, type Failure, type Frame } from './frame.js'
import { accessAccount, extend, hasNoCode, isDead, memoryOf, OUT_OF_GAS, STATIC_STATE_CHANGE, topOf, type Handler } from './host.js'

const { INITCODE_SIZE_VIOLATION, CODESIZE_EXCEEDS_MAXIMUM, INVALID_BYTECODE_RESULT, STOP } = EVMError.errorMessages
const CREATE_GAS = 32_000
const BYTE_GAS = 200
/** EIP-170 and EIP-3860: bytes of code, and of init code. */
const MOST_CODE = 24_576
const MOST_INIT_CODE = 2 * MOST_CODE
const MOST_NONCE = (1n << 64n) - 1n

/** The address of a contract that `self` creates, with its nonce or with a salt (EIP-1014). */
export function addressOf(self: Uint8Array, nonce: bigint, salted?: { salt: Uint8Array; code: Uint8Array }): Uint8Array {
  if (!salted) return generateAddress(self, nonce === 0n ? new Uint8Array() : uintBytes(nonce, Math.ceil(nonce.toString(16).length / 2)))
  return keccak(concat([Uint8Array.of(0xff), self, salted.salt, keccak(salted.code)])).subarray(-20)
}

const create =
  (isSalted: boolean): Handler =>
  (execution, frame) => {
    if (frame.isStatic) return STATIC_STATE_CHANGE
    const { arena, state, warmth } = execution
    const { self } = frame
    const top = topOf(arena, frame)
    const [value, offset, size] = [readWord(arena, top - 32), readNumber(arena, top - 64), readNumber(arena, top - 96)]
    if (size > MOST_INIT_CODE) return INITCODE_SIZE_VIOLATION
    const reach = reachOf(offset, size)
    const rest = gasOf(arena, frame.at) - CREATE_GAS - (isSalted ? 8 : 2) * Math.ceil(size / 32) - expansionGas(arena, frame.at, reach)
    if (!(rest >= 0) || !extend(arena, frame, reach)) return OUT_OF_GAS
    const gas = mostOf(rest)
    const from = memoryOf(arena, frame) + (size === 0 ? 0 : offset)
    const code = arena.bytes.subarray(from, from + size)
    const salt = isSalted ? readBytes(arena, top - 128) : undefined
    const result = top - 32 * (isSalted ? 4 : 3)
    leave(execution, frame, rest, result)
    const creator = state.account(self) ?? EMPTY
    if (!canSend(execution, frame, value) || creator.nonce >= MOST_NONCE) return undefined
    warmth.touch(self.key)
    state.setAccount(self, { ...creator, nonce: creator.nonce + 1n })
    const place = placeOfKey(execution, bareHex(addressOf(self.address.bytes, creator.nonce, salt && { salt, code })))
    warmth.warm(place.key)
    const marks = marksOf(execution)
    setGas(arena, frame.at, rest - gas)
    if (!begin(execution, frame, place, value)) return takeBack(execution, marks)
    if (size === 0) {
      setGas(arena, frame.at, rest)
      writeBytes(arena, result, place.address.bytes)
      return undefined
    }
    const made = openFrame(execution, { parent: frame, self: place, depth: frame.depth + 1, isStatic: false, isCreate: true, marks, out: { at: 0, size: 0 }, code, gas, data: { at: from, size: 0 } })
    if (!made) return OUT_OF_GAS
    writeBytes(arena, made.at + FRAME.address, place.address.bytes)
    copyAddress(arena, made.at + FRAME.caller, frame.at + FRAME.address)
    arena.longs.copyWithin((made.at + FRAME.value) >>> 3, (top - 32) >>> 3, top >>> 3)
    return made
  }

/** Makes the account of a contract that is being created. @returns whether there was nothing in its place */
function begin(execution: Execution, { self }: Frame, place: Place, value: bigint): boolean {
  const { state, warmth, created } = execution
  const before = state.account(place) ?? EMPTY
  if (before.nonce > 0n || !hasNoCode(before) || !sameBytes(before.storageRoot, KECCAK256_RLP)) return false
  const name = `0x${place.key}`
  if (!created.has(name)) {
    created.add(name)
    state.onUndo(() => created.delete(name))
  }
  warmth.touch(place.key)
  state.setAccount(place, { ...before, nonce: 1n })
  state.clearStorage(place)
  return transfer(execution, self, place, value)
}

/** Keeps what init code has returned as the code of its contract, for 200 gas a byte of what the frame has left. @returns why it does not, if so */
export function deposit({ arena, state }: Execution, { at, self }: Frame, code: Uint8Array): Failure | undefined {
  const gas = gasOf(arena, at) - BYTE_GAS * code.length
  if (code.length > MOST_CODE) return CODESIZE_EXCEEDS_MAXIMUM
  if (gas < 0) return OUT_OF_GAS
  // EIP-3541.
  if (code[0] === 0xef) return INVALID_BYTECODE_RESULT
  setGas(arena, at, gas)
  if (code.length > 0) state.putCode(self, code)
  return undefined
}

/** SELFDESTRUCT: the account's ETH goes to another, and what was created in this transaction goes for good (EIP-6780). */
const selfDestruct: Handler = (execution, frame) => {
  if (frame.isStatic) return STATIC_STATE_CHANGE
  const { arena, state, warmth, selfdestructs, created } = execution
  const { self } = frame
  const heir = placeAt(execution, topOf(arena, frame) - 32)
  const account = state.account(self) ?? EMPTY
  const access = warmth.isWarm(heir.key) ? 0 : accessAccount(execution, heir)
  const cost = 5_000 + access + (account.balance > 0n && isDead(state.account(heir)) ? 25_000 : 0)
  const gas = gasOf(arena, frame.at) - cost
  if (gas < 0) return OUT_OF_GAS
  setGas(arena, frame.at, gas)
  const name = `0x${self.key}`
  const before = selfdestructs.get(name)
  selfdestructs.set(name, `0x${heir.key}`)
  state.onUndo(() => (before === undefined ? selfdestructs.delete(name) : selfdestructs.set(name, before)))
  if (heir.key !== self.key) transfer(execution, self, heir, account.balance)
  else if (created.has(name)) state.setAccount(self, { ...account, balance: 0n })
  return STOP
}

/** CREATE, CREATE2 and SELFDESTRUCT. */
export const creates: Readonly<Record<number, Handler>> = { 0xf0: create(false), 0xf5: create(true), 0xff: selfDestruct }
