import { accumulate, limbs, openTree, REGISTRY, toBytes32, withdrawalDigest, ZERO_HASH, type EpochWitness } from '@causeway/core'
import type { Hex } from 'viem'
import { buildEpoch, sent, type Plan } from '../cluster.js'
import { uncheckedLeaf } from '../unchecked.js'
import { add, attack, doing, edited, set, type Attack } from './forge.js'
import type { Loose } from '../raw.js'

/** Makes the inputs claim L1 data with other withdrawals. */
function showL1(inputs: Loose, { slot, certificate, importRoot }: EpochWitness['certificates'][number], withdrawals: readonly Hex[]): void {
  const leaves = certificate.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, certificate.before.policyHash)] : []))
  const [hi, lo] = limbs(accumulate(ZERO_HASH, { slot, certificate, importRoot, leaves, withdrawals }))
  set(inputs, 'acc_to_hi', `0x${hi.toString(16)}`)
  set(inputs, 'acc_to_lo', `0x${lo.toString(16)}`)
}

/** The epoch as a whole: registry, L1 data, queue (R26 to R29). */
export const epochs: readonly Attack[] = [
  attack(
    26,
    'settles a chain twice',
    async (at) => {
      const one: Plan = { chain: at.b, entries: [] }
      const { certificates } = await buildEpoch(at.cluster, [one])
      const header = certificates[0]?.certificate.after ?? at.b.header
      return { witness: await buildEpoch(at.cluster, [one, { chain: { ...at.b, header }, entries: [] }]) }
    },
    { places: 2 },
  ),
  attack(26, 'settles in another order', async ({ cluster, a, c }) => ({ witness: await buildEpoch(cluster, [{ chain: c, entries: [] }, { chain: a, entries: [] }]) }), { places: 2 }),
  attack(27, 'starts from a header that is not registered', edited((draft) => ({ ...draft, before: { ...draft.before, l1InboxCursor: 7n }, after: { ...draft.after, l1InboxCursor: 7n } }))),
  attack(27, 'claims any new root', async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, 'root_to', 1n) }), { twin: null }),
  ...['acc_to_hi', 'acc_to_lo'].map((name) => attack(28, `shows L1 other data (${name})`, async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, name, 1n) }), { twin: null })),
  attack(
    28,
    'shows L1 a transfer as a withdrawal',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 901n, amount: 500n }), sent(b, { destination: 31337n, amount: 1n }, 1)])(at)),
      inputs(inputs, { certificates: [item] }) {
        const messages = (item?.certificate.entries ?? []).flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
        if (!item || !messages[0]) return
        set(inputs['certificates']?.[0]?.['withdrawals']?.[0] as Loose, 'row', [false, false, false])
        showL1(inputs, item, [withdrawalDigest(messages[0])])
      },
    }),
    { twin: null },
  ),
  attack(
    28,
    'hides a withdrawal from L1',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n })])(at)),
      inputs(inputs, { certificates: [item] }) {
        if (!item) return
        set(inputs['certificates']?.[0]?.['withdrawals']?.[0] as Loose, 'used', false)
        showL1(inputs, item, [])
      },
    }),
    { twin: null },
  ),
  ...['queue_to_hi', 'queue_to_lo'].map((name) => attack(29, `claims any queue (${name})`, async (at) => ({ ...(await doing(() => [])(at)), inputs: (inputs) => add(inputs, name, 1n) }), { twin: null })),
  attack(29, 'registers over a chain', async (at) => {
    const entry = { kind: 1, slot: at.b.slot, chainId: 999n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
    const { siblings } = openTree(at.cluster.registry, REGISTRY, at.cluster.root, at.b.slot)
    const witness = await buildEpoch(at.cluster, [])
    return { witness: { ...witness, queue: [{ entry, leaf: 0n, siblings }] } }
  }),
]
