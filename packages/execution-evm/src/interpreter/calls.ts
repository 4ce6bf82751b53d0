import type { ExecResult } from '@ethereumjs/evm'
import { KECCAK256_NULL, KECCAK256_RLP } from '@ethereumjs/util'
import type { AccountRecord, Place } from '../state.js'
import { copyWord, FRAME, isZero, readNumber, readWord, writeSmall, type Arena } from './arena.js'
import { copyAddress, expansionGas, gasOf, marksOf, NOTHING, openFrame, placeAt, placeOfKey, reachOf, setGas, takeBack, type Execution, type Frame, type Marks } from './frame.js'
import { accessAccount, extend, finish, isDead, memoryOf, OUT_OF_GAS, STATIC_STATE_CHANGE, topOf, type Handler } from './host.js'

/** EIP-150: a frame has at most 1,024 below it. */
const MAX_DEPTH = 1_024
const MAX_BALANCE = (1n << 256n) - 1n
/** An account that does not exist. */
export const EMPTY: AccountRecord = { nonce: 0n, balance: 0n, storageRoot: KECCAK256_RLP, codeHash: KECCAK256_NULL }
const VALUE_GAS = 9_000
const NEW_ACCOUNT_GAS = 25_000
const STIPEND = 2_300

/** What a frame may give to another: all of its gas but a 64th. */
export const mostOf = (gas: number): number => gas - Math.floor(gas / 64)

/** Whether a frame may make another, and give it so much ETH. */
export function canSend({ state }: Execution, { depth, self }: Frame, value: bigint): boolean {
  return depth < MAX_DEPTH && (value === 0n || (state.account(self)?.balance ?? 0n) >= value)
}

/** Moves ETH between two accounts, of which the first has it. @returns whether the second can hold it */
export function transfer({ state, warmth }: Execution, from: Place, to: Place, value: bigint): boolean {
  warmth.touch(to.key)
  if (value === 0n) return true
  const sender = state.account(from) ?? EMPTY
  warmth.touch(from.key)
  state.setAccount(from, { ...sender, balance: sender.balance - value })
  const receiver = state.account(to) ?? EMPTY
  if (receiver.balance + value > MAX_BALANCE) return false
  state.setAccount(to, { ...receiver, balance: receiver.balance + value })
  return true
}

/** Of code that names another account's (EIP-7702), whose. */
function delegateOf(code: Uint8Array): string | undefined {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00 ? Buffer.from(code.buffer, code.byteOffset + 3, 20).toString('hex') : undefined
}

/** What tells the four kinds of calls apart. */
type Kind = { /** A number of the stack says how much ETH goes along. */ hasValue: boolean; /** The code runs in the name of the caller. */ keepsSelf: boolean; isDelegate: boolean; isStatic: boolean }

