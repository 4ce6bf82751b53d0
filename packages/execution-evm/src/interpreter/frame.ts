import { EVMError } from '@ethereumjs/evm'
import { FRAME, nextFrame, type Arena } from './arena.js'
import { memoryGas, writeEnvironment, writeSelfBalance } from './environment.js'
import type { Env, Machinery } from './ethereumjs.js'
import { hostHandler } from './host.js'
import type { Meter } from './meter.js'
import { ArenaMemory, ArenaStack } from './stack.js'
import { isCall, opcodeWork } from './work.js'

/** How a run ends: as in wasm/interpreter.ts. */
const EXIT = { return: 1, revert: 2, host: 256 } as const
const { errorMessages } = EVMError
const ERRORS: Readonly<Record<number, EVMError['error']>> = {
  2: errorMessages.REVERT,
  3: errorMessages.OUT_OF_GAS,
  4: errorMessages.STACK_UNDERFLOW,
  5: errorMessages.STACK_OVERFLOW,
  6: errorMessages.INVALID_JUMP,
  7: errorMessages.INVALID_OPCODE,
}

/** Jump destinations of code that stays: the state hands out the same array for it each time. */
const analysed = new WeakMap<Uint8Array, Uint8Array>()

const align = (address: number, to: number): number => Math.ceil(address / to) * to

/** Lays out a frame behind those that run; undefined if there is no room, which no block's gas can bring about. */
function openFrame(arena: Arena, env: Env, code: Uint8Array, gas: bigint): number | undefined {
  const { bytes, words, longs, wasm } = arena
  const frame = align(nextFrame(arena), 64)
  const codeAt = frame + FRAME.size
  const jumpsAt = align(codeAt + code.length + 64, 8)
  // What a call passes on lies in its caller's memory, which does not move; what came from outside is copied.
  const shared = env.callData.buffer === bytes.buffer
  const dataAt = align(jumpsAt + (code.length >>> 3) + 1, 8)
  const memoryAt = align(dataAt + (shared ? 0 : env.callData.length), 32)
  if (memoryAt >= bytes.length) return undefined
  bytes.set(code, codeAt)
  bytes.fill(0, codeAt + code.length, codeAt + code.length + 64)
  const jumps = analysed.get(code)
  if (jumps) bytes.set(jumps, jumpsAt)
  else {
    wasm.analyse(codeAt, code.length, jumpsAt)
    if (code.buffer !== bytes.buffer) analysed.set(code, bytes.slice(jumpsAt, jumpsAt + (code.length >>> 3) + 1))
  }
  if (!shared) bytes.set(env.callData, dataAt)
  const put = (offset: number, value: number) => (words[(frame + offset) >>> 2] = value)
  longs[(frame + FRAME.gas) >>> 3] = gas
  put(FRAME.pc, 0)
  put(FRAME.top, frame + FRAME.stack)
  put(FRAME.code, codeAt)
  put(FRAME.codeSize, code.length)
  put(FRAME.jumps, jumpsAt)
  put(FRAME.memory, memoryAt)
  put(FRAME.words, 0)
  put(FRAME.data, shared ? env.callData.byteOffset : dataAt)
  put(FRAME.dataSize, env.callData.length)
  put(FRAME.returnSize, 0)
  writeEnvironment(arena, frame, env)
  return frame
}

/**
 * Runs a frame: WebAssembly as far as it goes, handlers for what needs the state or another frame. What it leaves is in `machinery`.
 * @returns why it did not end well, if it did not; a revert is one
 */
export async function runFrame({ interpreter, state, env, result }: Machinery, arena: Arena, meter: Meter, code: Uint8Array): Promise<EVMError | undefined> {
  const before = arena.frame
  const frame = openFrame(arena, env, code, state.gasLeft)
  if (frame === undefined) return new EVMError(errorMessages.OUT_OF_GAS)
  arena.frame = frame
  const { wasm, words, longs } = arena
  const word = (offset: number): number => words[(frame + offset) >>> 2] as number
  const memory = new ArenaMemory(arena, frame)
  const stack = new ArenaStack(arena, frame)
  Object.assign(state, { stack, memory })
  const host = { arena, frame, interpreter, state, env, isStatic: env.isStatic }

  /** Has EthereumJS execute the opcode in front of which WebAssembly stopped. */
  async function handle(frame: number, opcode: number): Promise<void> {
    state.opCode = opcode
    state.gasLeft = longs[frame >>> 3] as bigint
    state.programCounter = word(FRAME.pc)
    state.memoryWordCount = BigInt(word(FRAME.words))
    state.highestMemCost = memoryGas(state.memoryWordCount)
    await interpreter.runStep()
    longs[frame >>> 3] = state.gasLeft
    words[(frame + FRAME.pc) >>> 2] = state.programCounter
    words[(frame + FRAME.returnSize) >>> 2] = state.returnBytes.length
    memory.extend(0, 32 * Number(state.memoryWordCount))
    writeSelfBalance(arena, frame, env)
  }

  try {
    for (;;) {
      const exit = wasm.run(frame)
      if (exit < EXIT.host) {
        const error = ERRORS[exit]
        if (exit === EXIT.return || exit === EXIT.revert) result.returnValue = arena.bytes.slice(word(FRAME.result), word(FRAME.result) + word(FRAME.resultSize))
        state.gasLeft = longs[frame >>> 3] as bigint
        return error && new EVMError(error)
      }
      const opcode = exit - EXIT.host
      if (!isCall(opcode) && !meter.spend(opcodeWork(opcode, result))) return new EVMError(errorMessages.OUT_OF_GAS)
      const doing = hostHandler(opcode)?.(host)
      const done = doing instanceof Promise ? await doing : doing
      if (done === true) continue
      if (done === 'halt') return new EVMError(errorMessages.OUT_OF_GAS)
      // What calls a precompile has paid for that, and makes no frame.
      if (isCall(opcode) && !meter.spend(opcodeWork(opcode, result))) return new EVMError(errorMessages.OUT_OF_GAS)
      await handle(frame, opcode)
    }
  } catch (error) {
    if (!(error instanceof EVMError)) throw error
    return error.error === errorMessages.STOP ? undefined : error
  } finally {
    arena.frame = before
  }
}
