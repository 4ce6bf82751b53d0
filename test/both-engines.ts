/** What users of either engine do alike, for tests that hold whatever executes a chain. */
import type { ExecutionDefinition } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { app, appActions } from '@causeway/execution-app'
import { evm } from '@causeway/execution-evm'
import { defineRollup, type ChainDefinition } from '@causeway/node'
import type { TestChain, TestEngine } from '@causeway/testing/cluster'
import { createWalletClient, custom, zeroAddress, type Address, type Hex, type LocalAccount } from 'viem'

/** Value to somebody on another chain, or on L1. */
export type Sending = { destination: bigint; recipient: Address; value: bigint }

/** An engine, and how its users pay and send. */
export type EngineUnderTest = {
  engine: string
  /** Chains of it, by name. */
  chains(...names: string[]): { name: string; rollup: ChainDefinition<TestEngine> }[]
  /** Pays ETH on the chain: in its next block. Resolves to the transaction's hash. */
  pay(chain: TestChain, from: LocalAccount, to: Address, value: bigint): Promise<Hex>
  /** Sends ETH away. */
  send(chain: TestChain, from: LocalAccount, sending: Sending): Promise<Hex>
}

/** A client of the chain's module `bank`. */
const clientOf = (chain: TestChain, account: LocalAccount) =>
  createWalletClient({ account, transport: custom({ request: ({ method, params }) => chain.sequencer.rollup.rpc.request({ method, params }) }) }).extend(appActions([]))
const ethOf = (chain: TestChain) => ({ chain: BigInt(chain.l1.cluster.domain.l1ChainId), token: zeroAddress })

const feeRecipient = `0x${'fe'.repeat(20)}` as const
const chainsOf = (execution: ExecutionDefinition<TestEngine>) => (...names: string[]) => names.map((name, i) => ({ name, rollup: defineRollup({ chain: { id: 42001n + BigInt(i) }, execution, da: blobs() }) }))

/** The EVM, and typed modules. */
export const bothEngines: readonly EngineUnderTest[] = [
  {
    engine: 'the EVM',
    chains: chainsOf(evm({ feeRecipient })),
    pay: (chain, from, to, value) => chain.send(from, { to, value, gas: 21_000n }),
    send: (chain, from, sending) => chain.sendMessage(from, sending),
  },
  {
    engine: 'modules',
    chains: chainsOf(app({ modules: [], feeRecipient })),
    pay: (chain, from, to, amount) => clientOf(chain, from).write.bank.transfer({ to, amount, ...ethOf(chain) }),
    send: (chain, from, { destination, recipient, value }) => clientOf(chain, from).write.bank.send({ destination, recipient, refundTo: from.address, amount: value, gasLimit: 0n, expiry: 0n, payload: '0x', ...ethOf(chain) }),
  },
]
