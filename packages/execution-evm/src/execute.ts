import { canonicalPath, CausewayError, checkBlockInputs, SYSTEM_SENDER, type AdmitInput, type BlockInputs, type ExecutedBlock, type InputOutcome, type Message } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { bytesToHex, hexToBytes, type Address, type Hex } from 'viem'
import { encodeBlock, nextBaseFee, openBlock, sealHeader } from './block.js'
import { ethAddress, uintBytes } from './bytes.js'
import { headRow, type ChainRows } from './chain.js'
import { SYSTEM_TYPE } from './constants.js'
import { forcedGas, inputGas } from './input-gas.js'
import { indexRoot } from './index-trie.js'
import { WORK_PER_GAS } from './interpreter/work.js'
import { credit, machine, toLogs, type Machine } from './machine.js'
import { deliverySucceeded, sentMessages } from './messenger.js'
import type { StoreReads } from './plain-bytes.js'
import { consensusReceipt, encodeReceipts, logsBloom, type StoredReceipt } from './receipts.js'
import { rows, type Change } from './rows.js'
import { flatState, type FlatState, type Snapshot, type StateStore } from './state.js'
import { systemTransaction, type SystemTransaction } from './system-transaction.js'
import { checkTransaction, decodeTransaction, type UserTransaction } from './transactions.js'

/** What a chain fixes for all its blocks. */
export type Rules = { common: Common; l1ChainId: bigint; gasLimit: bigint; feeRecipient: Address }

/** Where an engine reads. */
export type Backing = { store: StoreReads; states: StateStore; chain: ChainRows }

/**
 * Executes one block on top of `inputs.parentHash`; reads the store, writes nothing.
 * @throws `BLOCK_TOO_LARGE` if an L1 entry or import is not admitted beside those before it
 */
export async function executeBlock(rules: Rules, backing: Backing, inputs: BlockInputs, admit: AdmitInput = () => true): Promise<ExecutedBlock> {
  const { store, states, chain } = backing
  const parent = checkBlockInputs(inputs, chain.blockByHash(inputs.parentHash), ({ timestampMs }) => timestampMs, { weightLimit: rules.gasLimit, weigh: (input) => inputGas(input, rules) })
  const open = {
    number: inputs.number,
    parentHash: inputs.parentHash,
    timestampMs: inputs.timestamp,
    gasLimit: rules.gasLimit,
    baseFeePerGas: nextBaseFee(parent),
    feeRecipient: rules.feeRecipient,
  }
  const state = flatState(states, hexToBytes(parent.stateRoot))
  const block = openBlock(open, rules.common)
  const draft: Draft = { rules, state, machine: machine({ common: rules.common, state, block, chain, parent: inputs.parentHash }), baseFee: open.baseFeePerGas, admit, receipts: [], envelopes: [], outcomes: [], gasUsed: 0n, spentInVain: 0 }

  for (const entry of inputs.l1Entries) {
    if (entry.kind === 'deposit') await deliver(draft, entry.message, (ok, sent) => ({ kind: 'l1', entry, ok, sent }))
    else await force(draft, entry.transaction, (ok, sent) => ({ kind: 'l1', entry, ok, sent }))
  }
  for (const { message, policyHash } of inputs.imports)
    await deliver(draft, message, (ok, sent) => ({ kind: 'import', message, policyHash, ok, sent }))
  draft.machine.meter.share(1)
  const transactions: Hex[] = []
  const refused: { transaction: Hex; reason: string }[] = []
  for (const raw of inputs.transactions) {
    const reason = draft.spentInVain > (WORK_PER_GAS * Number(rules.gasLimit)) / 2 ? NO_WORK_LEFT : await include(draft, raw)
    if (reason === undefined) transactions.push(raw)
    else refused.push({ transaction: raw, reason })
  }

  const { stateRoot, changes } = await state.seal()
  const bloom = logsBloom(draft.receipts.flatMap((receipt) => receipt.logs))
  const header = sealHeader(
    open,
    {
      stateRoot: bytesToHex(stateRoot),
      transactionsRoot: indexRoot(draft.envelopes.map((raw) => hexToBytes(raw))),
      receiptsRoot: indexRoot(draft.receipts.map(consensusReceipt)),
      logsBloom: bytesToHex(bloom),
      gasUsed: draft.gasUsed,
    },
    rules.common,
  )
  const hash = bytesToHex(header.hash())
  return {
    number: inputs.number,
    hash,
    parentHash: inputs.parentHash,
    timestamp: inputs.timestamp,
    stateRoot: bytesToHex(stateRoot),
    outcomes: draft.outcomes,
    transactions,
    refused,
    changes: [
      ...changes,
      { key: rows.block(hash), value: encodeBlock(header, draft.envelopes) },
      { key: rows.receipts(hash), value: encodeReceipts(draft.receipts) },
      ...draft.receipts.map((receipt, index) => ({ key: rows.transaction(receipt.hash, hash), value: uintBytes(BigInt(index), 4) })),
      ...(bloom.some((byte) => byte !== 0) ? [{ key: rows.logs(inputs.number, hash), value: bloom }] : []),
      ...canonicalRows(store, chain, inputs.parentHash),
      { key: rows.canonical(inputs.number), value: hexToBytes(hash) },
      headRow(inputs.number, hash),
    ],
  }
}

