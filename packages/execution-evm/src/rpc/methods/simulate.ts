import { blockParam, errorCode, formatLog, invalidParams, jsonList, jsonObject, needBlock, requiredParam, RPC_CODE, rpcError, type Json, type RpcHandler } from '@causeway/core'
import { numberToHex } from 'viem'
import type { SimulatedCall, SimulatedResult, SimulationResult } from '../../simulate.js'
import { revertError } from '../revert.js'
import { formatBlock, formatTransaction } from '../format.js'
import { blockOverrides, callParam, stateOverrides } from '../parse.js'
import type { RpcContext } from '../context.js'

/** What can be wrong with a simulation, by geth's words for it, and the codes of execution-apis. */
const CODES: readonly (readonly [RegExp, number])[] = [
  [/^err: nonce too low/, -38010],
  [/^err: nonce too high/, -38011],
  [/^err: max fee per gas less than block base fee/, -38012],
  [/^err: (intrinsic gas too low|insufficient gas for floor)/, -38013],
  [/^err: insufficient funds/, -38014],
  [/^block gas limit reached/, -38015],
  [/^block numbers must be in order/, -38020],
  [/^block timestamps must be in order/, -38021],
  [/^too many blocks/, -38026],
  [/^err: /, RPC_CODE.internal],
]
/** Execution failed otherwise than by reverting. */
const VM_ERROR = -32015

/** `eth_simulateV1`: blocks of unsigned transactions on top of a real block. */
export function simulateMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, chain, limits, simulating } = context
  return {
    async eth_simulateV1(params, caller) {
      const at = 'invalid argument 0'
      const o = jsonObject(requiredParam(params, 0), at)
      const wanted = jsonList(o.blockStateCalls, at)
      if (wanted.length === 0) throw invalidParams('empty input')
      if (wanted.length > limits.simulatedBlocks) throw rpcError(-38026, 'too many blocks')
      const blocks = wanted.map((item) => {
        const { calls, stateOverrides: state, blockOverrides: block } = jsonObject(item, at)
        return {
          calls: jsonList(calls ?? [], at).map((call) => simulatedCall(call, at, chain.chainId)),
          ...(state === undefined || state === null ? {} : { stateOverrides: stateOverrides(state, at) }),
          ...(block === undefined || block === null ? {} : { blockOverrides: blockOverrides(block, at) }),
        }
      })
      const base = needBlock(context, blockParam(params, 1)).hash
      const simulation = { blocks, validation: o.validation === true, traceTransfers: o.traceTransfers === true }
      const done = await simulating(caller.address, () => reader.simulate(simulation, base)).catch((error: unknown) => {
        const message = errorCode(error) === 'INVALID_CALL' && error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : undefined
        const code = message === undefined ? undefined : CODES.find(([pattern]) => pattern.test(message))?.[1]
        throw message === undefined || code === undefined ? error : rpcError(code, message)
      })
      return done.map((result) => formatSimulated(result, o.returnFullTransactions === true))
    },
  }
}

function simulatedCall(value: unknown, at: string, chainId: bigint): SimulatedCall {
  const { blobVersionedHashes: blobs } = jsonObject(value, at)
  if (Array.isArray(blobs) && blobs.length > 0) throw invalidParams(`${at}: blob transactions are not supported`)
  return callParam([value], 0, chainId).simulated
}

function formatSimulated({ block, transactions, results }: SimulationResult, full: boolean): Json {
  const calls = results.map((result, transactionIndex) => {
    const place = { blockNumber: block.number, blockHash: block.hash, transactionHash: block.transactions[transactionIndex]?.hash ?? '0x', transactionIndex }
    return {
      returnData: result.failure ? '0x' : result.data,
      logs: result.logs.map((log) => formatLog({ ...log, ...place }, block.timestamp)),
      gasUsed: numberToHex(result.gasUsed),
      maxUsedGas: numberToHex(result.gasBeforeRefund),
      status: result.failure ? '0x0' : '0x1',
      ...(result.failure && { error: callError(result, result.failure) }),
    }
  })
  return { ...formatBlock(block, full ? transactions.map((transaction) => formatTransaction(transaction, block)) : undefined), calls }
}

function callError({ data }: SimulatedResult, failure: NonNullable<SimulatedResult['failure']>): Json {
  if (failure.kind === 'halt') return { message: failure.reason, code: VM_ERROR }
  const { message, code, data: reason } = revertError(data)
  return { message, code, data: reason }
}
