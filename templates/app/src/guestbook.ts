import { defineModule, map, t, value } from '@causeway/execution-app'
import { decodeAbiParameters, encodeAbiParameters } from 'viem'

const TEXT = [{ type: 'string' }] as const

/**
 * A guestbook that one signs here, or from another chain of the cluster.
 *
 * Handlers are rules of the chain: every node runs them and has to get the same. So they are pure functions of what they are given, with no
 * clock, no randomness and no variables of their own. What they throw undoes the action, and `fail` gives the reason a name.
 */
export const guestbook = defineModule({
  name: 'guestbook',
  state: { count: value(t.u64), entries: map(t.address, t.text(64)) },
  events: { Signed: { chain: t.u64, who: t.address, text: t.text(64) } },
  actions: {
    sign: {
      args: { text: t.text(64) },
      run({ state, args, sender, fail }) {
        if (args.text === '') fail('NOTHING_SAID')
        state.entries.set(sender, args.text)
        state.count.set((state.count.get() ?? 0n) + 1n)
      },
    },
    /** Signs a guestbook on another chain: a module like this one, or a contract that takes the same payload. */
    signElsewhere: {
      args: { chain: t.u64, guestbook: t.address, text: t.text(64) },
      run({ args, sender, send }) {
        send({ destination: args.chain, recipient: args.guestbook, refundTo: sender, gasLimit: 300_000n, payload: encodeAbiParameters(TEXT, [args.text]) })
      },
    },
  },
  // Questions, which nodes answer. No part of the rules: they may change at any time.
  views: (view) => ({
    hasSigned: view({ args: { who: t.address }, returns: t.bool, run: ({ state, args }) => state.entries.get(args.who) !== undefined }),
  }),
  // A message from L1 or another chain. Everybody can send one: where it matters, check its source and its sender.
  onMessage({ state, message, emit }) {
    const [text] = decodeAbiParameters(TEXT, message.payload)
    state.entries.set(message.sender, text)
    state.count.set((state.count.get() ?? 0n) + 1n)
    emit('Signed', { chain: message.source, who: message.sender, text })
  },
})