/** The number rows that make a block and its ancestors canonical; none if they are. Rows above the head are stale. */
export function canonicalRows(store: StoreReads, chain: ChainRows, hash: Hex): Change[] {
  const stored = (number: bigint): Hex | undefined => {
    const row = store.get(rows.canonical(number))
    return row && bytesToHex(row)
  }
  return canonicalPath({ head: chain.head().number, blockByHash: chain.blockByHash, stored }, hash).map((block) => ({ key: rows.canonical(block.number), value: hexToBytes(block.hash) }))
}

/** A block in the making. */
type Draft = {
  rules: Rules
  state: FlatState
  machine: Machine
  baseFee: bigint
  admit: AdmitInput
  receipts: StoredReceipt[]
  /** Raw envelope of each receipt. */
  envelopes: Hex[]
  outcomes: InputOutcome[]
  gasUsed: bigint
  /** Work, and gas as work, of transactions that were executed and refused. After half of a block's no more are tried. */
  spentInVain: number
}
type Finish = (ok: boolean, sent: InputOutcome['sent']) => InputOutcome

/**
 * Delivers a message. It is never dropped: if its effects are not admitted, it is delivered with a call that has no gas; a transfer runs
 * code too, so if that is not admitted either, nothing runs at all.
 */
async function deliver(draft: Draft, message: Message, finish: Finish): Promise<void> {
  takeShare(draft)
  const before = mark(draft)
  const first = await runSystem(draft, message)
  const outcome = finish(first.ok, sentMessages(first.receipt.logs))
  const { meter } = draft.machine
  const tooSlow = meter.halted() && !meter.crowded()
  if (!meter.halted() && draft.admit(outcome)) return keep(draft, first.receipt, first.raw, outcome)
  restore(draft, before, tooSlow)
  if (!tooSlow) mustBeAlone(draft)
  const second = await runSystem(draft, { ...message, gasLimit: 0n })
  const failed = finish(false, sentMessages(second.receipt.logs))
  if (!meter.halted() && draft.admit(failed)) return keep(draft, second.receipt, second.raw, failed)
  restore(draft, before)
  mustBeAlone(draft)
  const third = await refund(draft, message, systemTransaction(message, draft.rules.l1ChainId, draft.rules.gasLimit), 0n)
  const refunded = finish(false, [])
  draft.admit(refunded)
  keep(draft, third.receipt, third.raw, refunded)
}

/** L1 entries and imports leave half of a block's work to transactions, as with gas. The first of them has all of it: a delivery that halts is made once more. */
function takeShare({ machine, outcomes }: Draft): void {
  machine.meter.share(outcomes.length === 0 ? 1 : 1 / 2)
}

type Mark = { state: Snapshot; work: number }
const mark = ({ state, machine }: Draft): Mark => ({ state: state.snapshot(), work: machine.meter.mark() })

/** Undoes what was executed since the mark. Its work counts (`done`) if whoever derives the block does it too, else it does not. */
function restore({ state, machine }: Draft, { state: snapshot, work }: Mark, done = false): void {
  state.restore(snapshot)
  machine.meter.restore(done ? machine.meter.mark() : work)
}

/**
 * What is not admitted may only lack room beside the inputs before it. Whoever builds the block could take these from it, and nobody may
 * make another's delivery or forced transaction fail by crowding it: such a block does not exist.
 */
function mustBeAlone({ outcomes }: Draft): void {
  if (outcomes.length > 0)
    throw new CausewayError('An L1 entry or import does not fit beside the inputs before it: what it sends, or the time that it takes.', {
      code: 'BLOCK_TOO_LARGE',
      fix: 'give the block fewer L1 entries and imports',
      cause: { fits: outcomes.length },
    })
}

type Delivered = { ok: boolean; receipt: StoredReceipt; raw: Hex }

async function runSystem(draft: Draft, message: Message): Promise<Delivered> {
  const { state, rules } = draft
  const transaction = systemTransaction(message, rules.l1ChainId, rules.gasLimit)
  const { sourceId, to, mint, gas, data } = transaction
  const from = ethAddress(SYSTEM_SENDER)
  const before = state.snapshot()
  await credit(state, from, mint)
  const result = await draft.machine.call({ from, to: ethAddress(to), value: mint, data: hexToBytes(data), gas }).catch((error: unknown) => {
    // A damaged store must stop the node; anything else that escapes the EVM is a failed delivery, everywhere alike.
    if (error instanceof CausewayError) throw error
    return undefined
  })
  const execution = result?.execResult
  if (execution === undefined || execution.exceptionError !== undefined) {
    // The messenger never reverts for what a message contains; should it, the value must still not be lost.
    state.restore(before)
    return refund(draft, message, transaction, execution?.executionGasUsed ?? gas)
  }
  const logs = toLogs(execution.logs)
  return { ok: deliverySucceeded(logs, sourceId), receipt: systemReceipt(draft, transaction, true, execution.executionGasUsed, logs), raw: transaction.raw }
}

