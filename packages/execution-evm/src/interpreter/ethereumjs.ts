import { Account, createZeroAddress } from '@ethereumjs/util'
import type { EVM, ExecResult, Message } from '@ethereumjs/evm'

// EthereumJS exports its interpreter's types only as parts of others, and the class not at all.

export type RunState = NonNullable<ExecResult['runState']>
export type Interpreter = RunState['interpreter']
export type Env = RunState['env']
export type Result = Interpreter['_result']

/** An interpreter of EthereumJS in the middle of nothing: its opcodes' handlers work on it. */
export type Machinery = { interpreter: Interpreter; state: RunState; env: Env; result: Result }

/** What an EVM keeps to itself. */
type Inside = { _tx?: { gasPrice: bigint; origin?: Env['origin'] }; _block?: Env['block'] }

const NOTHING = new Uint8Array()
let prototype: Promise<object> | undefined

/** The prototype of EthereumJS' interpreters: a run of nothing has one. */
export function interpreterPrototype(evm: EVM): Promise<object> {
  return (prototype ??= evm.runCode({ code: Uint8Array.of(0), gasLimit: 0n }).then(({ runState }) => Object.getPrototypeOf((runState as RunState).interpreter) as object))
}

/** Makes an interpreter for a message as EthereumJS does, but without its memory and stack: who calls gives others. */
export async function machineryFor(evm: EVM, of: object, message: Message): Promise<Machinery> {
  const { _tx: transaction, _block: block } = evm as unknown as Inside
  const address = message.to ?? createZeroAddress()
  const caller = message.caller ?? createZeroAddress()
  const { data, value, depth, gasRefund, gasLimit, codeAddress, createdAddresses } = message
  const code = message.code as Uint8Array
  const env = {
    address,
    caller,
    callData: data,
    callValue: value,
    code,
    isStatic: message.isStatic,
    isCreate: message.isCreate ?? false,
    depth,
    codeAddress,
    gasPrice: transaction?.gasPrice ?? 0n,
    origin: transaction?.origin ?? caller,
    block,
    contract: (await evm.stateManager.getAccount(address)) ?? new Account(),
    gasRefund,
    blobVersionedHashes: message.blobVersionedHashes ?? [],
    createdAddresses,
  } as unknown as Env
  const result = { logs: [], returnValue: undefined, selfdestruct: message.selfdestruct ?? new Map(), createdAddresses } as unknown as Result
  const interpreter = Object.create(of) as Interpreter
  const { stateManager, blockchain, common, journal } = evm
  const state = {
    programCounter: 0,
    opCode: 0xfe,
    memory: undefined,
    memoryWordCount: 0n,
    highestMemCost: 0n,
    stack: undefined,
    code,
    env,
    interpreter,
    stateManager,
    blockchain,
    gasRefund,
    gasLeft: gasLimit,
    stateGasSpilled: 0n,
    returnBytes: NOTHING,
  } as unknown as RunState
  Object.assign(interpreter, { _evm: evm, _stateManager: stateManager, common, journal, _env: env, _runState: state, _result: result })
  return { interpreter, state, env, result }
}
