import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { CausewayError } from '../errors.js'
import { tokenKey } from '../protocol/message.js'
import type { Token } from '../protocol/types.js'
import { BALANCE, openTree, updateTree, type NodeStore } from './tree.js'

/** Balances stay below 2^200: amounts are u128, so no reachable number of credits overflows. */
export const MAX_BALANCE = 1n << 200n

/** Leaf of the balance tree. */
export function balanceLeaf(key: bigint, balance: bigint): bigint {
  return poseidon2(TAG.balance, [key, balance])
}

/** Where a token stands in a chain's balance tree: the first position, from the low 32 bits of its key, that is free or its own. */
export function findBalance(nodes: Pick<NodeStore, 'get'>, root: bigint, token: Token): { position: bigint; balance: bigint | null } {
  const key = tokenKey(token)
  const start = key & 0xffffffffn
  for (let probe = 0n; probe < 1n << 32n; probe++) {
    const position = (start + probe) & 0xffffffffn
    const { leaf } = openTree(nodes, BALANCE, root, position)
    if (leaf === 0n) return { position, balance: null }
    const held = nodes.get(leaf)
    if (!held) throw new CausewayError('A balance leaf has no preimage in the store.', { code: 'MISSING_NODE', fix: 'rebuild the store from L1' })
    if (held[0] === key) return { position, balance: held[1] }
  }
  throw new CausewayError('The balance tree is full.', { code: 'TREE_FULL' })
}

/** Writes a balance and returns the new root. */
export function writeBalance(nodes: NodeStore, root: bigint, position: bigint, key: bigint, balance: bigint): bigint {
  const leaf = balanceLeaf(key, balance)
  nodes.put(leaf, [key, balance])
  return updateTree(nodes, BALANCE, root, position, leaf)
}
