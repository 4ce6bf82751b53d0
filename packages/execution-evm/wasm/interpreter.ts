// The EVM's interpreter for all that needs nothing but code, stack, memory and the frame's own data. What needs the state, another frame
// or a log is the host's: `run` stops in front of such an opcode and goes on when it is called again.
//
// Memory: scratch and tables below FIRST, then frames, one behind the other: a frame's memory ends where the next frame begins, and only
// the last frame runs. Nothing moves and nothing is freed: a frame that begins clears what it uses.

import { keccak, startKeccak } from './keccak'
import * as word from './words'

/** For each opcode, a u32: what it pops (bits 0–7), 1 for the host's or 2 for none (8–15), its constant gas (16–23), 1 if the stack grows (24). */
const TABLE: u32 = 0x800
/** Numbers that are the same in every frame, 32 bytes each: the gas price, the origin, and eight of the block, in the order of their opcodes. */
const ENVIRONMENT: u32 = 0xc00
/** Where the first frame may be. */
export const FIRST: u32 = 0x1000
/** Bytes at the end of the memory in which the host keeps code. */
const CODES: u32 = 0x4000000

// A frame. Addresses are absolute.
const GAS: u32 = 0
const PC: u32 = 8
const TOP: u32 = 12
const CODE: u32 = 16
const JUMPS: u32 = 20
const MEMORY: u32 = 24
/** Words of memory in use. */
const WORDS: u32 = 28
const DATA: u32 = 32
const DATA_SIZE: u32 = 36
const RETURN_SIZE: u32 = 40
const CODE_SIZE: u32 = 44
/** Where the result of RETURN or REVERT is. */
const RESULT: u32 = 48
const RESULT_SIZE: u32 = 52
/** Whether the host has written the balance. */
const BALANCE_KNOWN: u32 = 56
/** Numbers of the frame, 32 bytes each. */
const ADDRESS: u32 = 64
const CALLER: u32 = 96
const VALUE: u32 = 128
const BALANCE: u32 = 160
const STACK: u32 = 192
const STACK_SIZE: u32 = 32_768
/** Gas after which a loop lets the host look up. */
const TURN: i64 = 16_777_216

// How `run` ends; at HOST and above, the opcode that it stands in front of.
const STOP: u32 = 0
const RETURN: u32 = 1
const REVERT: u32 = 2
const OUT_OF_GAS: u32 = 3
const STACK_UNDERFLOW: u32 = 4
const STACK_OVERFLOW: u32 = 5
const INVALID_JUMP: u32 = 6
const INVALID_OPCODE: u32 = 7
const PAUSE: u32 = 8
const HOST: u32 = 256

export function start(): void {
  startKeccak()
}

export function define(opcode: u32, info: u32): void {
  store<u32>(TABLE + 4 * opcode, info)
}

/** Marks the jump destinations of `size` bytes of code, one bit each. */
export function analyse(code: u32, size: u32, jumps: u32): void {
  memory.fill(jumps, 0, (size >> 3) + 1)
  for (let pc: u32 = 0; pc < size; pc++) {
    const opcode = <u32>load<u8>(code + pc)
    if (opcode == 0x5b) store<u8>(jumps + (pc >> 3), load<u8>(jumps + (pc >> 3)) | (1 << <u8>(pc & 7)))
    else if (opcode - 0x60 < 32) pc += opcode - 0x5f
  }
}

/** Makes the memory of a frame at least `words` long, with zeros; false where there is no more. */
export function extend(frame: u32, words: u32): bool {
  const known = load<u32>(frame, WORDS)
  if (words <= known) return true
  const at = load<u32>(frame, MEMORY)
  if (<u64>at + 32 * <u64>words > (<u64>memory.size() << 16) - CODES) return false
  memory.fill(at + 32 * known, 0, 32 * (words - known))
  store<u32>(frame, words, WORDS)
  return true
}

/** Gas of `words` words of memory (Yellow Paper, appendix H: 3 each and the square over 512). */
// @ts-ignore: decorator
@inline
function memoryGas(words: u64): u64 {
  return 3 * words + ((words * words) >> 9)
}

/** The gas left when memory reaches `size` bytes behind the offset at `offset`; negative if there is not enough. */
function reach(frame: u32, gas: i64, offset: u32, size: u64): i64 {
  if (size == 0) return gas
  if (!word.isShort(offset)) return -1
  const from = word.limb(offset, 0)
  if (from > 0xffffffff || size > 0xffffffff) return -1
  const words = (from + size + 31) >> 5
  const known = <u64>load<u32>(frame, WORDS)
  if (words <= known) return gas
  gas -= memoryGas(words) - memoryGas(known)
  if (gas < 0 || !extend(frame, <u32>words)) return -1
  return gas
}

