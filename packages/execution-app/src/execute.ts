import { CausewayError, checkBlockInputs, errorCode, ETH, maxInputWeight, messageId, type AdmitInput, type BlockInputs, type ExecutedBlock, type InputOutcome, type L1InboxEntry, type Message, type SentMessage, type Token } from '@causeway/core'
import { concatHex, hexToBigInt, keccak256, numberToHex, size, type Address, type Hex } from 'viem'
import { invalid, type DecodeAction, type SignedAction } from './decode.js'
import { bank, createLedger, type Ledger } from './bank.js'
import { blockRows, sealBlock, type Blocks, type Receipt } from './block.js'
import { own, type Fields } from './fields.js'
import { createMeter, GAS, unmetered } from './gas.js'
import { createJournal, type Access } from './journal.js'
import { moduleAddress, type Delivered, type State } from './module.js'
import { runHandler, SENDS_OF_ACTION, SENDS_OF_DELIVERY, type Chain, type Ran, type Scene } from './run.js'
import { openState } from './state.js'
import type { StateTree } from './state-tree.js'

/** What a chain fixes for all its blocks. */
export type Rules = Chain & { gasLimit: bigint; gasPrice: bigint; feeRecipient: Address; decode: DecodeAction }

/** Where the engine reads. */
export type Backing = { blocks: Blocks; tree: StateTree }

/** Gas that an action uses before its handler runs. */
export const intrinsicGas = (raw: Hex): bigint => GAS.action + GAS.byte * BigInt(size(raw))

/** Gas of a delivery besides what its recipient does. */
const deliveryGas = ({ payload }: Message): bigint => GAS.delivery + GAS.byte * BigInt(size(payload))

/** What a block sets aside for an L1 entry or an import: gas. */
export function weigh(input: L1InboxEntry | { message: Message }, rules: Rules): bigint {
  const most = maxInputWeight(rules.gasLimit)
  if ('message' in input) {
    const wanted = deliveryGas(input.message) + input.message.gasLimit
    return wanted < most ? wanted : most
  }
  try {
    return decode(input.transaction, rules).gas
  } catch (error) {
    if (errorCode(error) === 'INVALID_TRANSACTION') return 0n
    throw error
  }
}

/** The argument types of an action; undefined if there is no such action. */
export const argsOf = ({ modules }: Pick<Chain, 'modules'>, module: string, action: string): Fields | undefined => own(modules.get(module)?.actions, action)?.args

/** Decodes an action and checks what does not depend on the state. @throws `INVALID_TRANSACTION` */
function decode(raw: Hex, rules: Rules): SignedAction {
  const action = rules.decode(raw)
  const [least, most] = [intrinsicGas(raw), maxInputWeight(rules.gasLimit)]
  if (action.gas < least) throw invalid(`it needs ${least} gas before it does anything, and has ${action.gas}`)
  if (action.gas > most) throw invalid(`an action has at most ${most} gas, so that it could be forced; this one asks for ${action.gas}`)
  if (action.gasPrice < rules.gasPrice) throw invalid(`a unit of gas costs ${rules.gasPrice} wei; it offers ${action.gasPrice}`)
  return action
}

/** Decodes an action and checks it against a state. @throws `INVALID_TRANSACTION` */
export function checkAction(raw: Hex, rules: Rules, state: State<(typeof bank)['state']>, at: { timestamp: bigint; gasLeft: bigint; allowNonceGap?: boolean }): SignedAction {
  const action = decode(raw, rules)
  const { sender, nonce, gas, gasPrice, expiry } = action
  if (expiry < at.timestamp) throw invalid(`it has expired: ${expiry} ms is before ${at.timestamp} ms`)
  if (gas > at.gasLeft) throw invalid('gas limit reached')
  const next = state.nonces.get(sender) ?? 0n
  if (nonce < next) throw invalid(`nonce too low: address ${sender}, tx: ${nonce} state: ${next}`)
  if (nonce > next && !at.allowNonceGap) throw invalid(`nonce too high: address ${sender}, tx: ${nonce} state: ${next}`)
  // The last nonce has no next one.
  if (nonce === 2n ** 64n - 1n) throw invalid('nonce too high')
  const balance = createLedger(rules.chainId, state).balanceOf(sender, { chain: rules.l1ChainId, address: ETH })
  if (balance < gas * gasPrice) throw invalid(`insufficient funds for gas * price: address ${sender} have ${balance} want ${gas * gasPrice}`)
  return action
}

/** Where inputs are executed. */
type Bench = Scene & {
  rules: Rules
  /** The bank's state and its moves, which the protocol has for nothing. */
  state: State<(typeof bank)['state']>
  ledger: Ledger
  eth: Token
}

/** A block in the making. */
type Draft = Bench & {
  admit: AdmitInput
  receipts: Receipt[]
  outcomes: InputOutcome[]
  gasUsed: bigint
  /** Gas of actions that were executed and not admitted. After half of a block's no more are tried. */
  inVain: bigint
}

