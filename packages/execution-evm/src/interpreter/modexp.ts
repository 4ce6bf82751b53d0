import type { Common } from '@ethereumjs/common'
import type { ExecResult, PrecompileInput } from '@ethereumjs/evm'
import { failed } from './failed.js'
import { powerModulo } from './power.js'

/** What MODEXP (0x05) is asked for: lengths as declared, numbers only once they are paid for. */
type Request = { baseLength: bigint; exponentLength: bigint; modulusLength: bigint; data: Uint8Array }

const HEADER = 96
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

function parse(data: Uint8Array): Request {
  const [baseLength, exponentLength, modulusLength] = [0, 32, 64].map((at) => number(data, BigInt(at), 32n)) as [bigint, bigint, bigint]
  return { baseLength, exponentLength, modulusLength, data }
}

/** `length` bytes of the input from `start` on; behind its end there are zeros. */
function slice(data: Uint8Array, start: bigint, length: bigint): Uint8Array {
  const bytes = new Uint8Array(Number(length))
  if (start < BigInt(data.length)) bytes.set(data.subarray(Number(start), Math.min(data.length, Number(start + length))))
  return bytes
}

function number(data: Uint8Array, start: bigint, length: bigint): bigint {
  return length === 0n ? 0n : BigInt(`0x${Buffer.from(slice(data, start, length)).toString('hex')}`)
}

/** Iterations that the exponent is charged for (EIP-2565, EIP-7883). */
function iterations({ baseLength, exponentLength, data }: Request, perByte: bigint): bigint {
  const head = number(data, BigInt(HEADER) + baseLength, exponentLength < 32n ? exponentLength : 32n)
  const bits = BigInt(head === 0n ? 0 : head.toString(2).length - 1)
  return max(1n, exponentLength > 32n ? perByte * (exponentLength - 32n) + bits : bits)
}

/** Gas by EIP-2565, or by EIP-7883 where the fork has it. */
function gasOf(request: Request, eip7883: boolean): bigint {
  const longest = max(request.baseLength, request.modulusLength)
  const words = (longest + 7n) / 8n
  if (eip7883) return max(500n, (longest > 32n ? 2n * words * words : 16n) * iterations(request, 16n))
  return max(200n, (words * words * iterations(request, 8n)) / 3n)
}

/** Gas of a MODEXP, and its work: products by the exponent's bits, of the modulus' size. Short ones take a tenth of it: this is what bounds long exponents, whose prices before osaka are wrong. */
export function modexpCost(data: Uint8Array, common: Common): { gas: number; work: number } {
  const request = parse(data)
  const { exponentLength, modulusLength, baseLength } = request
  const words = Number((max(baseLength, modulusLength) + 7n) / 8n)
  const work = modulusLength === 0n ? 2_000 : 4_000 + 10 * Number(exponentLength) * (110 + 12 * words + 6 * words * words)
  return { gas: Number(gasOf(request, common.isActivatedEIP(7883))), work }
}


/** MODEXP (EIP-198) with the prices of the fork; EthereumJS' takes a time that is quadratic in the exponent's length. */
export function modexp({ data, gasLimit, common }: PrecompileInput): ExecResult {
  const request = parse(data)
  const { baseLength, exponentLength, modulusLength } = request
  const bounded = common.isActivatedEIP(7823)
  if (bounded && [baseLength, exponentLength, modulusLength].some((length) => length > 1_024n)) return failed(gasLimit)
  const gas = gasOf(request, common.isActivatedEIP(7883))
  if (gas > gasLimit) return failed(gasLimit)
  if (modulusLength === 0n) return { executionGasUsed: gas, returnValue: new Uint8Array() }
  const base = number(data, BigInt(HEADER), baseLength)
  const exponent = slice(data, BigInt(HEADER) + baseLength, exponentLength)
  const modulus = number(data, BigInt(HEADER) + baseLength + exponentLength, modulusLength)
  const result = modulus === 0n ? 0n : powerModulo(base, exponent, modulus)
  return { executionGasUsed: gas, returnValue: Uint8Array.from(Buffer.from(result.toString(16).padStart(2 * Number(modulusLength), '0'), 'hex')) }
}
