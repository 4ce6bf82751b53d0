import type { Block } from '@ethereumjs/block'
import { createEVM, EVMError, type EVM, type EVMOpts, type EVMResult, type ExecResult, type Message, type PrecompileFunc } from '@ethereumjs/evm'
import { Account, Address } from '@ethereumjs/util'
import type { Deadline } from '../deadline.js'
import { MOST_GAS } from '../limits.js'
import { placeOf, type FlatState, type Place } from '../state.js'
import { FRAME, giveBack, takeArena, writeBytes, writeWord, type Arena } from './arena.js'
import { addressOf } from './creates.js'
import { marksOf, NOTHING, openFrame, writeEnvironment, type Execution, type Frame } from './frame.js'
import { takeJournal } from './journal.js'
import { setMeter, type Meter } from './meter.js'
import { run } from './run.js'

/** How an EVM of EthereumJS runs a message, and one that has code. */
type Inside = {
  _tx?: { gasPrice: bigint; origin?: Address }
  _block?: Block
  precompiles: ReadonlyMap<string, PrecompileFunc>
  _executeCall(message: Message & { to: Address }): Promise<EVMResult>
  runInterpreter(message: Message, options?: object): Promise<ExecResult>
  _reduceSenderBalance(account: Account, message: Message): Promise<void>
  _addToBalance(account: Account, message: Message): Promise<void>
  _loadCode(message: Message): Promise<void>
  postMessageCleanup(): void
  _generateAddress(message: Message): Promise<Address>
}

/** Options of {@link fastEvm}. */
export type FastOptions = EVMOpts & {
  stateManager: FlatState
  /** Of a block before this one. */
  blockHash(number: number): Uint8Array
  deadline: Deadline | undefined
}

/**
 * An EVM of EthereumJS that makes transactions and first messages, but runs none of their code: that, and every frame below, is the
 * interpreter's. `meter` counts its work. It runs one transaction or call at a time.
 */
export async function fastEvm({ blockHash, deadline, ...options }: FastOptions, meter: Meter): Promise<EVM> {
  const evm = await createEVM(options)
  setMeter(evm, meter)
  const inside = evm as unknown as Inside
  const { stateManager } = options
  const journal = takeJournal(evm, stateManager)
  const places = new Map<string, Place>()
  const delegates = evm.common.isActivatedEIP(7702)
  const original = inside.runInterpreter.bind(evm)

  function open(message: Message, arena: Arena): { execution: Execution; frame: Frame | undefined } {
    const { _tx: transaction, _block } = inside
    const block = _block as Block
    const { to, caller, value, data, depth, isStatic = false, isCreate = false } = message as Message & { to: Address }
    const execution: Execution = {
      ...{ evm, arena, meter, state: stateManager.now, ...journal, precompiles: inside.precompiles, delegates, blockHash, places, deadline },
      blockNumber: Number(block.header.number),
      blobHashes: message.blobVersionedHashes ?? [],
      ...{ logs: [], selfdestructs: message.selfdestruct ?? new Map(), created: message.createdAddresses ?? new Set() },
      refund: Number(message.gasRefund),
    }
    writeEnvironment(arena, { gasPrice: transaction?.gasPrice ?? 0n, origin: transaction?.origin ?? caller, block })
    const code = message.code as Uint8Array
    const frame = openFrame(execution, { parent: undefined, self: placeOf(to), depth, isStatic, isCreate, marks: marksOf(execution), out: { at: 0, size: 0 }, code, gas: Number(message.gasLimit), data })
    if (frame) {
      writeBytes(arena, frame.at + FRAME.address, to.bytes)
      writeBytes(arena, frame.at + FRAME.caller, caller.bytes)
      writeWord(arena, frame.at + FRAME.value, value)
    }
    return { execution, frame }
  }

  inside.runInterpreter = async (message, given) => {
    const { gasLimit } = message
    // In no block, and in no simulation.
    if (gasLimit > MOST_GAS) return original(message, given)
    const arena = takeArena(evm.common)
    try {
      const { execution, frame } = open(message, arena)
      const { failure, returned, gas } = frame ? await run(execution, frame) : { failure: EVMError.errorMessages.OUT_OF_GAS, returned: NOTHING, gas: 0 }
      const { logs, selfdestructs, created, refund } = execution
      return {
        ...(failure ? { logs: [], selfdestruct: new Map(), createdAddresses: new Set<never>(), exceptionError: new EVMError(failure) } : { logs, selfdestruct: selfdestructs, createdAddresses: created }),
        gas: BigInt(gas),
        executionGasUsed: gasLimit - BigInt(gas),
        gasRefund: BigInt(refund),
        returnValue: returned,
      } as ExecResult
    } finally {
      giveBack(evm.common, arena)
    }
  }

  // Its hash of 48 kB of init code takes 9 ms in JavaScript.
  const generate = inside._generateAddress.bind(evm)
  inside._generateAddress = async (message) => {
    const { caller, salt, code } = message
    return salt ? new Address(addressOf(caller.bytes, 0n, { salt, code: code as Uint8Array })) : generate(message)
  }

  // EthereumJS' own copies the message, which takes longer than most.
  inside._executeCall = async (message) => {
    let exceptionError: EVMError | undefined
    const transfer = async (): Promise<void> => {
      await inside._reduceSenderBalance((await stateManager.getAccount(message.caller)) ?? new Account(), message)
      await inside._addToBalance((await stateManager.getAccount(message.to)) ?? new Account(), message)
    }
    if (!message.delegatecall)
      await transfer().catch((error: unknown) => {
        if (!(error instanceof EVMError)) throw error
        exceptionError = error
      })
    await inside._loadCode(message)
    const { code, gasLimit, data, gasRefund } = message
    if (exceptionError || !code || (typeof code !== 'function' && code.length === 0)) return { execResult: { executionGasUsed: 0n, gasRefund, returnValue: NOTHING, ...(exceptionError && { exceptionError }) } }
    const execResult = typeof code === 'function' ? { ...(await code({ data, gasLimit, common: evm.common, _EVM: evm })), gasRefund } : await inside.runInterpreter(message)
    if (message.depth === 0) inside.postMessageCleanup()
    return { execResult }
  }
  return evm
}
