import { EVMError, type ExecResult } from '@ethereumjs/evm'

/** A precompile that fails: all its gas is gone. */
export const failed = (gasLimit: bigint, error: EVMError['error'] = EVMError.errorMessages.OUT_OF_GAS): ExecResult => ({ returnValue: new Uint8Array(), executionGasUsed: gasLimit, exceptionError: new EVMError(error) })
