import { app, appActions, defineModule, map, t, value } from '@causeway/execution-app'
import { createWalletClient, publicActions, type Account, type Address, type Transport } from 'viem'

/** What is remembered, what can be done, and what is told. Handlers see nothing but their context: no clock, no randomness, no variables outside. */
export const ballot = defineModule({
  name: 'ballot',
  state: { votes: map(t.text(16), t.u64), voted: map(t.address, t.bool), donated: value(t.u256) },
  events: { Voted: { who: t.address, option: t.text(16) } },
  actions: {
    vote: {
      args: { option: t.text(16) },
      run({ state, args, sender, emit, fail }) {
        if (state.voted.get(sender)) fail('VOTED_ALREADY')
        state.voted.set(sender, true)
        state.votes.set(args.option, (state.votes.get(args.option) ?? 0n) + 1n)
        emit('Voted', { who: sender, option: args.option })
      },
    },
  },
  // Asked of a node, and never part of a block.
  views: (view) => ({
    lead: view({ args: { of: t.text(16), over: t.text(16) }, returns: t.bool, run: ({ state, args }) => (state.votes.get(args.of) ?? 0n) > (state.votes.get(args.over) ?? 0n) }),
  }),
  // From L1 or another chain, with a payload: half of what it brings goes back.
  onMessage({ state, message, send }) {
    state.donated.set((state.donated.get() ?? 0n) + message.amount)
    send({ destination: message.source, recipient: message.sender, token: message.token, amount: message.amount / 2n })
  },
})

/** In place of `evm({ … })`. */
export const ballotChain = (feeRecipient: Address) => app({ modules: [ballot], feeRecipient })

/** A viem client whose `read`, `view`, `simulate`, `write`, `getEvents` and `watchEvents` have the types of the modules. Whoever votes needs ETH on the chain for the fee. */
export const ballotClient = (account: Account, transport: Transport) => createWalletClient({ account, transport }).extend(publicActions).extend(appActions([ballot]))

export async function vote(client: ReturnType<typeof ballotClient>, option: string) {
  const hash = await client.write.ballot.vote({ option })
  return { hash, votes: () => client.read.ballot.votes(option), voters: () => client.getEvents({ module: 'ballot', event: 'Voted', fromBlock: 0n }) }
}
