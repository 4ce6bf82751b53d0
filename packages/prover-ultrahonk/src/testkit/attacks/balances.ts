import { BALANCE, balanceLeaf, pathRoot, tokenKey } from '@causeway/core'
import { address, advance, buildEpoch, deposit, received, sent } from '../cluster.js'
import { after, attack, doing, edited, first, set, type Attack } from './forge.js'
import type { Loose } from '../raw.js'

/** Balances (R19 to R21). */
export const balances: readonly Attack[] = [
  attack(19, 'credits junk as ETH', doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } })], { creditTo: () => ({ chain: 31337n, address: address(0) }) })),
  attack(
    19,
    'pays with a token that it need not count',
    doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } }), sent(b, { destination: 901n, amount: 5n })], {
      creditTo: () => ({ chain: 31337n, address: address(0x666) }),
    }),
  ),
  attack(19, 'imports junk as ETH', async (at) => {
    advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, token: { chain: 901n, address: address(0x666) } })])
    return doing(() => [received(at.a, first(at.a, 6))], { creditTo: () => ({ chain: 31337n, address: address(0) }) })(at)
  }),
  attack(20, 'sends more than it holds', doing(({ b }) => [sent(b, { destination: 901n, amount: 1001n })])),
  attack(20, 'sends before it holds', doing(({ b }) => [sent(b, { destination: 901n, amount: 1500n }), { ...deposit(b, 600n), time: b.header.timestamp + 300n }])),
  attack(
    20,
    'opens one balance as two',
    edited((draft) => {
      const [opening] = draft.openings.balances
      return opening ? { ...draft, openings: { ...draft.openings, balances: [opening, { ...opening, before: 1005n }] } } : draft
    }, ({ b }) => [deposit(b, 5n)]),
  ),
  attack(20, 'sends before it holds, from a second slot at the same position', async ({ cluster, b }) => ({
    witness: await buildEpoch(cluster, [{ chain: b, entries: [sent(b, { destination: 901n, amount: 1500n }), { ...deposit(b, 600n), time: b.header.timestamp + 300n }] }]),
    inputs(inputs) {
      const certificate = inputs['certificates']?.[0] as Loose
      set(certificate['balances'] as Loose, 1, { ...(certificate['balances']?.[0] as object), before: '0x640' })
      set(certificate['exports']?.[0] as Loose, 'balance', [true, false])
    },
  })),
  attack(21, 'claims any balances', edited(after(() => ({ balanceRoot: 5n })))),
  attack(
    21,
    'finds a balance at an empty position',
    async (at) => ({
      ...(await doing(({ b }) => [deposit(b, 5n, { token: { chain: 31337n, address: address(0x666) } })], {
        edit(draft) {
          const [opening] = draft.openings.balances
          if (!opening) return draft
          return { ...draft, after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, balanceLeaf(tokenKey(opening.token), 10n ** 9n + 5n), opening.siblings) } }
        },
      })(at)),
      inputs: (inputs) => set(inputs['certificates']?.[0]?.['balances']?.[0] as Loose, 'before', '0x3b9aca00'),
    }),
  ),
  attack(
    21,
    'opens a balance that it does not hold',
    edited((draft) => {
      const [opening] = draft.openings.balances
      if (!opening) return draft
      const leaf = balanceLeaf(tokenKey(opening.token), 10n ** 9n + 5n)
      return {
        ...draft,
        openings: { ...draft.openings, balances: [{ ...opening, before: 10n ** 9n }] },
        after: { ...draft.after, balanceRoot: pathRoot(BALANCE, opening.position, leaf, opening.siblings) },
      }
    }, ({ b }) => [deposit(b, 5n)]),
  ),
]
