import { keccak256, toHex, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { withdrawalTree } from './withdrawal-tree.js'

const digests = (count: number): Hex[] => Array.from({ length: count }, (_, i) => keccak256(toHex(i)))

/** OpenZeppelin's `MerkleProof.processProof`, written from its documentation. */
function processProof(path: readonly Hex[], leaf: Hex): Hex {
  return path.reduce((node, sibling) => keccak256(`0x${[node, sibling].sort().map((h) => h.slice(2)).join('')}`), leaf)
}

describe('withdrawalTree', () => {
  it('has the zero root when empty and the digest as root of one', () => {
    expect(withdrawalTree([]).root).toBe(`0x${'00'.repeat(32)}`)
    expect(withdrawalTree(digests(1))).toMatchObject({ root: digests(1)[0] })
    expect(withdrawalTree(digests(1)).path(0)).toEqual([])
  })

  it('opens every digest of every size', () => {
    for (let count = 1; count <= 17; count++) {
      const leaves = digests(count)
      const tree = withdrawalTree(leaves)
      leaves.forEach((leaf, i) => expect(processProof(tree.path(i), leaf), `${i} of ${count}`).toBe(tree.root))
    }
  })

  it('refuses an index that it does not have', () => {
    expect(() => withdrawalTree(digests(3)).path(3)).toThrow('WITHDRAWAL_UNKNOWN')
    expect(() => withdrawalTree([]).path(0)).toThrow('WITHDRAWAL_UNKNOWN')
  })
})