/** Opens the state with this root for a block on it. */
export function openBench(rules: Rules, tree: StateTree, root: bigint, block: Scene['block']): Bench {
  const journal = createJournal((key) => tree.get(root, key))
  const state = openState(bank, journal, unmetered)
  return { chain: rules, rules, journal, block, state, ledger: createLedger(rules.chainId, state), eth: { chain: rules.l1ChainId, address: ETH } }
}

type Done = { receipt: Receipt; sent: readonly SentMessage[] }
type Finish = (ok: boolean, sent: readonly SentMessage[]) => InputOutcome

/** Executes one block on `inputs.parentHash`, and says in what order it accessed the state. @throws `UNKNOWN_PARENT`, `INVALID_INPUTS`, `SYSTEM_WEIGHT_EXCEEDED`, `BLOCK_TOO_LARGE` */
export function executeBlock(rules: Rules, { blocks, tree }: Backing, inputs: BlockInputs, admit: AdmitInput = () => true): { block: ExecutedBlock; accesses: readonly Access[] } {
  const parent = checkBlockInputs(inputs, blocks.byHash(inputs.parentHash), ({ timestamp }) => timestamp, { weightLimit: rules.gasLimit, weigh: (input) => weigh(input, rules) })
  const root = hexToBigInt(parent.stateRoot)
  const { number, timestamp, parentHash } = inputs
  const bench = openBench(rules, tree, root, { number, timestamp })
  const { journal } = bench
  const draft: Draft = { ...bench, admit, receipts: [], outcomes: [], gasUsed: 0n, inVain: 0n }

  for (const entry of inputs.l1Entries) {
    const finish: Finish = (ok, sent) => ({ kind: 'l1', entry, ok, sent })
    if (entry.kind === 'deposit') deliver(draft, entry.message, finish)
    else force(draft, entry.transaction, finish)
  }
  for (const { message, policyHash } of inputs.imports) deliver(draft, message, (ok, sent) => ({ kind: 'import', message, policyHash, ok, sent }))
  const transactions: Hex[] = []
  const refused: { transaction: Hex; reason: string }[] = []
  for (const raw of inputs.transactions) {
    const reason = include(draft, raw)
    if (reason === undefined) transactions.push(raw)
    else refused.push({ transaction: raw, reason })
  }

  const next = tree.update(root, journal.changes())
  const stateRoot = numberToHex(next.root, { size: 32 })
  const { receipts, outcomes, gasUsed } = draft
  const sealed = sealBlock({ number, parentHash, timestamp, stateRoot, gasUsed, receipts }, outcomes.flatMap(({ sent }) => sent))
  const changes = [...next.changes, ...blocks.path(parentHash), ...blockRows(sealed)]
  return { block: { number, hash: sealed.hash, parentHash, timestamp, stateRoot, outcomes, transactions, refused, changes }, accesses: journal.accesses }
}

/** Delivers a message. It is never dropped: if its effects are not admitted, its value goes to `refundTo`, and no code runs. */
function deliver(draft: Draft, message: Message, finish: Finish): void {
  const before = draft.journal.mark()
  const first = receive(draft, message)
  const outcome = finish(first.receipt.code === null, first.sent)
  if (draft.admit(outcome)) return keep(draft, first.receipt, outcome)
  draft.journal.forget(before)
  mustBeAlone(draft)
  const second = refund(draft, message, 'NOT_ADMITTED', 0n)
  const refunded = finish(false, [])
  draft.admit(refunded)
  keep(draft, second.receipt, refunded)
}

/** Credits a message, or calls the module that it is for; if that fails, its value goes to `refundTo`. */
function receive(draft: Draft, message: Message): Done {
  const { source, token, amount, payload, gasLimit } = message
  const [sender, recipient] = [lower(message.sender), lower(message.recipient)]
  const module = [...draft.rules.modules.values()].find(({ name }) => moduleAddress(name) === recipient)
  // A module takes nothing that it does not hear of.
  if (!module && payload === '0x') return arrive(draft, message, recipient, null, 0n)
  if (!module?.onMessage || payload === '0x') return refund(draft, message, 'NO_HANDLER', 0n)
  const left = weigh({ message }, draft.rules) - deliveryGas(message)
  const most = left > 0n ? left : 0n
  const meter = createMeter(gasLimit < most ? gasLimit : most)
  const delivered: Delivered = { id: messageId(message), source, sender, token: { chain: token.chain, address: lower(token.address) }, amount, payload }
  const call = { module, sender, input: { message: delivered }, meter, maxSends: SENDS_OF_DELIVERY, handler: module.onMessage }
  const credited = draft.journal.mark()
  const arrived = arrive(draft, message, recipient, null, 0n)
  if (arrived.receipt.code !== null) return arrived
  const ran = runHandler(draft, call)
  if (ran.code === null) return { receipt: { ...arrived.receipt, gasUsed: arrived.receipt.gasUsed + ran.gasUsed, events: ran.events, sent: ran.sent.length }, sent: ran.sent }
  draft.journal.revert(credited)
  return refund(draft, message, ran.code, ran.gasUsed)
}

