import { FIELD, findBalance, groupRoot, headerHash, OUTBOX, pathRoot, REGISTRY, updateTree, type Certificate } from '@causeway/core'
import { address, buildEpoch, deposit, sent } from '../cluster.js'
import { rewriteBalance, rewriteOutbox, seal, type Loose } from '../raw.js'
import { uncheckedLeaf } from '../unchecked.js'
import { after, attack, doing, edited, ending, own, rewritten, set, type Attack } from './forge.js'

/** Opens the nth group of the outbox, which must be empty but for older leaves, below siblings of another tree. */
const foreignGroup = (nth: number) => (draft: Omit<Certificate, 'signatures'>) => {
  const opening = draft.openings.outbox[nth]
  if (!opening) return draft
  const siblings = opening.siblings.map(() => 7n)
  const exported = draft.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, draft.before.policyHash)] : []))
  const leaves = opening.leaves.map((leaf, i) => exported[Number(opening.group * 8n + BigInt(i) - draft.before.outboxSize)] ?? leaf)
  const outbox = draft.openings.outbox.with(nth, { ...opening, siblings })
  return { ...draft, openings: { ...draft.openings, outbox }, after: { ...draft.after, outboxRoot: pathRoot(OUTBOX, opening.group, groupRoot(leaves), siblings, 3) } }
}

/** Exports (R13 to R16). */
export const exported: readonly Attack[] = [
  attack(13, 'leaves a nonce out', doing(({ b }) => [sent(b, { destination: 901n, nonce: b.header.outboxSize + 1n })])),
  attack(13, 'sends in the name of another chain', doing(({ b }) => [sent(b, { destination: 901n, source: 903n })])),
  attack(13, 'dates a message back', doing(({ b }) => [sent(b, { destination: 901n, timestamp: b.header.timestamp + 150n })])),
  attack(13, 'dates a message ahead', doing(({ b }) => [sent(b, { destination: 901n, timestamp: b.header.timestamp + 250n })])),
  attack(14, 'sends to itself', doing(({ b }) => [sent(b, { destination: 902n, amount: 5n })])),
  attack(15, 'takes its own token to L1', doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n, token: own })])),
  attack(16, 'counts an export it did not make', edited(after(({ outboxSize }) => ({ outboxSize: outboxSize + 1n })))),
  attack(16, 'claims any outbox', edited(after(() => ({ outboxRoot: 5n })))),
  attack(16, 'appends to an outbox that is not its own', doing(({ b }) => [sent(b, { destination: 901n })], { edit: foreignGroup(0) })),
  attack(16, 'appends the next group to an outbox that is not its own', async ({ cluster, a }) => ({
    witness: await buildEpoch(cluster, [{ chain: a, entries: [0, 1, 2].map((i) => sent(a, { destination: 902n }, i)), edit: foreignGroup(1) }]),
  })),
  attack(16, 'appends where something stands already', async (at) => {
    const { cluster, b } = at
    b.header = { ...b.header, outboxRoot: updateTree(b.nodes, OUTBOX, b.header.outboxRoot, 0n, 9n) }
    cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
    return doing(() => [sent(b, { destination: 901n })], {
      edit(draft) {
        const leaf = draft.entries.flatMap((entry) => (entry.kind === 'export' ? [uncheckedLeaf(entry.message, draft.before.policyHash)] : []))[0] ?? 0n
        return { ...draft, after: { ...draft.after, outboxRoot: updateTree(b.nodes, OUTBOX, draft.before.outboxRoot, 0n, (leaf + 9n) % FIELD) } }
      },
    })(at)
  }),
  attack(
    16,
    'sends without an entry, and so without a debit',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 31337n, amount: 5n })], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'export', false),
    }),
    { twin: 'RULE_R21' },
  ),
  attack(
    16,
    'makes one entry of a deposit and a withdrawal, so that neither moves a balance',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n), sent(b, { destination: 31337n, amount: 10n ** 24n })], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs(inputs) {
        const certificate = inputs['certificates']?.[0] as Loose
        const time = certificate['exports']?.[0]?.['message']?.['timestamp']
        const [both, none] = [true, false].map((flag) => ({ l1: flag, import: false, export: flag, time }))
        set(certificate, 'entries', Array.from({ length: 16 }, (_, i) => (i === 0 ? both : none)))
        // The places of the two kinds add up to that of an export which is not used: it moves nothing, at any time it names.
        set(certificate['exports']?.[1]?.['message'] as Loose, 'timestamp', time)
      },
    }),
    { twin: 'RULE_R20' },
  ),
  attack(
    16,
    'sends from a row that no entry debits',
    rewritten((certificate, _, { b }) => {
      const [row, none] = [0, 1].map((i) => certificate['exports']?.[i])
      set(none?.['message'] as Loose, 'timestamp', row?.['message']?.['timestamp'])
      set(certificate, 'exports', [none, row, ...[2, 3, 4, 5, 6, 7].map((i) => certificate['exports']?.[i])])
      rewriteBalance(certificate, findBalance(b.nodes, b.header.balanceRoot, { chain: 31337n, address: address(0) }).balance ?? 0n)
      rewriteOutbox(certificate)
    }, ({ b }) => [sent(b, { destination: 901n, amount: 5n })]),
    { twin: null },
  ),
  attack(19, 'does not debit what it sends', async (at) => doing(({ b }) => [sent(b, { destination: 901n, amount: 5n })], { edit: ending(at.b, [1000n]) })(at), { twin: 'RULE_R21' }),
  attack(
    19,
    'pays with junk, though its slot is right',
    async (at) => doing(({ b }) => [deposit(b, 500n, { token: { chain: 31337n, address: address(0x666) } }), sent(b, { destination: 901n, amount: 500n })], { edit: ending(at.b, [0n, 1000n]) })(at),
    { twin: 'RULE_R21' },
  ),
  attack(
    22,
    'does not tell its signers what it sends',
    async (at) => ({
      ...(await doing(({ b }) => [sent(b, { destination: 901n, amount: 5n })])(at)),
      inputs: (inputs) => seal(inputs, at.b.signers.slice(0, 2), (leaf, kind) => (kind === 'export' ? 0n : leaf)),
    }),
    { twin: null },
  ),
]