/** A number as a size: more than 32 bits cost more gas than there is. */
// @ts-ignore: decorator
@inline
function sizeAt(at: u32): u64 {
  return word.isShort(at) ? word.limb(at, 0) : u64.MAX_VALUE
}

/** The gas left after copying `size` bytes, 3 a word; negative if there is not enough. */
// @ts-ignore: decorator
@inline
function copyGas(gas: i64, size: u64, price: u64): i64 {
  return size > 0xffffffff ? -1 : gas - price * ((size + 31) >> 5)
}

/** Copies to `to` what lies from the offset at `offset` on in `length` bytes at `from`, and zeros behind them. */
function copyFrom(to: u32, from: u32, length: u32, offset: u32, size: u32): void {
  const start = word.isShort(offset) ? word.limb(offset, 0) : u64.MAX_VALUE
  const there: u32 = start >= <u64>length ? 0 : <u32>min<u64>(<u64>length - start, <u64>size)
  if (there > 0) memory.copy(to, from + <u32>start, there)
  memory.fill(to + there, 0, size - there)
}

function loadWord(to: u32, at: u32): void {
  word.set(to, bswap<u64>(load<u64>(at, 24)), bswap<u64>(load<u64>(at, 16)), bswap<u64>(load<u64>(at, 8)), bswap<u64>(load<u64>(at)))
}

/** The bytes of a PUSH of more than 8. Reads up to 7 bytes in front of them. */
function push(to: u32, end: u32, size: i32): void {
  for (let i: u32 = 0; i < 32; i += 8) {
    const value = size > 0 ? bswap<u64>(load<u64>(end - i - 8)) : 0
    store<u64>(to + i, size >= 8 || size <= 0 ? value : value & ((<u64>1 << (8 * size)) - 1))
    size -= 8
  }
}

function stop(frame: u32, gas: i64, pc: u32, top: u32, why: u32): u32 {
  store<i64>(frame, gas, GAS)
  store<u32>(frame, pc, PC)
  store<u32>(frame, top, TOP)
  return why
}

