import { CausewayError } from '@causeway/core'
import { evm, type Hardfork } from '@causeway/execution-evm'
import { memoryStore } from '@causeway/testing'
import { bytesToHex, parseEther, type Address } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Program } from './case.js'

const SUBJECT: Address = '0x00000000000000000000000000000000000e0000'
const caller = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const CHAIN = 4242n

/** Gas of the block for each of the program's: it may do work of 12.5 µs for each gas, so that the meter halts none before what it takes is known. */
const METER_AWAY = 1_000n

/** What a program took. */
export type Measured = { /** Milliseconds of processor time for a million gas. */ msPerMgas: number }

/** Executes a block with one transaction that runs a program until `gas` is used up, several times; the quickest counts, since noise only adds. */
export async function measure(program: Program, { gas, times, hardfork }: { gas: bigint; times: number; hardfork: Hardfork }): Promise<Measured> {
  const store = memoryStore()
  const contracts = Object.entries<Uint8Array>({ [SUBJECT]: program.code, ...program.contracts }).map(([address, code]) => [address, { code: bytesToHex(code), nonce: 1n, ...(address === SUBJECT && { balance: parseEther('1') }) }])
  const engine = evm({
    ...{ feeRecipient: SUBJECT, gasLimit: METER_AWAY * gas, hardfork, unbacked: true },
    alloc: { [caller.address]: { balance: parseEther('1000000') }, ...Object.fromEntries(contracts) },
  }).create({ chainId: CHAIN, l1: { chainId: 900n }, store })
  await store.write((await engine.genesis()).changes)
  const head = engine.getBlock(engine.head().hash)
  if (!head) throw new CausewayError('There is no genesis.', { code: 'UNKNOWN_BLOCK' })
  const transaction = await caller.signTransaction({
    ...{ chainId: Number(CHAIN), type: 'eip1559', nonce: 0, to: SUBJECT, gas, maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 1n },
    ...(program.calldata && { data: bytesToHex(program.calldata) }),
  })
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage()
    const block = await engine.execute({ number: 1n, parentHash: head.hash, timestamp: head.timestampMs + 500n + BigInt(i), l1Entries: [], imports: [], transactions: [transaction] })
    const { user, system } = process.cpuUsage(before)
    if (block.refused[0]) throw new CausewayError(`The program was refused: ${block.refused[0].reason}`, { code: 'INVALID_TRANSACTION' })
    best = Math.min(best, (user + system) / 1_000)
  }
  return { msPerMgas: best / (Number(gas) / 1e6) }
}
