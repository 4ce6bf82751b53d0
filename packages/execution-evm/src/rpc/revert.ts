import { rpcError, RPC_CODE, type RpcError } from '@causeway/core'
import { decodeErrorResult, parseAbi, type Hex } from 'viem'

/** The error of a call that reverted: code 3 with the data, as geth; empty data too, or clients cannot tell a revert. */
export function revertError(data: Hex): RpcError {
  const reason = revertReason(data)
  return rpcError(RPC_CODE.reverted, reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`, data)
}

const builtin = parseAbi(['error Error(string)', 'error Panic(uint256)'])

function revertReason(data: Hex): string | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: builtin, data })
    return errorName === 'Error' ? args[0] : (PANIC[Number(args[0])] ?? `unknown panic code: 0x${args[0].toString(16)}`)
  } catch {
    return undefined // a custom error, or no ABI at all: the caller has the data
  }
}

const PANIC: Record<number, string> = {
  0x00: 'generic panic',
  0x01: 'assert(false)',
  0x11: 'arithmetic underflow or overflow',
  0x12: 'division or modulo by zero',
  0x21: 'enum overflow',
  0x22: 'invalid encoded storage byte array accessed',
  0x31: 'out-of-bounds array access; popping on an empty array',
  0x32: 'out-of-bounds access of an array or bytesN',
  0x41: 'out of memory',
  0x51: 'uninitialized function',
}