const call =
  ({ hasValue, keepsSelf, isDelegate, isStatic }: Kind): Handler =>
  (execution, frame) => {
    const { arena, state } = execution
    const top = topOf(arena, frame)
    const items = hasValue ? 7 : 6
    const value = hasValue && !isZero(arena, top - 96) ? readWord(arena, top - 96) : 0n
    if (value > 0n && frame.isStatic && !keepsSelf) return STATIC_STATE_CHANGE
    const target = placeAt(execution, top - 64)
    const result = top - 32 * items
    const [inAt, inSize, outAt, outSize] = [readNumber(arena, result + 96), readNumber(arena, result + 64), readNumber(arena, result + 32), readNumber(arena, result)]
    const reach = Math.max(reachOf(inAt, inSize), reachOf(outAt, outSize))
    let cost = expansionGas(arena, frame.at, reach) + accessAccount(execution, target)
    if (value > 0n) cost += VALUE_GAS + (!keepsSelf && isDead(state.account(target)) ? NEW_ACCOUNT_GAS : 0)
    let code = state.code(target)
    const delegate = execution.delegates ? delegateOf(code) : undefined
    if (delegate !== undefined) {
      const place = placeOfKey(execution, delegate)
      cost += accessAccount(execution, place)
      code = state.code(place)
    }
    const rest = gasOf(arena, frame.at) - cost
    if (!(rest >= 0) || !extend(arena, frame, reach)) return OUT_OF_GAS
    let gas = Math.min(readNumber(arena, top - 32), mostOf(rest))
    leave(execution, frame, rest - gas, result)
    if (value > 0n) gas += STIPEND
    const to = keepsSelf ? frame.self : target
    const marks = marksOf(execution)
    if (!canSend(execution, frame, value) || (!isDelegate && !transfer(execution, frame.self, to, value))) {
      takeBack(execution, marks)
      setGas(arena, frame.at, gasOf(arena, frame.at) + gas)
      return undefined
    }
    const memory = memoryOf(arena, frame)
    const out = { at: memory + (outSize === 0 ? 0 : outAt), size: outSize }
    const data = { at: memory + (inSize === 0 ? 0 : inAt), size: inSize }
    const precompile = execution.precompiles.get(target.key)
    if (precompile) {
      const ran = precompile({ data: arena.bytes.subarray(data.at, data.at + data.size), gasLimit: BigInt(gas), common: execution.evm.common, _EVM: execution.evm })
      const call: Asked = { frame, marks, gas, result, out }
      return ran instanceof Promise ? ran.then((given) => answer(execution, call, given)) : answer(execution, call, ran)
    }
    if (code.length === 0) {
      writeSmall(arena, result, 1)
      setGas(arena, frame.at, gasOf(arena, frame.at) + gas)
      return undefined
    }
    const made = openFrame(execution, { parent: frame, self: to, depth: frame.depth + 1, isStatic: isStatic || frame.isStatic, isCreate: false, marks, out, code, gas, data })
    if (!made) return OUT_OF_GAS
    const { at } = made
    if (keepsSelf) copyAddress(arena, at + FRAME.address, frame.at + FRAME.address)
    else copyAddress(arena, at + FRAME.address, top - 64)
    copyAddress(arena, at + FRAME.caller, frame.at + (isDelegate ? FRAME.caller : FRAME.address))
    if (isDelegate) copyWord(arena, at + FRAME.value, frame.at + FRAME.value)
    else if (value > 0n) copyWord(arena, at + FRAME.value, top - 96)
    else writeSmall(arena, at + FRAME.value, 0)
    return made
  }

/** A call of a precompile: it makes no frame. */
type Asked = { frame: Frame; marks: Marks; gas: number; result: number; out: Frame['out'] }

/** Gives a frame what a precompile has answered. */
function answer(execution: Execution, { frame, marks, gas, result, out }: Asked, { exceptionError, executionGasUsed, returnValue }: ExecResult): undefined {
  const { arena } = execution
  if (exceptionError) {
    takeBack(execution, marks)
    return
  }
  setGas(arena, frame.at, gasOf(arena, frame.at) + gas - Number(executionGasUsed))
  give(arena, frame, returnValue, out)
  writeSmall(arena, result, 1)
}

/** Has a frame stand behind an opcode that calls, with 0 for its result so far; `result` is where that is. */
export function leave({ arena }: Execution, frame: Frame, gas: number, result: number): void {
  finish(arena, frame, gas, result + 32)
  writeSmall(arena, result, 0)
  frame.returned = NOTHING
  arena.words[(frame.at + FRAME.returnSize) >>> 2] = 0
  arena.words[(frame.at + FRAME.balanceKnown) >>> 2] = 0
}

/** Gives a frame what a call has returned. */
export function give(arena: Arena, frame: Frame, returned: Uint8Array, out: Frame['out']): void {
  frame.returned = returned
  arena.words[(frame.at + FRAME.returnSize) >>> 2] = returned.length
  const size = Math.min(out.size, returned.length)
  if (size > 0) arena.bytes.set(size === returned.length ? returned : returned.subarray(0, size), out.at)
}

export const calls: Readonly<Record<number, Handler>> = {
  0xf1: call({ hasValue: true, keepsSelf: false, isDelegate: false, isStatic: false }),
  0xf2: call({ hasValue: true, keepsSelf: true, isDelegate: false, isStatic: false }),
  0xf4: call({ hasValue: false, keepsSelf: true, isDelegate: true, isStatic: false }),
  0xfa: call({ hasValue: false, keepsSelf: false, isDelegate: false, isStatic: true }),
}
