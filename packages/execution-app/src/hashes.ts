import { poseidon2, TAG } from '@causeway/core'
import { bytesToBigInt, stringToBytes } from 'viem'

/** Bytes as field elements: their number, then 31 of them each. */
function words(bytes: Uint8Array): bigint[] {
  const list = [BigInt(bytes.length)]
  for (let at = 0; at < bytes.length; at += 31) list.push(bytesToBigInt(bytes.subarray(at, at + 31)))
  return list
}

const nameWord = (name: string): bigint => (name === '' ? 0n : bytesToBigInt(stringToBytes(name)))

/** Where a value stands in the state tree: its key. Of a field that is no map, `at` is empty. */
export function stateKey(module: string, field: string, at: Uint8Array): bigint {
  return poseidon2(TAG.stateKey, [nameWord(module), nameWord(field), ...words(at)])
}

/** Leaf of the state tree. */
export function stateLeaf(key: bigint, value: Uint8Array): bigint {
  return poseidon2(TAG.stateLeaf, [key, ...words(value)])
}

/** Inner node of the state tree, whose children tell keys apart by bit `depth`. */
export function stateNode(depth: number, left: bigint, right: bigint): bigint {
  return poseidon2(TAG.stateNode, [BigInt(depth), left, right])
}

/** What modules hash for themselves. */
export const moduleHash = (words: readonly bigint[]): bigint => poseidon2(TAG.module, words)