/** Runs a frame to its end, up to an opcode that is the host's, or to a jump after a turn: no loop keeps the host waiting. */
export function run(frame: u32): u32 {
  const code = load<u32>(frame, CODE)
  const jumps = load<u32>(frame, JUMPS)
  const codeSize = load<u32>(frame, CODE_SIZE)
  const memoryAt = load<u32>(frame, MEMORY)
  const bottom = frame + STACK
  const limit = bottom + STACK_SIZE
  let gas = load<i64>(frame, GAS)
  const begun = gas
  let pc = load<u32>(frame, PC)
  /** Behind the last number of the stack. */
  let top = load<u32>(frame, TOP)
  while (true) {
    const opcode = <u32>load<u8>(code + pc)
    const info = load<u32>(TABLE + 4 * opcode)
    if (((top - bottom) >> 5) < (info & 0xff)) return STACK_UNDERFLOW
    if (info >> 24 != 0 && top >= limit) return STACK_OVERFLOW
    if ((info & 0xff00) != 0) return (info & 0xff00) == 0x200 ? INVALID_OPCODE : stop(frame, gas, pc, top, HOST + opcode)
    gas -= (info >> 16) & 0xff
    if (gas < 0) return OUT_OF_GAS
    pc++
    const a = top - 32
    const b = top - 64
    switch (opcode) {
      case 0x00:
        return stop(frame, gas, pc, top, STOP)
      case 0x01:
        word.add(b, a, b)
        top = a
        break
      case 0x02:
        word.multiply(b, a, b)
        top = a
        break
      case 0x03:
        word.subtract(b, a, b)
        top = a
        break
      case 0x04:
        word.quotient(b, a, b)
        top = a
        break
      case 0x05:
        word.quotientSigned(b, a, b)
        top = a
        break
      case 0x06:
        word.remainder(b, a, b)
        top = a
        break
      case 0x07:
        word.remainderSigned(b, a, b)
        top = a
        break
      case 0x08:
        word.addModulo(top - 96, a, b, top - 96)
        top = b
        break
      case 0x09:
        word.multiplyModulo(top - 96, a, b, top - 96)
        top = b
        break
      case 0x0a: {
        gas -= 50 * ((word.bits(b) + 7) >> 3)
        if (gas < 0) return OUT_OF_GAS
        word.power(b, a, b)
        top = a
        break
      }
      case 0x0b: {
        if (word.isShort(a) && word.limb(a, 0) < 31) {
          const at = <u32>word.limb(a, 0)
          const by = 248 - 8 * at
          const minus = (load<u8>(b + at) & 0x80) != 0
          word.shiftLeft(b, b, by)
          word.shiftRight(b, b, by, minus ? u64.MAX_VALUE : 0)
        }
        top = a
        break
      }
      case 0x10:
        word.set(b, u64(word.less(a, b)), 0, 0, 0)
        top = a
        break
      case 0x11:
        word.set(b, u64(word.less(b, a)), 0, 0, 0)
        top = a
        break
      case 0x12:
        word.set(b, u64(word.lessSigned(a, b)), 0, 0, 0)
        top = a
        break
      case 0x13:
        word.set(b, u64(word.lessSigned(b, a)), 0, 0, 0)
        top = a
        break
      case 0x14:
        word.set(b, u64(((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a, 8) ^ load<u64>(b, 8)) | (load<u64>(a, 16) ^ load<u64>(b, 16)) | (load<u64>(a, 24) ^ load<u64>(b, 24))) == 0), 0, 0, 0)
        top = a
        break
      case 0x15:
        word.set(a, u64(word.isZero(a)), 0, 0, 0)
        break
      case 0x16:
        word.set(b, load<u64>(a) & load<u64>(b), load<u64>(a, 8) & load<u64>(b, 8), load<u64>(a, 16) & load<u64>(b, 16), load<u64>(a, 24) & load<u64>(b, 24))
        top = a
        break
      case 0x17:
        word.set(b, load<u64>(a) | load<u64>(b), load<u64>(a, 8) | load<u64>(b, 8), load<u64>(a, 16) | load<u64>(b, 16), load<u64>(a, 24) | load<u64>(b, 24))
        top = a
        break
      case 0x18:
        word.set(b, load<u64>(a) ^ load<u64>(b), load<u64>(a, 8) ^ load<u64>(b, 8), load<u64>(a, 16) ^ load<u64>(b, 16), load<u64>(a, 24) ^ load<u64>(b, 24))
        top = a
        break
      case 0x19:
        word.set(a, ~load<u64>(a), ~load<u64>(a, 8), ~load<u64>(a, 16), ~load<u64>(a, 24))
        break
      case 0x1a:
        word.set(b, word.isShort(a) && word.limb(a, 0) < 32 ? <u64>load<u8>(b + 31 - <u32>word.limb(a, 0)) : 0, 0, 0, 0)
        top = a
        break
      case 0x1b:
        if (word.isShort(a) && word.limb(a, 0) < 256) word.shiftLeft(b, b, <u32>word.limb(a, 0))
        else word.set(b, 0, 0, 0, 0)
        top = a
        break
      case 0x1c:
        if (word.isShort(a) && word.limb(a, 0) < 256) word.shiftRight(b, b, <u32>word.limb(a, 0), 0)
        else word.set(b, 0, 0, 0, 0)
        top = a
        break
      case 0x1d: {
        const fill = word.isNegative(b) ? u64.MAX_VALUE : 0
        if (word.isShort(a) && word.limb(a, 0) < 256) word.shiftRight(b, b, <u32>word.limb(a, 0), fill)
        else word.set(b, fill, fill, fill, fill)
        top = a
        break
      }
      case 0x1e:
        word.set(a, <u64>(256 - word.bits(a)), 0, 0, 0)
        break
      case 0x20: {
        const size = sizeAt(b)
        gas = copyGas(gas, size, 6)
        if (gas >= 0) gas = reach(frame, gas, a, size)
        if (gas < 0) return OUT_OF_GAS
        keccak(b, size == 0 ? memoryAt : memoryAt + <u32>word.limb(a, 0), <u32>size)
        top = a
        break
      }
      case 0x30:
        word.copy(top, frame + ADDRESS)
        top += 32
        break
      case 0x32:
        word.copy(top, ENVIRONMENT + 32)
        top += 32
        break
      case 0x33:
        word.copy(top, frame + CALLER)
        top += 32
        break
      case 0x34:
        word.copy(top, frame + VALUE)
        top += 32
        break
      case 0x35: {
        const size = load<u32>(frame, DATA_SIZE)
        if (!word.isShort(a) || word.limb(a, 0) >= <u64>size) word.set(a, 0, 0, 0, 0)
        else {
          const from = <u32>word.limb(a, 0)
          if (size - from >= 32) loadWord(a, load<u32>(frame, DATA) + from)
          else {
            // Behind the stack there is room for a word.
            copyFrom(limit, load<u32>(frame, DATA), size, a, 32)
            loadWord(a, limit)
          }
        }
        break
      }
      case 0x36:
        word.set(top, <u64>load<u32>(frame, DATA_SIZE), 0, 0, 0)
        top += 32
        break
      case 0x37:
      case 0x39: {
        const size = sizeAt(top - 96)
        gas = copyGas(gas, size, 3)
        if (gas >= 0) gas = reach(frame, gas, a, size)
        if (gas < 0) return OUT_OF_GAS
        if (size > 0)
          copyFrom(memoryAt + <u32>word.limb(a, 0), opcode == 0x37 ? load<u32>(frame, DATA) : code, opcode == 0x37 ? load<u32>(frame, DATA_SIZE) : codeSize, b, <u32>size)
        top -= 96
        break
      }
      case 0x38:
        word.set(top, <u64>codeSize, 0, 0, 0)
        top += 32
        break
      case 0x3a:
        word.copy(top, ENVIRONMENT)
        top += 32
        break
      case 0x3d:
        word.set(top, <u64>load<u32>(frame, RETURN_SIZE), 0, 0, 0)
        top += 32
        break
      case 0x41:
      case 0x42:
      case 0x43:
      case 0x44:
      case 0x45:
      case 0x46:
      case 0x48:
      case 0x4a:
        word.copy(top, ENVIRONMENT + 32 * (opcode - 0x41 + 2 - u32(opcode > 0x46) - u32(opcode > 0x48)))
        top += 32
        break
      case 0x47:
        if (load<u32>(frame, BALANCE_KNOWN) == 0) return stop(frame, gas + 5, pc - 1, top, HOST + opcode)
        word.copy(top, frame + BALANCE)
        top += 32
        break
      case 0x50:
        top = a
        break
      case 0x51:
        gas = reach(frame, gas, a, 32)
        if (gas < 0) return OUT_OF_GAS
        loadWord(a, memoryAt + <u32>word.limb(a, 0))
        break
      case 0x52: {
        gas = reach(frame, gas, a, 32)
        if (gas < 0) return OUT_OF_GAS
        const at = memoryAt + <u32>word.limb(a, 0)
        word.set(at, bswap<u64>(load<u64>(b, 24)), bswap<u64>(load<u64>(b, 16)), bswap<u64>(load<u64>(b, 8)), bswap<u64>(load<u64>(b)))
        top = b
        break
      }
      case 0x53:
        gas = reach(frame, gas, a, 1)
        if (gas < 0) return OUT_OF_GAS
        store<u8>(memoryAt + <u32>word.limb(a, 0), load<u8>(b))
        top = b
        break
      case 0x57:
        if (word.isZero(b)) {
          top = b
          break
        }
      case 0x56: {
        const to = word.limb(a, 0)
        if (!word.isShort(a) || to >= <u64>codeSize || (load<u8>(jumps + <u32>(to >> 3)) & (1 << <u8>(to & 7))) == 0) return INVALID_JUMP
        pc = <u32>to
        top = opcode == 0x56 ? a : b
        if (begun - gas > TURN) return stop(frame, gas, pc, top, PAUSE)
        break
      }
      case 0x58:
        word.set(top, <u64>(pc - 1), 0, 0, 0)
        top += 32
        break
      case 0x59:
        word.set(top, 32 * <u64>load<u32>(frame, WORDS), 0, 0, 0)
        top += 32
        break
      case 0x5a:
        word.set(top, gas, 0, 0, 0)
        top += 32
        break
      case 0x5b:
        break
      case 0x5e: {
        const size = sizeAt(top - 96)
        gas = copyGas(gas, size, 3)
        if (gas >= 0) gas = reach(frame, gas, a, size)
        if (gas >= 0) gas = reach(frame, gas, b, size)
        if (gas < 0) return OUT_OF_GAS
        if (size > 0) memory.copy(memoryAt + <u32>word.limb(a, 0), memoryAt + <u32>word.limb(b, 0), <u32>size)
        top -= 96
        break
      }
      case 0xf3:
      case 0xfd: {
        const size = sizeAt(b)
        gas = reach(frame, gas, a, size)
        if (gas < 0) return OUT_OF_GAS
        store<u32>(frame, size == 0 ? memoryAt : memoryAt + <u32>word.limb(a, 0), RESULT)
        store<u32>(frame, <u32>size, RESULT_SIZE)
        return stop(frame, gas, pc, b, opcode == 0xf3 ? RETURN : REVERT)
      }
      case 0x5f:
        word.set(top, 0, 0, 0, 0)
        top += 32
        break
      case 0x60:
        word.set(top, <u64>load<u8>(code + pc), 0, 0, 0)
        pc++
        top += 32
        break
      default:
        if (opcode - 0x61 < 31) {
          const size = opcode - 0x5f
          pc += size
          push(top, code + pc, size)
          top += 32
        } else if (opcode - 0x80 < 16) {
          const from = top - 32 * (opcode - 0x7f)
          word.copy(top, from)
          top += 32
        } else if (opcode - 0x90 < 16) {
          const other = top - 32 * (opcode - 0x8e)
          for (let i: u32 = 0; i < 32; i += 8) {
            const x = load<u64>(a + i)
            store<u64>(a + i, load<u64>(other + i))
            store<u64>(other + i, x)
          }
        } else return INVALID_OPCODE
    }
  }
}
