import { messageOf } from '../block/entries.js'
import { messageLeaf, tokenKey } from '../protocol/message.js'
import { CAPACITY } from '../protocol/limits.js'
import type { CertificateOpenings, ChainHeader, Entry, Token } from '../protocol/types.js'
import { findBalance, writeBalance } from '../tree/balances.js'
import { BALANCE, INBOX, leavesBelow, openTree, OUTBOX, readOnce, updateRange, updateTree, type NodeStore } from '../tree/tree.js'
import { inboxIndex } from './certificate.js'
import { rule } from './rule.js'

/** What a chain keeps beside each block: the part of its header that follows from messages. */
export type AccountingState = Pick<ChainHeader, 'outboxRoot' | 'outboxSize' | 'inboxRoot' | 'balanceRoot' | 'l1InboxCursor'>

/** What accounting must know about the chain. `slotOf` gives the registry slot of a source. */
export type AccountingContext = { chainId: bigint; policyHash: bigint; slotOf(source: bigint): bigint }

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] }

/**
 * Applies entries to a chain's own trees: the one pure function from messages to roots, and the source of a certificate's openings.
 * Blocks and certificates use it alike: a certificate's openings are those of its entries on the state of its first block's parent.
 * @throws `RULE_R12` for a message consumed before, `RULE_R20` for a debit without cover
 */
export function applyEntries(
  store: NodeStore,
  state: AccountingState,
  entries: readonly Entry[],
  context: AccountingContext,
): { state: AccountingState; openings: CertificateOpenings } {
  const nodes = readOnce(store)
  const openings: Mutable<CertificateOpenings> = { inbox: [], balances: [], outbox: [] }
  const balances: { token: Token; balance: bigint }[] = []
  const bitmaps: { index: bigint; bitmap: bigint }[] = []
  const leaves: bigint[] = []
  let cursor = state.l1InboxCursor

  const move = (token: Token, change: bigint) => {
    if (change === 0n || token.chain === context.chainId) return
    const key = tokenKey(token)
    let held = balances.find((item) => tokenKey(item.token) === key)
    if (!held) {
      held = { token, balance: findBalance(nodes, state.balanceRoot, token).balance ?? 0n }
      balances.push(held)
    }
    rule(20, held.balance + change >= 0n, `a debit of ${-change} exceeds the ${held.balance} that the chain holds of ${token.address} (home ${token.chain})`)
    held.balance += change
  }

  for (const entry of entries) {
    if (entry.kind === 'l1') {
      cursor += 1n
      if (entry.entry.kind === 'deposit') move(entry.entry.message.token, entry.entry.message.amount)
    } else if (entry.kind === 'import') {
      const { message } = entry
      const index = inboxIndex(context.slotOf(message.source), message.nonce)
      let held = bitmaps.find((item) => item.index === index)
      if (!held) {
        held = { index, bitmap: openTree(nodes, INBOX, state.inboxRoot, index).leaf }
        bitmaps.push(held)
      }
      const bit = 1n << (message.nonce & 127n)
      rule(12, (held.bitmap & bit) === 0n, `message ${message.nonce} of chain ${message.source} was consumed before`)
      held.bitmap |= bit
      move(message.token, message.amount)
    } else {
      move(entry.message.token, -entry.message.amount)
      leaves.push(messageLeaf(entry.message, context.policyHash))
    }
  }

  let { outboxRoot, inboxRoot, balanceRoot } = state
  for (const { token, balance } of balances) {
    const { position, balance: before } = findBalance(nodes, balanceRoot, token)
    openings.balances.push({ token, position, before, siblings: openTree(nodes, BALANCE, balanceRoot, position).siblings })
    balanceRoot = writeBalance(nodes, balanceRoot, position, tokenKey(token), balance)
  }
  for (const { index, bitmap } of bitmaps) {
    const { leaf, siblings } = openTree(nodes, INBOX, inboxRoot, index)
    openings.inbox.push({ index, before: leaf, siblings })
    inboxRoot = updateTree(nodes, INBOX, inboxRoot, index, bitmap)
  }
  const size = state.outboxSize + BigInt(leaves.length)
  for (let group = state.outboxSize / 8n; leaves.length > 0 && group <= (size - 1n) / 8n; group++) {
    const { leaf: node, siblings } = openTree(nodes, OUTBOX, outboxRoot, group, 3)
    openings.outbox.push({ group, leaves: leavesBelow(nodes, OUTBOX, 3, node), siblings })
    const first = group * 8n > state.outboxSize ? group * 8n : state.outboxSize
    outboxRoot = updateRange(nodes, OUTBOX, outboxRoot, first, leaves.slice(Number(first - state.outboxSize), Number(group * 8n + 8n - state.outboxSize)))
  }
  return { state: { outboxRoot, outboxSize: size, inboxRoot, balanceRoot, l1InboxCursor: cursor }, openings }
}

/** Whether entries fit one certificate (docs/protocol.md, section 11); `slotOf` as in {@link AccountingContext}. */
export function fitsCertificate(entries: readonly Entry[], { chainId, l1ChainId, slotOf }: { chainId: bigint; l1ChainId: bigint; slotOf(source: bigint): bigint }): boolean {
  const count = { l1: 0, import: 0, export: 0 }
  let withdrawals = 0
  // By name: keys are hashes, and a sequencer asks this for every transaction that sends something.
  const tokens = new Set<string>()
  const sources = new Set<bigint>()
  const inboxLeaves = new Set<bigint>()
  for (const entry of entries) {
    count[entry.kind]++
    const message = messageOf(entry)
    if (message && message.amount > 0n && message.token.chain !== chainId) tokens.add(`${message.token.chain}/${message.token.address.toLowerCase()}`)
    if (entry.kind === 'import') {
      sources.add(entry.message.source)
      inboxLeaves.add(inboxIndex(slotOf(entry.message.source), entry.message.nonce))
    }
    if (entry.kind === 'export' && entry.message.destination === l1ChainId) withdrawals++
  }
  return (
    entries.length <= CAPACITY.entries &&
    count.l1 <= CAPACITY.l1Entries &&
    count.import <= CAPACITY.imports &&
    count.export <= CAPACITY.exports &&
    withdrawals <= CAPACITY.withdrawals &&
    tokens.size <= CAPACITY.tokens &&
    sources.size <= CAPACITY.sources &&
    inboxLeaves.size <= CAPACITY.inboxLeaves
  )
}
