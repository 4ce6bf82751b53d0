import { createEVM, EVMError, type EVM, type EVMOpts, type EVMResult, type Message } from '@ethereumjs/evm'
import type { Address } from '@ethereumjs/util'
import type { Deadline } from './deadline.js'
import { setMeter, type Meter } from './interpreter/meter.js'
import { opcodeWork } from './interpreter/work.js'

/** An opcode that is about to run, or to fail. */
export type Step = {
  opcode: number
  /** Whose storage and ETH it uses. */
  address: Address
  /** Its operands, the first one first. @throws an error of the EVM's if there are too few */
  operands(count: number): bigint[]
}

/** Told of every frame and opcode, in the order in which they run. */
export type Observer = {
  enter(message: Message): void
  leave(result: EVMResult): void
  step(step: Step): void | Promise<void>
}

type GasHandler = (state: RunState, gas: bigint, common: unknown) => bigint | Promise<bigint>
type RunState = { opCode: number; env: { address: Address }; stack: { peek(count: number): bigint[] } }
type Entry = { opcodeInfo: { dynamicGas: boolean; feeBigInt: bigint }; opHandler: unknown; gasHandler: GasHandler | undefined }

/**
 * EthereumJS' own loop, which alone tells of every step. What it runs is metered all the same, and ends where the interpreter ends it.
 * Its event `step` is not used: it copies the whole memory for each opcode, and reads what REVERT returns before that is paid for, so that
 * one opcode could make a node allocate gigabytes.
 */
export async function observedEvm(options: EVMOpts, { meter, observer, deadline }: { meter: Meter; observer: Observer; deadline?: Deadline | undefined }): Promise<EVM> {
  const evm = await createEVM(options)
  setMeter(evm, meter)
  evm.events.on('beforeMessage', (message, next) => {
    observer.enter(message)
    next?.()
  })
  evm.events.on('afterMessage', (result, next) => {
    observer.leave(result)
    next?.()
  })
  const inside = evm as unknown as { _opcodeMap: Entry[] }
  inside._opcodeMap = inside._opcodeMap.map(({ opcodeInfo, opHandler, gasHandler }) => ({
    opcodeInfo: { ...opcodeInfo, dynamicGas: true },
    opHandler,
    async gasHandler(state, gas, common) {
      deadline?.()
      const work = opcodeWork(state.opCode)
      if (work > 0 && !meter.spend(work)) throw new EVMError(EVMError.errorMessages.OUT_OF_GAS)
      await observer.step({ opcode: state.opCode, address: state.env.address, operands: (count) => state.stack.peek(count) })
      return gasHandler ? gasHandler(state, gas, common) : gas
    },
  }))
  return evm
}
