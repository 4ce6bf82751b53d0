/** `npm run bench:app`: what actions cost a chain of modules, in milliseconds of processor time: checked as a mempool does, and executed in full blocks of them, each between other accounts. */
import { NEVER, type BlockInputs } from '@causeway/core'
import { actionTypedData, app, bank, defineModule, encodeAction, map, t, type Action } from '@causeway/execution-app'
import { memoryStore } from '@causeway/testing'
import { numberToHex, parseEther, zeroAddress, type Address, type Hex, type TypedDataDefinition } from 'viem'
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts'
import { report } from './report.js'

const [CHAIN, L1] = [4242n, 900n]
const ETH = { chain: L1, address: zeroAddress }
const ACCOUNTS = 200
const BLOCKS = 5

const counter = defineModule({
  name: 'counter',
  state: { by: map(t.address, t.u64) },
  events: { Added: { who: t.address, total: t.u64 } },
  actions: {
    add: {
      args: { by: t.u64 },
      run({ state, args, sender, emit }) {
        const total = (state.by.get(sender) ?? 0n) + args.by
        state.by.set(sender, total)
        emit('Added', { who: sender, total })
      },
    },
  },
})

/** Milliseconds of processor time. */
const now = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const accounts = Array.from({ length: ACCOUNTS }, (_, i) => privateKeyToAccount(numberToHex(i + 1, { size: 32 })))
const store = memoryStore()
const engine = app({ modules: [counter], feeRecipient: zeroAddress }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
await store.write((await engine.genesis()).changes)

async function build(inputs: Partial<BlockInputs>): Promise<{ ms: number; included: number }> {
  const { number, hash, timestamp } = engine.blocks.head()
  const start = now()
  const block = await engine.execute({ number: number + 1n, parentHash: hash, timestamp: timestamp + 1000n, l1Entries: [], imports: [], transactions: [], ...inputs })
  const ms = now() - start
  await store.write(block.changes)
  return { ms, included: block.transactions.length }
}

async function sign(account: PrivateKeyAccount, nonce: bigint, call: Pick<Action, 'module' | 'action' | 'args'>, module: { actions: Record<string, { args: Parameters<typeof encodeAction>[0] }> }): Promise<Hex> {
  const action: Action = { ...call, nonce, gas: 140_000n, gasPrice: 1_000_000n, expiry: NEVER }
  const types = module.actions[call.action]?.args ?? {}
  return encodeAction(types, action, await account.signTypedData(actionTypedData(CHAIN, types, action) as TypedDataDefinition))
}

let nonce = 0n
/** Medians of what an action of a kind costs. */
async function measure(make: (account: PrivateKeyAccount, nonce: bigint, i: number) => Promise<Hex>): Promise<{ check: number; execute: number }> {
  const rounds: { check: number; execute: number }[] = []
  for (let round = 0; round <= BLOCKS; round++, nonce++) {
    const transactions = await Promise.all(accounts.map((account, i) => make(account, nonce, i)))
    const start = now()
    for (const raw of transactions) await engine.validate(raw, engine.blocks.head().hash)
    const check = (now() - start) / ACCOUNTS
    const { ms, included } = await build({ transactions })
    if (included !== ACCOUNTS) throw new Error(`${included} of ${ACCOUNTS} fit`)
    rounds.push({ check, execute: ms / ACCOUNTS })
  }
  const median = (of: 'check' | 'execute') => rounds.map((round) => round[of]).sort((x, y) => x - y)[BLOCKS >> 1] as number
  return { check: median('check'), execute: median('execute') }
}

for (const [i, { address }] of accounts.entries())
  await build({ l1Entries: [{ kind: 'deposit', index: BigInt(i), message: { source: L1, nonce: BigInt(i), timestamp: 0n, destination: CHAIN, sender: address, recipient: address, refundTo: address, token: ETH, amount: parseEther('1'), fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' } }] })

const to = (i: number) => accounts[(i * 7 + 1) % ACCOUNTS]?.address as Address
const transfer = await measure((account, at, i) => sign(account, at, { module: 'bank', action: 'transfer', args: { to: to(i), chain: L1, token: zeroAddress, amount: 1n } }, bank))
const added = await measure((account, at) => sign(account, at, { module: 'counter', action: 'add', args: { by: 1n } }, counter))
const ms = ({ check, execute }: { check: number; execute: number }) => `${check.toFixed(2)}, ${execute.toFixed(2)}`
report('app', { 'a transfer: checked for the mempool, executed in a block of 200, ms': ms(transfer), 'an action that reads, writes and tells: the same, ms': ms(added) })
