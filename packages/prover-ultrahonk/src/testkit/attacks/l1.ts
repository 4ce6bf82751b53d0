import { BALANCE, balanceLeaf, inboxFields, inboxStep, pathRoot, tokenKey, toBytes32 } from '@causeway/core'
import { address, deposit } from '../cluster.js'
import { after, attack, doing, edited, ending, foreign, set, type Attack } from './forge.js'
import type { Loose } from '../raw.js'

/** The L1 inbox (R17, R18). */
export const l1: readonly Attack[] = [
  attack(17, "credits a token whose home is not L1", doing(({ b }) => [deposit(b, 5n, { token: foreign })])),
  attack(18, 'skips an entry of its inbox', edited(after(({ l1InboxCursor }) => ({ l1InboxCursor: l1InboxCursor + 1n })))),
  attack(
    17,
    'reads a deposit as something that counts twice',
    async (at) => ({ ...(await doing(({ b }) => [deposit(b, 5n)], {
      edit(draft) {
        const [entry] = draft.entries
        const [opening] = draft.openings.balances
        if (entry?.kind !== 'l1' || !opening) return draft
        const { token, amount, digest } = inboxFields(entry.entry)
        return {
          ...draft,
          inboxHash: inboxStep(draft.inboxHashBefore, 0, token, amount, digest),
          after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), (opening.before ?? 0n) + 2n * amount), opening.siblings) },
        }
      },
    })(at)), inputs: (inputs) => set(inputs['certificates']?.[0]?.['l1']?.[0] as Loose, 'kind', 0) }),
    { twin: 'RULE_R18' },
  ),
  ...[1n, 1n << 200n].map((bit) => attack(18, `claims an inbox hash that differs in bit ${bit.toString(2).length}`, edited((draft) => ({ ...draft, inboxHash: toBytes32(BigInt(draft.inboxHash) ^ bit) }), ({ b }) => [deposit(b, 5n)]))),
  attack(
    18,
    'consumes a deposit without an entry',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n)], { signEntries: [], edit: after((_, { balanceRoot }) => ({ balanceRoot })) })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['entries']?.[0] as Loose, 'l1', false),
    }),
    { twin: 'RULE_R21' },
  ),
  attack(
    18,
    'consumes a deposit from a row that no entry names',
    async (at) => ({
      ...(await edited(after((_, { balanceRoot }) => ({ balanceRoot })), ({ b }) => [deposit(b, 5n)])(at)),
      inputs(inputs) {
        const certificate = inputs['certificates']?.[0] as Loose
        set(certificate, 'l1', [1, 0, 2, 3].map((i) => certificate['l1']?.[i]))
      },
    }),
    { twin: 'RULE_R21' },
  ),
  attack(19, 'does not credit a deposit', async (at) => doing(({ b }) => [deposit(b, 5n)], { edit: ending(at.b, [1000n]) })(at), { twin: 'RULE_R21' }),
  attack(
    19,
    'credits a deposit of junk as ETH, though its slot is right',
    async (at) => doing(({ b }) => [deposit(b, 1n), deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } }, 1)], { edit: ending(at.b, [1006n, 0n]) })(at),
    { twin: 'RULE_R21' },
  ),
]