const lower = (address: Address): Address => address.toLowerCase() as Address

/** Gives a message's value to its `refundTo` without running any code. */
const refund = (draft: Draft, message: Message, code: string, gasUsed: bigint): Done => arrive(draft, message, lower(message.refundTo), code, gasUsed)

/** Credits a message's value. What claims to bring back more of a token of this chain than is abroad is backed by nothing and credited to nobody. */
function arrive(draft: Draft, message: Message, to: Address, code: string | null, gasUsed: bigint): Done {
  const { token, amount } = message
  const id = messageId(message)
  const isBacked = token.chain !== draft.rules.chainId || amount <= (draft.state.abroad.get(lower(token.address)) ?? 0n)
  if (isBacked && amount !== 0n) draft.ledger.arrive(to, { chain: token.chain, address: lower(token.address) }, amount)
  const receipt: Receipt = {
    hash: keccak256(concatHex(['0x7d', id])),
    kind: 'delivery',
    raw: id,
    from: lower(message.sender),
    to: lower(message.recipient),
    nonce: message.nonce,
    code: isBacked ? code : 'NOT_ABROAD',
    gasUsed: deliveryGas(message) + gasUsed,
    gasPrice: 0n,
    events: [],
    sent: 0,
  }
  return { receipt, sent: [] }
}

/** What is not admitted may only lack room beside the inputs before it: nobody may make another's fail by crowding it. */
function mustBeAlone({ outcomes }: Draft): void {
  if (outcomes.length > 0)
    throw new CausewayError('An L1 entry or import does not fit beside the inputs before it: what it sends.', { code: 'BLOCK_TOO_LARGE', fix: 'give the block fewer L1 entries and imports', cause: { fits: outcomes.length } })
}

/** Executes a forced action; one that is invalid, or not admitted even alone, is void: it leaves no trace but its entry. */
function force(draft: Draft, raw: Hex, finish: Finish): void {
  const before = draft.journal.mark()
  const done = attempt(draft, raw)
  if ('receipt' in done) {
    const outcome = finish(done.receipt.code === null, done.sent)
    if (draft.admit(outcome)) return keep(draft, done.receipt, outcome)
  }
  draft.journal.forget(before)
  if ('receipt' in done) mustBeAlone(draft)
  const outcome = finish(false, [])
  draft.admit(outcome)
  draft.outcomes.push(outcome)
}

/** Includes a user's action, or says why not. */
function include(draft: Draft, raw: Hex): string | undefined {
  if (draft.inVain > draft.rules.gasLimit / 2n) return 'not admitted: too much of this block was tried in vain'
  const before = draft.journal.mark()
  const done = attempt(draft, raw)
  if ('receipt' in done) {
    const outcome: InputOutcome = { kind: 'transaction', hash: done.receipt.hash, sent: done.sent }
    if (draft.admit(outcome)) return void keep(draft, done.receipt, outcome)
    draft.inVain += done.receipt.gasUsed
  }
  draft.journal.forget(before)
  return 'reason' in done ? done.reason : 'not admitted: what it sends does not fit into this block'
}

/** Executes an action, or says why it is invalid. */
function attempt(draft: Draft, raw: Hex): Done | { reason: string } {
  try {
    return act(draft, raw)
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'INVALID_TRANSACTION') return { reason: error.shortMessage }
    throw error
  }
}

function act(draft: Draft, raw: Hex): Done {
  const { rules, state, block } = draft
  return perform(draft, checkAction(raw, rules, state, { timestamp: block.timestamp, gasLeft: rules.gasLimit - draft.gasUsed }))
}

/** Performs an action that can be paid. */
export function perform(bench: Bench, { raw, hash, sender, nonce, gas, gasPrice, args, ...named }: SignedAction): Done {
  const { rules, state, ledger, eth } = bench
  const module = rules.modules.get(named.module)
  const handler = own(module?.actions, named.action)?.run
  if (!module || !handler) throw invalid(`there is no action ${named.module}.${named.action}`)
  state.nonces.set(sender, nonce + 1n)
  ledger.take(sender, eth, gas * gasPrice)
  const intrinsic = intrinsicGas(raw)
  const ran: Ran = runHandler(bench, { module, sender, signer: sender, input: { args }, meter: createMeter(gas - intrinsic), maxSends: SENDS_OF_ACTION, handler })
  const gasUsed = intrinsic + ran.gasUsed
  ledger.add(sender, eth, (gas - gasUsed) * gasPrice)
  ledger.add(lower(rules.feeRecipient), eth, gasUsed * gasPrice)
  const receipt: Receipt = { hash, kind: 'action', raw, from: sender, to: `${named.module}.${named.action}`, nonce, code: ran.code, gasUsed, gasPrice, events: ran.events, sent: ran.sent.length }
  return { receipt, sent: ran.sent }
}

function keep(draft: Draft, receipt: Receipt, outcome: InputOutcome): void {
  draft.receipts.push(receipt)
  draft.outcomes.push(outcome)
  draft.gasUsed += receipt.gasUsed
}
