import type { Hex } from 'viem'
import { headerHash } from '../protocol/header.js'
import { addressToBigInt, CAPACITY, uint } from '../protocol/limits.js'
import { nextInboxHash } from '../protocol/l1.js'
import { messageLeaf, tokenKey, withdrawalDigest } from '../protocol/message.js'
import type { Certificate, Message, Token } from '../protocol/types.js'
import { balanceLeaf, MAX_BALANCE } from '../tree/balances.js'
import { BALANCE, INBOX, nodeHash, OUTBOX, pathRoot, REGISTRY } from '../tree/tree.js'
import { checkSignatures } from './signatures.js'
import { rule } from './rule.js'
import { checkStated, type CertificateContext } from './stated.js'
import type { CertificateWitness } from './witness.js'

/** What an accepted certificate leaves behind. */
export type AppliedCertificate = { leaves: bigint[]; withdrawals: Hex[] }

/**
 * The accounting rules R1–R25 of one certificate, from its openings alone (docs/protocol.md, section 7).
 * @throws CausewayError with code `RULE_Rn`
 */
export function applyCertificate(witness: CertificateWitness, context: CertificateContext): AppliedCertificate {
  const { sources, imports, importRoot, certificate } = witness
  rule(28, sources.length <= CAPACITY.sources, 'it imports from too many chains')
  for (const { slot, header, siblings } of sources)
    rule(6, pathRoot(REGISTRY, slot, headerHash(header), siblings) === importRoot, `the header of chain ${header.chainId} is not under the import root`)
  const count = certificate.entries.filter(({ kind }) => kind === 'import').length
  rule(6, imports.length === count, 'an import has no opening')
  rule(25, (importRoot === 0n) === (count === 0), 'an import root is given without imports, or imports without a root')
  return account(certificate, context, (message, leaf, i) => {
    const opening = imports[i]
    const source = opening && sources[opening.source]
    rule(6, source !== undefined && message.source === source.header.chainId, `import ${i} is opened under a header that is not its source's`)
    rule(8, pathRoot(OUTBOX, uint(32, message.nonce, 'nonce'), leaf, opening?.siblings ?? []) === source.header.outboxRoot, `no outbox holds import ${i}`)
    return source.slot
  })
}

/**
 * The rules that a certificate can break by itself, whatever the rest of the cluster does: all but R6, R8 and R25, which need the
 * sources of its imports. One that fails here is dead.
 * @throws CausewayError with code `RULE_Rn`
 */
export function checkCertificate(certificate: Certificate, context: CertificateContext & { slotOf(chainId: bigint): bigint }): AppliedCertificate {
  return account(certificate, context, ({ source }) => context.slotOf(source))
}

/** Slot of an import's source, once it is known that the source sent it. `i` counts the imports. */
type OpenImport = (message: Message, leaf: bigint, i: number) => bigint

function account(certificate: Certificate, context: CertificateContext, openImport: OpenImport): AppliedCertificate {
  checkStated(certificate, context)
  const { before, after } = certificate
  const { l1ChainId } = context.domain
  const ledger = openLedger(certificate, before.chainId)
  const inbox = openInbox(certificate)
  const leaves: bigint[] = []
  const withdrawals: Hex[] = []
  let inboxHash = certificate.inboxHashBefore
  let importAt = 0

  certificate.entries.forEach((entry, i) => {
    if (entry.kind === 'l1') {
      inboxHash = nextInboxHash(inboxHash, entry.entry)
      if (entry.entry.kind === 'deposit') {
        const { message } = entry.entry
        rule(17, message.token.chain === l1ChainId, 'a deposit carries a token whose home is not L1')
        ledger.credit(message.token, message.amount, i)
      }
      return
    }
    const { message } = entry
    if (entry.kind === 'import') {
      inbox.consume(openImport(message, messageLeaf(message, entry.policyHash), importAt++), message.nonce, i)
      ledger.credit(message.token, message.amount, i)
      return
    }
    if (message.destination === l1ChainId) withdrawals.push(withdrawalDigest(message))
    ledger.debit(message.token, message.amount, i)
    leaves.push(messageLeaf(message, before.policyHash))
  })

  rule(18, inboxHash === certificate.inboxHash, 'the L1 inbox entries do not lead to the new hash')
  checkOutbox(certificate, leaves)
  rule(12, inbox.root() === after.inboxRoot, 'the inbox root is not the one that the imports give')
  rule(21, ledger.root() === after.balanceRoot, 'the balance root is not the one that the entries give')
  checkSignatures(certificate, context.domain)
  return { leaves, withdrawals }
}

