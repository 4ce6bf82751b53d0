import { INBOX, NEVER, pathRoot } from '@causeway/core'
import { field } from '../../circuit-values.js'
import { address, advance, deposit, received, sent } from '../cluster.js'
import { rewriteBalance, seal, type Loose } from '../raw.js'
import { after, attack, doing, edited, ending, first, firstCertificate, rewritten, set, type Attack } from './forge.js'

/** Imports (R6 to R12, R25). */
export const imports: readonly Attack[] = [
  attack(6, 'imports a message that another chain sent in its name', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, source: 903n, amount: 5n })])
    return doing(() => [received(at.a, first(at.a, 6))], { openAs: () => 901n })(at)
  }),
  attack(6, 'imports from a header that is nowhere', async (at) => {
    const { witness } = await doing(({ a }) => [received(a, first(a))])(at)
    return { witness: firstCertificate(witness, () => ({ importRoot: 12345n })) }
  }),
  attack(6, 'sets the bit of another slot', doing(({ a }) => [received(a, first(a))], { bitAt: 5n }), { twin: 'RULE_R12' }),
  attack(6, 'imports from a source that is not opened', async (at) => {
    const { root } = at.cluster
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n })])
    at.cluster.root = root
    const { witness } = await doing(() => [received(at.a, first(at.a, 6))])(at)
    return { witness, inputs: (inputs) => set(inputs['certificates']?.[0]?.['sources']?.[0] as Loose, 'used', false) }
  }),
  attack(7, 'imports from itself', async (at) => {
    advance(at.cluster, at.b, [sent(at.b, { destination: 902n, amount: 5n })])
    return doing(() => [received(at.b, first(at.b))])(at)
  }),
  attack(7, 'imports from a chain that calls itself L1', async (at) => {
    at.c.header = { ...at.c.header, chainId: 31337n }
    advance(at.cluster, at.c, [sent(at.c, { destination: 902n, amount: 5n })])
    return doing(() => [received(at.c, first(at.c))])(at)
  }),
  attack(
    8,
    'imports more than was sent',
    doing(({ a }) => {
      const entry = received(a, first(a))
      return [{ ...entry, message: { ...entry.message, amount: 500n } }]
    }),
  ),
  attack(8, 'raises the grade of a message', doing(({ a }) => [{ ...received(a, first(a)), policyHash: 5n }])),
  attack(9, 'imports what is meant for another chain', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 903n, amount: 5n })])
    return doing(() => [received(at.a, first(at.a, 6))])(at)
  }),
  attack(10, 'imports a message at the time of its sending', doing(({ a }) => [received(a, first(a), first(a).time)])),
  attack(11, 'imports an expired message', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, expiry: at.a.header.timestamp + 210n })])
    return doing(() => [received(at.a, first(at.a, 6))])(at)
  }),
  attack(12, 'imports a message twice', doing(({ a }) => [received(a, first(a)), received(a, first(a))])),
  attack(12, 'imports a message again', async (at) => {
    advance(at.cluster, at.b, [received(at.a, first(at.a))])
    return doing(() => [received(at.a, first(at.a), at.b.header.timestamp + 50n)])(at)
  }),
  attack(12, 'imports a message again, by an inbox that is not its own', async (at) => {
    advance(at.cluster, at.b, [received(at.a, first(at.a))])
    return doing(() => [received(at.a, first(at.a), at.b.header.timestamp + 50n)], {
      edit(draft) {
        const [opening] = draft.openings.inbox
        if (!opening) return draft
        const siblings = opening.siblings.map(() => 7n)
        const inboxRoot = pathRoot(INBOX, opening.index, 1n, siblings)
        return { ...draft, openings: { ...draft.openings, inbox: [{ ...opening, before: 0n, siblings }] }, after: { ...draft.after, inboxRoot } }
      },
    })(at)
  }),
  attack(
    12,
    'consumes a message without an entry',
    async (at) => ({
      ...(await doing(({ a }) => [received(a, first(a))], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'import', false),
    }),
    { twin: 'RULE_R21' },
  ),
  attack(12, 'does not write its inbox', edited(after((_, { inboxRoot }) => ({ inboxRoot })), ({ a }) => [received(a, first(a))])),
  attack(12, 'claims any inbox', edited(after(() => ({ inboxRoot: 5n })))),
  attack(25, 'names an import root without importing', async (at) => {
    const { witness } = await doing(() => [])(at)
    return { witness: firstCertificate(witness, () => ({ importRoot: at.cluster.root })) }
  }),
  attack(
    12,
    'consumes a message from a row that no entry names',
    rewritten((certificate) => {
      const [first, second, none] = [0, 1, 2].map((i) => certificate['imports']?.[i])
      set(none?.['message'] as Loose, 'expiry', field(NEVER))
      set(certificate, 'imports', [first, none, second, ...[3, 4, 5, 6, 7].map((i) => certificate['imports']?.[i])])
      rewriteBalance(certificate, BigInt(certificate['balances']?.[0]?.['before'] as Loose) + 1n)
    }, ({ a }) => [received(a, first(a)), received(a, first(a, 1))]),
    { twin: null },
  ),
  attack(19, 'does not credit an import', async (at) => doing(({ a }) => [received(a, first(a))], { edit: ending(at.b, [1000n]) })(at), { twin: 'RULE_R21' }),
  attack(
    19,
    'credits what it imports as ETH, though its slot is right',
    async (at) => {
      advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, token: { chain: 901n, address: address(0x666) } })])
      return doing(({ b }) => [deposit(b, 1n), received(at.a, first(at.a, 6))], { edit: ending(at.b, [1006n, 0n]) })(at)
    },
    { twin: 'RULE_R21' },
  ),
  attack(
    22,
    'does not tell its signers what it imports',
    async (at) => ({
      ...(await doing(({ a }) => [received(a, first(a))])(at)),
      inputs: (inputs) => seal(inputs, at.b.signers.slice(0, 2), (leaf, kind) => (kind === 'import' ? 0n : leaf)),
    }),
    { twin: null },
  ),
]
