import { RLP } from '@ethereumjs/rlp'
import type { Hex } from 'viem'
import { rlpUint } from './bytes.js'
import { keccak, keccakHex } from './keccak.js'
import { hexPrefix, nibbles } from './tries.js'

type Item = { path: Uint8Array; value: Uint8Array }
type Node = (Uint8Array | Node)[]

/**
 * Root of the trie that maps rlp(index) to each value: Ethereum's transactionsRoot and receiptsRoot. Built from the leaves up, so
 * every node is hashed once.
 */
export function indexRoot(values: readonly Uint8Array[]): Hex {
  const items = values.map((value, index) => ({ path: nibbles(RLP.encode(rlpUint(BigInt(index)))), value }))
  return keccakHex(RLP.encode(items.length === 0 ? new Uint8Array() : build(items, 0)))
}

function build(items: Item[], depth: number): Node {
  const first = items[0] as Item
  if (items.length === 1) return [hexPrefix(first.path.subarray(depth), true), first.value]
  const shared = sharedLength(items, depth)
  if (shared > 0) return [hexPrefix(first.path.subarray(depth, depth + shared), false), reference(build(items, depth + shared))]
  const branch: Node = []
  for (let nibble = 0; nibble < 16; nibble++) {
    const below = items.filter((item) => item.path[depth] === nibble)
    branch.push(below.length === 0 ? new Uint8Array() : reference(build(below, depth + 1)))
  }
  return [...branch, items.find((item) => item.path.length === depth)?.value ?? new Uint8Array()]
}

/** Nodes of 32 bytes and more are referred to by hash, smaller ones are embedded. */
function reference(node: Node): Uint8Array | Node {
  const encoded = RLP.encode(node)
  return encoded.length < 32 ? node : keccak(encoded)
}

function sharedLength(items: Item[], depth: number): number {
  const first = items[0] as Item
  let length = 0
  while (items.every((item) => item.path[depth + length] !== undefined && item.path[depth + length] === first.path[depth + length])) length++
  return length
}

/** The empty trie's root. */
export const EMPTY_ROOT: Hex = keccakHex(RLP.encode(new Uint8Array()))
