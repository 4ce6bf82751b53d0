import { EVMError } from '@ethereumjs/evm'
import { FRAME, writeBytes, writeSmall } from './arena.js'
import { calls, give } from './calls.js'
import { creates, deposit } from './creates.js'
import { gasOf, NOTHING, setGas, takeBack, type Execution, type Failure, type Frame } from './frame.js'
import { hosted, OUT_OF_GAS, type Handler } from './host.js'
import { opcodeWork } from './work.js'

/** How a run of WebAssembly ends: as in wasm/interpreter.ts. */
const EXIT = { stop: 0, return: 1, revert: 2, pause: 8, host: 256 } as const
const { REVERT, STOP, STACK_UNDERFLOW, STACK_OVERFLOW, INVALID_JUMP, INVALID_OPCODE } = EVMError.errorMessages
const FAILURES: Readonly<Record<number, Failure>> = { 2: REVERT, 3: OUT_OF_GAS, 4: STACK_UNDERFLOW, 5: STACK_OVERFLOW, 6: INVALID_JUMP, 7: INVALID_OPCODE }

const handlers: readonly (Handler | undefined)[] = Array.from({ length: 256 }, (_, opcode) => hosted[opcode] ?? calls[opcode] ?? creates[opcode])

/** How a frame ended. After a failure that is no revert it has no gas left. */
export type Ended = { failure: Failure | undefined; returned: Uint8Array; gas: number }

/**
 * Runs a frame and all that it calls: WebAssembly as far as it goes, handlers for the rest. A failure of the first frame takes nothing
 * back: that is for whoever made it.
 */
export async function run(execution: Execution, first: Frame): Promise<Ended> {
  const { arena, meter, deadline } = execution
  const { wasm, words, bytes } = arena
  let frame = first
  for (;;) {
    const exit = wasm.run(frame.at)
    if (exit === EXIT.pause) {
      deadline?.(true)
      continue
    }
    let failure: Failure | undefined
    let returned = NOTHING
    if (exit >= EXIT.host) {
      const opcode = exit - EXIT.host
      deadline?.()
      if (meter.spend(opcodeWork(opcode))) {
        const doing = (handlers[opcode] as Handler)(execution, frame, opcode)
        const done = doing instanceof Promise ? await doing : doing
        if (done === undefined) continue
        if (typeof done === 'object') {
          frame = done
          continue
        }
        failure = done === STOP ? undefined : done
      } else failure = OUT_OF_GAS
    } else {
      failure = FAILURES[exit]
      const size = words[(frame.at + FRAME.resultSize) >>> 2] as number
      if ((exit === EXIT.return || exit === EXIT.revert) && size > 0) {
        const from = words[(frame.at + FRAME.result) >>> 2] as number
        returned = bytes.slice(from, from + size)
      }
    }
    const { parent } = frame
    if (parent === undefined) return { failure, returned, gas: failure && failure !== REVERT ? 0 : gasOf(arena, frame.at) }
    end(execution, frame, parent, failure, returned)
    frame = parent
  }
}

/** Gives a frame's caller what came of it. */
function end(execution: Execution, frame: Frame, parent: Frame, failed: Failure | undefined, returned: Uint8Array): void {
  const { arena } = execution
  const failure = failed ?? (frame.isCreate ? deposit(execution, frame, returned) : undefined)
  if (failure) takeBack(execution, frame.marks)
  if (!failure || failure === REVERT) setGas(arena, parent.at, gasOf(arena, parent.at) + gasOf(arena, frame.at))
  const result = (arena.words[(parent.at + FRAME.top) >>> 2] as number) - 32
  if (frame.isCreate) {
    if (failure === REVERT) give(arena, parent, returned, frame.out)
    if (!failure) writeBytes(arena, result, frame.self.address.bytes)
    return
  }
  give(arena, parent, failure && failure !== REVERT ? NOTHING : returned, frame.out)
  if (!failure) writeSmall(arena, result, 1)
}