/** Gives a message's ETH to its `refundTo` without running any code. */
async function refund(draft: Draft, message: Message, transaction: SystemTransaction, gasUsed: bigint): Promise<Delivered> {
  await credit(draft.state, ethAddress(message.refundTo), transaction.mint)
  return { ok: false, receipt: systemReceipt(draft, transaction, false, gasUsed, []), raw: transaction.raw }
}

function systemReceipt(draft: Draft, { hash, to }: SystemTransaction, success: boolean, gasUsed: bigint, logs: StoredReceipt['logs']): StoredReceipt {
  return { hash, type: SYSTEM_TYPE, from: SYSTEM_SENDER, to, contractAddress: null, success, gasUsed, cumulativeGasUsed: draft.gasUsed + gasUsed, effectiveGasPrice: 0n, logs }
}

/** Executes a forced transaction; one that is invalid, or not admitted even alone, is void: it leaves no trace but its entry. */
async function force(draft: Draft, raw: Hex, finish: Finish): Promise<void> {
  takeShare(draft)
  const before = mark(draft)
  const done = forcedGas(raw, draft.rules) === 0n ? undefined : await runUser(draft, raw).catch(rethrowUnlessInvalid)
  if (done && 'receipt' in done) {
    const outcome = finish(done.receipt.success, sentMessages(done.receipt.logs))
    if (!draft.machine.meter.crowded() && draft.admit(outcome)) return keep(draft, done.receipt, raw, outcome)
    restore(draft, before)
    mustBeAlone(draft)
  }
  const outcome = finish(false, [])
  draft.admit(outcome)
  draft.outcomes.push(outcome)
}

/** Includes a user transaction, or says why not. */
async function include(draft: Draft, raw: Hex): Promise<string | undefined> {
  const before = mark(draft)
  const done = await runUser(draft, raw).catch(rethrowUnlessInvalid)
  const { meter } = draft.machine
  if ('reason' in done) {
    draft.spentInVain += meter.mark() - before.work
    restore(draft, before)
    return done.reason
  }
  const outcome: InputOutcome = { kind: 'transaction', hash: done.receipt.hash, sent: sentMessages(done.receipt.logs) }
  const crowded = meter.crowded()
  if (!crowded && draft.admit(outcome)) {
    keep(draft, done.receipt, raw, outcome)
    return undefined
  }
  draft.spentInVain += crowded ? Number.POSITIVE_INFINITY : meter.mark() - before.work + WORK_PER_GAS * Number(done.receipt.gasUsed)
  restore(draft, before)
  return crowded ? NO_WORK_LEFT : 'not admitted: what it sends does not fit into this block'
}

/** Why a transaction is left for a later block. */
const NO_WORK_LEFT = 'not admitted: it takes more time than is left in this block'

async function runUser(draft: Draft, raw: Hex): Promise<{ receipt: StoredReceipt }> {
  const { state, rules, baseFee } = draft
  const transaction = decodeTransaction(raw, rules.common)
  await checkTransaction(transaction, { state, baseFee, gasLeft: rules.gasLimit - draft.gasUsed })
  const result = await draft.machine.transact(transaction, draft.gasUsed).catch((cause: unknown) => {
    throw cause instanceof CausewayError
      ? cause
      : new CausewayError('transaction cannot be executed', { code: 'INVALID_TRANSACTION', cause })
  })
  const { execResult, totalGasSpent, createdAddress } = result
  return {
    receipt: {
      hash: transaction.hash,
      type: transaction.type,
      from: transaction.sender,
      to: transaction.tx.to ? bytesToHex(transaction.tx.to.bytes) : null,
      contractAddress: transaction.tx.to === undefined && createdAddress ? bytesToHex(createdAddress.bytes) : null,
      success: execResult.exceptionError === undefined,
      gasUsed: totalGasSpent,
      cumulativeGasUsed: draft.gasUsed + totalGasSpent,
      effectiveGasPrice: effectiveGasPrice(transaction, baseFee),
      logs: toLogs(execResult.logs),
    },
  }
}

function effectiveGasPrice(transaction: UserTransaction, baseFee: bigint): bigint {
  const wanted = baseFee + transaction.maxPriorityFee
  return wanted < transaction.maxFee ? wanted : transaction.maxFee
}

function rethrowUnlessInvalid(error: unknown): { reason: string } {
  if (error instanceof CausewayError && error.code === 'INVALID_TRANSACTION') return { reason: error.shortMessage }
  throw error
}

function keep(draft: Draft, receipt: StoredReceipt, raw: Hex, outcome: InputOutcome): void {
  draft.receipts.push(receipt)
  draft.envelopes.push(raw)
  draft.outcomes.push(outcome)
  draft.gasUsed = receipt.cumulativeGasUsed
}
