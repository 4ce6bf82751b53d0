import type { Block } from '@ethereumjs/block'
import { FRAME, writeBytes, writeWord, type Arena } from './arena.js'
import type { Env } from './ethereumjs.js'

/** Places of a frame's numbers, 32 bytes each: as in wasm/interpreter.ts. */
const PLACE = { address: 0, gasPrice: 1, origin: 2, caller: 3, value: 4, block: 5, selfBalance: 13 } as const
const at = (frame: number, place: number): number => frame + FRAME.environment + 32 * place

const blocks = new WeakMap<Block, readonly (bigint | Uint8Array)[]>()

/** COINBASE, TIMESTAMP, NUMBER, PREVRANDAO, GASLIMIT, CHAINID, BASEFEE and BLOBBASEFEE of a block. */
function numbersOf(block: Block): readonly (bigint | Uint8Array)[] {
  const { header, common } = block
  const known = blocks.get(block)
  if (known) return known
  const numbers = [header.coinbase.bytes, header.timestamp, header.number, header.prevRandao, header.gasLimit, common.chainId(), header.baseFeePerGas ?? 0n, header.getBlobGasPrice()]
  blocks.set(block, numbers)
  return numbers
}

/** Writes what a frame's opcodes push. */
export function writeEnvironment(arena: Arena, frame: number, env: Env): void {
  writeBytes(arena, at(frame, PLACE.address), env.address.bytes)
  writeWord(arena, at(frame, PLACE.gasPrice), env.gasPrice)
  writeBytes(arena, at(frame, PLACE.origin), env.origin.bytes)
  writeBytes(arena, at(frame, PLACE.caller), env.caller.bytes)
  writeWord(arena, at(frame, PLACE.value), env.callValue)
  for (const [i, number] of numbersOf(env.block as Block).entries())
    if (typeof number === 'bigint') writeWord(arena, at(frame, PLACE.block + i), number)
    else writeBytes(arena, at(frame, PLACE.block + i), number)
  writeSelfBalance(arena, frame, env)
}

/** Writes what SELFBALANCE pushes: it changes with calls. */
export function writeSelfBalance(arena: Arena, frame: number, env: Env): void {
  writeWord(arena, at(frame, PLACE.selfBalance), env.contract.balance)
}

/** Gas of words of memory (Yellow Paper, appendix H). */
export const memoryGas = (words: bigint): bigint => 3n * words + (words * words) / 512n

/** Gas that it takes to have `words` words of memory. */
export function expansionGas({ words: fields }: Arena, frame: number, words: number): bigint {
  const known = fields[(frame + FRAME.words) >>> 2] as number
  return words <= known ? 0n : memoryGas(BigInt(words)) - memoryGas(BigInt(known))
}