/** Running balances of the foreign tokens, each opened once, written back in order at the end. */
function openLedger({ before, openings }: Certificate, chainId: bigint) {
  rule(28, openings.balances.length <= CAPACITY.tokens, 'it touches too many tokens')
  rule(20, new Set(openings.balances.map(({ position }) => position)).size === openings.balances.length, 'one balance is opened as two')
  const balances = openings.balances.map((opening) => opening.before ?? 0n)
  const slotOf = (token: Token, i: number) => {
    const at = openings.balances.findIndex(
      (opening) => opening.token.chain === token.chain && addressToBigInt(opening.token.address, 'token.address') === addressToBigInt(token.address, 'token.address'),
    )
    rule(19, at >= 0, `entry ${i} moves a token whose balance is not opened`)
    return at
  }
  const move = (token: Token, change: bigint, i: number) => {
    if (change === 0n || token.chain === chainId) return
    const at = slotOf(token, i)
    const balance = (balances[at] as bigint) + change
    rule(20, balance >= 0n && balance < MAX_BALANCE, `entry ${i} takes ${-change} of a token of which the chain holds ${balance - change}`)
    balances[at] = balance
  }
  return {
    credit: (token: Token, amount: bigint, i: number) => move(token, uint(128, amount, 'amount'), i),
    debit: (token: Token, amount: bigint, i: number) => move(token, -uint(128, amount, 'amount'), i),
    root: () =>
      openings.balances.reduce((root, { token, position, before: balance, siblings }, at) => {
        const key = tokenKey(token)
        if (balance !== null) rule(20, balance >= 0n && balance < MAX_BALANCE, 'an opened balance is out of range')
        rule(21, pathRoot(BALANCE, position, balance === null ? 0n : balanceLeaf(key, balance), siblings) === root, `balance ${at} is not in the tree`)
        return pathRoot(BALANCE, position, balanceLeaf(key, balances[at] as bigint), siblings)
      }, before.balanceRoot),
  }
}

/** Bitmaps of consumed nonces, each opened once, written back in order at the end. */
function openInbox({ before, openings }: Certificate) {
  rule(28, openings.inbox.length <= CAPACITY.inboxLeaves, 'it touches too many inbox leaves')
  const bitmaps = openings.inbox.map((opening) => uint(128, opening.before, 'inbox bitmap'))
  return {
    consume(slot: bigint, nonce: bigint, i: number) {
      const at = openings.inbox.findIndex((opening) => opening.index === inboxIndex(slot, nonce))
      rule(12, at >= 0, `import ${i} has no inbox opening`)
      const bit = 1n << (nonce & 127n)
      rule(12, ((bitmaps[at] as bigint) & bit) === 0n, `import ${i} was consumed before`)
      bitmaps[at] = (bitmaps[at] as bigint) | bit
    },
    root: () =>
      openings.inbox.reduce((root, { index, before: bitmap, siblings }, at) => {
        rule(12, pathRoot(INBOX, index, bitmap, siblings) === root, `inbox opening ${at} is not in the tree`)
        return pathRoot(INBOX, index, bitmaps[at] as bigint, siblings)
      }, before.inboxRoot),
  }
}

/** Position in the inbox tree of the bitmap that holds a message of the chain at `slot`. */
export function inboxIndex(slot: bigint, nonce: bigint): bigint {
  return (uint(32, slot, 'slot') << 25n) + (uint(32, nonce, 'nonce') >> 7n)
}

/** R16: the new leaves stand at the next positions; all others keep their value. */
function checkOutbox({ before, after, openings }: Certificate, leaves: readonly bigint[]): void {
  rule(16, openings.outbox.length <= 2, 'too many outbox groups')
  let root = before.outboxRoot
  let written = 0
  for (const [at, { group, leaves: held, siblings }] of openings.outbox.entries()) {
    const expected = before.outboxSize / 8n + BigInt(at)
    rule(16, group === expected && held.length === 8, 'an outbox group is not the next one')
    rule(16, pathRoot(OUTBOX, group, groupRoot(held), siblings, 3) === root, 'an outbox group is not in the tree')
    const next = held.map((leaf, i) => {
      const nonce = group * 8n + BigInt(i)
      if (nonce < before.outboxSize) return leaf
      rule(16, leaf === 0n, 'an outbox position beyond its size is taken')
      const added = leaves[Number(nonce - before.outboxSize)]
      if (added === undefined) return 0n
      written++
      return added
    })
    root = pathRoot(OUTBOX, group, groupRoot(next), siblings, 3)
  }
  rule(16, written === leaves.length && root === after.outboxRoot, 'the outbox root is not the one that the exports give')
}

/** Root of an aligned group of 8 outbox leaves. */
export function groupRoot(leaves: readonly bigint[]): bigint {
  let level = [...leaves]
  for (let height = 0; height < 3; height++)
    level = Array.from({ length: level.length / 2 }, (_, i) => nodeHash(OUTBOX, height, level[2 * i] as bigint, level[2 * i + 1] as bigint))
  return level[0] as bigint
}

