import { CausewayError, ZERO_HASH } from '@causeway/core'
import { concatHex, keccak256, type Hex } from 'viem'

/** Merkle tree over the withdrawal digests of an epoch. */
export type WithdrawalTree = {
  /** What `withdrawalsRoot(epoch)` of the hub is; 32 zero bytes if there are none. */
  root: Hex
  /** `path` argument of the bridge's `claim` for digest number `index`. @throws `WITHDRAWAL_UNKNOWN` */
  path(index: number): Hex[]
}

/**
 * The tree that the hub builds at settlement, over the digests of all certificates in order: keccak256 of the sorted pair, the last
 * node of an odd level goes up as it is (what OpenZeppelin's `MerkleProof` verifies).
 * @param digests `withdrawalDigest` of each export to L1, in the order of the epoch data
 */
export function withdrawalTree(digests: readonly Hex[]): WithdrawalTree {
  const levels: Hex[][] = [digests.map((digest) => digest.toLowerCase() as Hex)]
  for (let below = levels[0] as Hex[]; below.length > 1; levels.push(below)) {
    const nodes = below
    below = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, i) => parent(nodes[2 * i] as Hex, nodes[2 * i + 1]))
  }
  return {
    root: levels.at(-1)?.[0] ?? ZERO_HASH,
    path(index) {
      if (!(index in digests))
        throw new CausewayError(`The epoch has ${digests.length} withdrawals, so there is none with index ${index}.`, {
          code: 'WITHDRAWAL_UNKNOWN',
          fix: 'Look for the digest in the epoch that settled the certificate which exported it.',
        })
      return levels.slice(0, -1).flatMap((level, height) => level[(index >> height) ^ 1] ?? [])
    },
  }
}

function parent(left: Hex, right: Hex | undefined): Hex {
  if (right === undefined) return left
  return keccak256(concatHex(left < right ? [left, right] : [right, left]))
}
