import { createEVM, EVMError, type EVM, type EVMOpts, type EVMResult, type ExecResult, type Message } from '@ethereumjs/evm'
import { Account, Address } from '@ethereumjs/util'
import { concat } from 'viem'
import { keccak } from '../keccak.js'
import { giveBack, takeArena, type Arena } from './arena.js'
import { interpreterPrototype, machineryFor } from './ethereumjs.js'
import { runFrame } from './frame.js'
import { setMeter, type Meter } from './meter.js'

/** How an EVM of EthereumJS runs a message, and one that has code. */
type Inside = {
  _executeCall(message: Message & { to: Address }): Promise<EVMResult>
  runInterpreter(message: Message, options?: object): Promise<ExecResult>
  _reduceSenderBalance(account: Account, message: Message): Promise<void>
  _addToBalance(account: Account, message: Message): Promise<void>
  _loadCode(message: Message): Promise<void>
  postMessageCleanup(): void
  _generateAddress(message: Message): Promise<Address>
}
const NOTHING = new Uint8Array()

/** The interpreter in WebAssembly counts gas in 63 bits; a call with more (there is none in a block) is EthereumJS'. */
const MOST_GAS = 1n << 62n

/** An EthereumJS EVM whose plain opcodes run in WebAssembly, and whose work `meter` counts. It runs one transaction or call at a time. */
export async function fastEvm(options: EVMOpts, meter: Meter): Promise<EVM> {
  const evm = await createEVM(options)
  const prototype = await interpreterPrototype(evm)
  setMeter(evm, meter)
  const inside = evm as unknown as Inside
  const original = inside.runInterpreter.bind(evm)
  let arena: Arena | undefined

  async function run(message: Message, at: Arena): Promise<ExecResult> {
    const machinery = await machineryFor(evm, prototype, message)
    const exceptionError = await runFrame(machinery, at, meter, message.code as Uint8Array)
    const { state, result } = machinery
    const kept = exceptionError ? { selfdestruct: new Map(), createdAddresses: new Set<never>(), logs: [] } : result
    const spent = exceptionError && exceptionError.error !== EVMError.errorMessages.REVERT ? message.gasLimit : message.gasLimit - state.gasLeft
    return {
      logs: kept.logs,
      selfdestruct: kept.selfdestruct,
      createdAddresses: kept.createdAddresses,
      gas: state.gasLeft,
      executionGasUsed: spent,
      gasRefund: state.gasRefund,
      returnValue: result.returnValue ?? NOTHING,
      exceptionError,
    } as ExecResult
  }

  inside.runInterpreter = async (message, given) => {
    if (message.gasLimit > MOST_GAS) return original(message, given)
    if (arena) return run(message, arena)
    arena = takeArena(evm.common)
    try {
      return await run(message, arena)
    } finally {
      giveBack(evm.common, arena)
      arena = undefined
    }
  }
  // Its hash of 48 kB of init code takes 9 ms in JavaScript.
  const generate = inside._generateAddress.bind(evm)
  inside._generateAddress = async (message) => {
    if (!message.salt) return generate(message)
    const preimage = concat([Uint8Array.of(0xff), message.caller.bytes, message.salt, keccak(message.code as Uint8Array)])
    return new Address(keccak(preimage).subarray(-20))
  }

  // EthereumJS' own copies the message for each call, which takes ten times as long as all the rest.
  inside._executeCall = async (message) => {
    const { stateManager } = evm
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
