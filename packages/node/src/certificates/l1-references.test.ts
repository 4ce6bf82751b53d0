import { ZERO_HASH } from '@causeway/core'
import type { L1Reader } from '@causeway/l1'
import { toHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { contradiction, type L1References } from './l1-references.js'

const hash = (n: number): Hex => toHex(n, { size: 32 })

/** L1 whose finalized head, at time 1000, has these rolling hashes. */
function MockReader(inbox: readonly Hex[], postings: readonly Hex[]) {
  return {
    heads: { finalized: { number: 9n, hash: ZERO_HASH, timestamp: 1_000n } },
    inboxLength: () => BigInt(inbox.length),
    inboxHash: (_chain: bigint, index: bigint) => (index === 0n ? ZERO_HASH : inbox[Number(index) - 1]),
    postings: () => postings,
    daHash: (_chain: bigint, index: bigint) => postings[Number(index) - 1],
  } as unknown as L1Reader
}

const references: L1References = { cursor: 2n, inboxHash: hash(2), daIndex: 1n, daHash: hash(7), deposit: { index: 1n, timestamp: 900n } }

it.each([
  ['L1 has what it states', [hash(1), hash(2)], [hash(7)], references, undefined],
  ['L1 has more', [hash(1), hash(2), hash(3)], [hash(7), hash(8)], references, undefined],
  ['L1 has another entry', [hash(1), hash(5)], [hash(7)], references, /other entries/],
  ['L1 has another entry, and more', [hash(1), hash(5), hash(6)], [hash(7)], references, /other entries/],
  ['the deposit can never come again', [hash(1)], [hash(7)], references, /without entry 1/],
  ['the deposit may still be made final', [hash(1)], [hash(7)], { ...references, deposit: { index: 1n, timestamp: 1_000n } }, undefined],
  ['what is missing are forced transactions, which may come again', [hash(1)], [hash(7)], { ...references, deposit: { index: 0n, timestamp: 900n } }, undefined],
  ['it consumes nothing', [], [hash(7)], { cursor: 0n, inboxHash: ZERO_HASH, daIndex: 1n, daHash: hash(7) }, undefined],
  ['L1 has another batch', [hash(1), hash(2)], [hash(8)], references, /another batch/],
  ['the batch is not final', [hash(1), hash(2)], [], references, undefined],
] as const)('a certificate when %s', (_, inbox, postings, stated, expected) => {
  const said = contradiction(stated, 42n, MockReader(inbox, postings))
  if (expected) expect(said).toMatch(expected)
  else expect(said).toBe(undefined)
})
