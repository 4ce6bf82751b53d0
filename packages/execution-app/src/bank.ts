import { NEVER } from '@causeway/core'
import { t } from './fields.js'
import { fail } from './failure.js'
import { defineModule, map, value, type State } from './module.js'

const MAX_SUPPLY = 2n ** 128n - 1n

/**
 * Every chain has it: balances under the tokens' home identities, nonces, transfers, and what leaves. A module acts with an account of its own; the
 * bank with that of who signs.
 */
export const bank = defineModule({
  name: 'bank',
  state: {
    /** Sums of u128 amounts, so no credit ever overflows. Absent where it is 0. */
    balances: map(t.struct({ owner: t.address, chain: t.u64, token: t.address }), t.u256),
    /** How much of a token that was issued here exists, here and elsewhere. */
    supply: map(t.address, t.u128),
    /** How much of it is on other chains. */
    abroad: map(t.address, t.u128),
    nonces: map(t.address, t.u64),
    /** Messages that have left: the nonce of the next one. */
    sent: value(t.u64),
  },
  events: {
    Transfer: { from: t.address, to: t.address, chain: t.u64, token: t.address, amount: t.u128 },
    /** A message has left: `id` is what `waitForMessage` asks for. */
    Sent: { id: t.bytes32, sender: t.address, recipient: t.address, destination: t.u64, nonce: t.u64 },
  },
  actions: {
    /** Pays. ETH is the token 0 of L1's chain id. */
    transfer: {
      args: { to: t.address, chain: t.u64, token: t.address, amount: t.u128 },
      run: ({ sender, args: { to, chain, token, amount }, bank }) => bank.transfer({ from: sender, to, token: { chain, address: token }, amount }),
    },
    /** Sends value, a call or both to another chain or to L1; `expiry` 0 is never. */
    send: {
      args: { destination: t.u64, recipient: t.address, refundTo: t.address, chain: t.u64, token: t.address, amount: t.u128, gasLimit: t.u64, expiry: t.u64, payload: t.bytes(4_096) },
      run: ({ args: { chain, token, expiry, ...message }, send }) => send({ ...message, token: { chain, address: token }, expiry: expiry === 0n ? NEVER : expiry }),
    },
  },
})

type Home = { chain: bigint; address: `0x${string}` }
type Account = `0x${string}`

/** Moves of value in the bank's state. */
export type Ledger = ReturnType<typeof createLedger>

/** @param state the bank's @param transferred told of each move, 0x0 standing for nobody */
export function createLedger(chainId: bigint, state: State<(typeof bank)['state']>, transferred: (move: { from: Account; to: Account; token: Home; amount: bigint }) => void = () => undefined) {
  const NOBODY: Account = `0x${'00'.repeat(20)}`
  const at = (owner: Account, { chain, address }: Home) => ({ owner, chain, token: address })
  const balanceOf = (owner: Account, token: Home): bigint => state.balances.get(at(owner, token)) ?? 0n
  const setBalance = (owner: Account, token: Home, balance: bigint) => (balance === 0n ? state.balances.delete(at(owner, token)) : state.balances.set(at(owner, token), balance))
  const add = (owner: Account, token: Home, amount: bigint) => {
    if (amount !== 0n) setBalance(owner, token, balanceOf(owner, token) + amount)
  }
  const take = (owner: Account, token: Home, amount: bigint) => {
    const balance = balanceOf(owner, token)
    if (balance < amount) fail('INSUFFICIENT_BALANCE')
    if (amount !== 0n) setBalance(owner, token, balance - amount)
  }
  const isOwn = (token: Home) => token.chain === chainId
  const checked = (amount: bigint) => void t.u128.encode(amount)
  const change = (counter: State<(typeof bank)['state']>['supply'], token: Home, by: bigint, code: string) => {
    const next = (counter.get(token.address) ?? 0n) + by
    if (next < 0n || next > MAX_SUPPLY) fail(code)
    if (next === 0n) counter.delete(token.address)
    else counter.set(token.address, next)
  }

  return {
    balanceOf,
    add,
    take,
    transfer(from: Account, to: Account, token: Home, amount: bigint): void {
      checked(amount)
      take(from, token, amount)
      add(to, token, amount)
      transferred({ from, to, token, amount })
    },
    mint(token: Home, to: Account, amount: bigint): void {
      checked(amount)
      change(state.supply, token, amount, 'SUPPLY_TOO_LARGE')
      add(to, token, amount)
      transferred({ from: NOBODY, to, token, amount })
    },
    burn(token: Home, from: Account, amount: bigint): void {
      checked(amount)
      take(from, token, amount)
      change(state.supply, token, -amount, 'INSUFFICIENT_BALANCE')
      transferred({ from, to: NOBODY, token, amount })
    },
    /** What leaves the chain. */
    leave(from: Account, token: Home, amount: bigint): void {
      checked(amount)
      take(from, token, amount)
      if (isOwn(token) && amount !== 0n) change(state.abroad, token, amount, 'SUPPLY_TOO_LARGE')
      transferred({ from, to: NOBODY, token, amount })
    },
    /** What comes in. The cluster counts no token of this chain, so nothing but `abroad` backs one. @throws Failure `NOT_ABROAD` */
    arrive(to: Account, token: Home, amount: bigint): void {
      if (isOwn(token) && amount !== 0n) change(state.abroad, token, -amount, 'NOT_ABROAD')
      add(to, token, amount)
      transferred({ from: NOBODY, to, token, amount })
    },
  }
}
