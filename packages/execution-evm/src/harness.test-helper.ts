import { NEVER, type AdmitInput, type BlockInputs, type ExecutedBlock, type L1InboxEntry, type Message } from '@causeway/core'
import { parseEther, zeroAddress, type Address, type Hex, type TransactionSerializable } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { evm, type EvmEngine } from './evm.js'
import type { EvmOptions } from './options.js'
import { memoryStore } from '@causeway/testing'

export const L1 = 900n
export const CHAIN = 4242n
export const FEES: Address = '0xfeefeefeefeefeefeefeefeefeefeefeefeefee0'
export const alice = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
export const bob = privateKeyToAccount(`0x${'b0'.repeat(32)}`)

/** An engine on a memory store with genesis written, and `build`, which executes and writes one block. */
export async function testChain(options: Partial<EvmOptions> = {}) {
  const store = memoryStore()
  const engine = evm({
    feeRecipient: FEES,
    alloc: { [alice.address]: { balance: parseEther('100') }, [bob.address]: { balance: parseEther('100') } },
    unbacked: true,
    ...options,
  }).create({ chainId: CHAIN, l1: { chainId: L1 }, store })
  await store.write((await engine.genesis()).changes)
  async function build(inputs: Partial<BlockInputs> = {}, admit?: AdmitInput): Promise<ExecutedBlock> {
    const block = await engine.execute(nextInputs(engine, inputs), admit ? { admit } : {})
    await store.write(block.changes)
    return block
  }
  return { store, engine, build }
}

/** Inputs on top of the head, half a second later. */
export function nextInputs(engine: EvmEngine, inputs: Partial<BlockInputs> = {}): BlockInputs {
  const head = engine.getBlock(engine.head().hash)
  if (!head) throw new Error('no head')
  return { number: head.number + 1n, parentHash: head.hash, timestamp: head.timestampMs + 500n, l1Entries: [], imports: [], transactions: [], ...inputs }
}

/** A signed 1559 transaction. */
export function sign(account: typeof alice, transaction: Partial<TransactionSerializable> & { nonce: number }): Promise<Hex> {
  return account.signTransaction({
    chainId: Number(CHAIN),
    type: 'eip1559',
    gas: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
    ...transaction,
  } as TransactionSerializable)
}

/** An ETH message to bob. */
export function message(fields: Partial<Message> = {}): Message {
  return {
    source: L1, nonce: 0n, timestamp: 0n, destination: CHAIN, sender: alice.address, recipient: bob.address, refundTo: bob.address,
    token: { chain: L1, address: zeroAddress }, amount: 5n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x', ...fields,
  }
}

export function deposit(index: bigint, fields: Partial<Message> = {}): L1InboxEntry {
  return { kind: 'deposit', index, message: message({ nonce: index, ...fields }) }
}
