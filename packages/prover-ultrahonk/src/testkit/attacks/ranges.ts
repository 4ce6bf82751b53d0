import { BALANCE, balanceLeaf, FIELD, genesisHeader, headerHash, openTree, pathRoot, REGISTRY, tokenKey, toBytes32 } from '@causeway/core'
import { field } from '../../circuit-values.js'
import { advance, buildEpoch, deposit, received, sent } from '../cluster.js'
import { add, attack, doing, first, misregistered, set, type Attack } from './forge.js'
import type { Loose } from '../raw.js'

/** Numbers out of their range (R24). */
export const ranges: readonly Attack[] = [
  attack(
    24,
    'credits a deposit with another low byte, hidden in its digest',
    async ({ cluster, b }) => ({
      // L1 hashed 261; the row says 258, and the digest's limb overflows into the byte that is missing.
      witness: await buildEpoch(cluster, [
        {
          chain: b,
          entries: [deposit(b, 261n)],
          edit(draft) {
            const [opening] = draft.openings.balances
            if (!opening) return draft
            return { ...draft, after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), (opening.before ?? 0n) + 258n), opening.siblings) } }
          },
        },
      ]),
      inputs(inputs) {
        const row = inputs['certificates']?.[0]?.['l1']?.[0] as Loose
        add(row, 'amount', -3n)
        add(row, 'digest_hi', 3n << 128n)
      },
    }),
    { twin: 'RULE_R21' },
  ),
  attack(
    24,
    'consumes a good registration as refused, by another slot hidden in its chain id',
    misregistered(
      (opening, { cluster }) => ({ entry: { ...opening.entry, slot: 1n }, ...openTree(cluster.registry, REGISTRY, cluster.root, 1n) }),
      (place) => add(place, 'chain_id', 1n << 64n),
    ),
    { twin: null },
  ),
  attack(
    24,
    'registers a chain at another slot and height, hidden in its chain id',
    async ({ cluster }) => {
      const entry = { kind: 1, slot: 8n, chainId: 5000n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
      const at = 5n
      const witness = await buildEpoch(cluster, [], [entry])
      const { leaf, siblings } = openTree(cluster.registry, REGISTRY, cluster.root, at)
      const header = { ...genesisHeader(5000n, entry.stateRoot, 4n), height: entry.slot - at }
      return {
        witness,
        inputs(inputs) {
          const place = inputs['queue']?.[0] as Loose
          set(place, 'slot', field(at))
          set(place, 'chain_id', field(5000n + ((entry.slot - at) << 64n)))
          set(place, 'leaf', field(leaf))
          set(place, 'siblings', siblings.map(field))
          set(inputs, 'root_to', field(pathRoot(REGISTRY, at, headerHash(header), siblings)))
        },
      }
    },
    { twin: null },
  ),
  attack(24, 'sends a negative amount', doing(({ b }) => [sent(b, { destination: 901n }), sent(b, { destination: 901n, amount: FIELD - 100n }, 1)]), { twin: 'OUT_OF_RANGE' }),
  attack(
    24,
    'reads an expired message as one that never expires',
    async (at) => {
      advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, expiry: at.a.header.timestamp + 210n })])
      const { witness } = await doing(() => [received(at.a, first(at.a, 6))])(at)
      return {
        witness,
        inputs(inputs) {
          const message = inputs['certificates']?.[0]?.['imports']?.[0]?.['message'] as Loose
          add(message, 'expiry', 1n << 64n)
          add(message, 'gas_limit', -1n)
        },
      }
    },
    { twin: 'RULE_R11' },
  ),
  attack(
    24,
    'reads a message as older than it is',
    async (at) => {
      const { witness } = await doing(({ a }) => [received(a, first(a), first(a).time)])(at)
      return {
        witness,
        inputs(inputs) {
          const certificate = inputs['certificates']?.[0] as Loose
          const message = certificate['imports']?.[0]?.['message'] as Loose
          add(message, 'timestamp', -10n)
          add(message, 'source', 10n << 128n)
          const source = certificate['sources']?.[0] as Loose
          add(source, 'chain_id', 10n << 128n)
          add(source, 'height_and_timestamp', -10n << 64n)
        },
      }
    },
    { twin: 'RULE_R10' },
  ),
  attack(24, 'settles on an L1 whose chain id is no u64', async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => set(inputs, 'l1_chain_id', field((1n << 64n) + 5n)) }), { twin: null }),
  attack(24, 'settles at a time that is no u64', async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => set(inputs, 'time', field((1n << 64n) + 5n)) }), { twin: null }),
]
