import { GRUMPKIN_ORDER } from '../crypto/schnorr.js'
import { CausewayError } from '../errors.js'
import type { LinkAnswer, LinkEvent, LinkQuery, SignedHead } from '../seams/link.js'
import { MAX_BALANCE } from '../tree/balances.js'
import { BALANCE, INBOX, OUTBOX } from '../tree/tree.js'
import type { CertificateDraft } from '../twin/draft.js'
import { CAPACITY } from './limits.js'
import { parser as p, type At, type Parser } from './parser.js'
import type { Certificate, CertificateOpenings, ChainHeader, Entry, L1InboxEntry, Message, Policy, PublicKey, Signature, Token } from './types.js'

/** Longest payload of a message and longest forced transaction that is read, in bytes. Contracts allow less. */
export const MAX_BYTES = 32_768
/** Most heads in one answer. */
export const MAX_HEADS = 256
/** Longest reason of a refusal or verdict, in characters. */
export const MAX_REASON = 1_000

const u64 = p.uint(64)
const u128 = p.uint(128)
const digest = p.bytes(32)
const signer = p.number(0, CAPACITY.signers - 1)

const token: Parser<Token> = p.object({ chain: u64, address: p.address })

const message: Parser<Message> = p.object({
  source: u64,
  nonce: u64,
  timestamp: u64,
  destination: u64,
  sender: p.address,
  recipient: p.address,
  refundTo: p.address,
  token,
  amount: u128,
  fee: u128,
  gasLimit: u64,
  expiry: u64,
  payload: p.bytesUpTo(MAX_BYTES),
})

const header: Parser<ChainHeader> = p.object({
  chainId: u64,
  height: u64,
  timestamp: u64,
  stateRoot: digest,
  outboxRoot: p.field,
  outboxSize: u64,
  inboxRoot: p.field,
  balanceRoot: p.field,
  l1InboxCursor: u64,
  policyHash: p.field,
  policySince: u64,
})

const key: Parser<PublicKey> = p.object({ x: p.field, y: p.field })
const signature: Parser<Signature> = p.object({ s: p.below(GRUMPKIN_ORDER, 'below the order of Grumpkin'), e: p.field })

const policy: Parser<Policy> = p.object({
  attested: p.object({ k: p.number(1, CAPACITY.signers), signers: p.list(key, 1, CAPACITY.signers) }),
  validity: p.optional(p.field),
  external: p.optional(p.field),
})

const l1Entry: Parser<L1InboxEntry> = p.variants('kind', {
  deposit: p.object({ kind: p.oneOf(['deposit']), index: u64, message }),
  forced: p.object({ kind: p.oneOf(['forced']), index: u64, transaction: p.bytesUpTo(MAX_BYTES) }),
})

const entry: Parser<Entry> = p.variants('kind', {
  l1: p.object({ kind: p.oneOf(['l1']), time: u64, entry: l1Entry }),
  import: p.object({ kind: p.oneOf(['import']), time: u64, message, policyHash: p.field }),
  export: p.object({ kind: p.oneOf(['export']), time: u64, message }),
})

/** Outbox openings are of aligned groups of 8 leaves: three levels are rebuilt from the leaves. */
const GROUP_LEVELS = 3
const path = (depth: number) => p.list(p.field, depth, depth)

const openings: Parser<CertificateOpenings> = p.object({
  inbox: p.list(p.object({ index: p.uint(INBOX.depth), before: u128, siblings: path(INBOX.depth) }), 0, CAPACITY.inboxLeaves),
  balances: p.list(
    p.object({ token, position: p.uint(BALANCE.depth), before: p.nullable(p.below(MAX_BALANCE, 'a possible balance')), siblings: path(BALANCE.depth) }),
    0,
    CAPACITY.tokens,
  ),
  outbox: p.list(
    p.object({ group: p.uint(OUTBOX.depth - GROUP_LEVELS), leaves: p.list(p.field, 2 ** GROUP_LEVELS, 2 ** GROUP_LEVELS), siblings: path(OUTBOX.depth - GROUP_LEVELS) }),
    0,
    2,
  ),
})

const draftFields = {
  before: header,
  after: header,
  entries: counted(p.list(entry, 0, CAPACITY.entries)),
  inboxHashBefore: digest,
  inboxHash: digest,
  daIndex: u64,
  daHash: digest,
  notAfter: u64,
  policy,
  openings,
}
const draft: Parser<CertificateDraft> = p.object(draftFields)
const certificate: Parser<Certificate> = p.object({ ...draftFields, signatures: p.list(p.object({ signer, signature }), 0, CAPACITY.signers) })

/** The circuit also bounds each kind of entry. */
function counted(entries: Parser<Entry[]>): Parser<Entry[]> {
  const limits = { l1: CAPACITY.l1Entries, import: CAPACITY.imports, export: CAPACITY.exports }
  return (value, at) => {
    const list = entries(value, at)
    for (const [kind, limit] of Object.entries(limits)) {
      const count = list.filter((one) => one.kind === kind).length
      if (count > limit) throw new CausewayError(`${at.path} has ${count} entries of kind ${kind}; a certificate holds ${limit}.`, { code: 'MALFORMED', docs: 'protocol.md#11-the-aggregate-proof' })
    }
    return list
  }
}

const head: Parser<SignedHead> = p.object({
  chainId: u64,
  incarnation: u128,
  number: u64,
  hash: digest,
  parentHash: digest,
  timestamp: u64,
  policyHash: p.field,
  // A block sends no more than a certificate can export, or no certificate could ever cover it.
  messages: p.list(message, 0, CAPACITY.exports),
  signature: p.bytes(65),
})

const reason = p.text(MAX_REASON)
const about = { chainId: u64, height: u64, statement: p.field }

const linkEvent: Parser<LinkEvent> = p.variants('kind', {
  head: p.object({ kind: p.oneOf(['head']), head }),
  proposal: p.object({ kind: p.oneOf(['proposal']), draft, toBlock: u64, signature: p.bytes(65) }),
  attestation: p.object({ kind: p.oneOf(['attestation']), ...about, signer, signature }),
  refusal: p.object({ kind: p.oneOf(['refusal']), ...about, reason }),
  certificate: p.object({ kind: p.oneOf(['certificate']), certificate, toBlock: u64 }),
  verdict: p.object({ kind: p.oneOf(['verdict']), ...about, verdict: p.oneOf(['waiting', 'invalid', 'composed', 'proven']), epoch: u64, time: u64, reason, signature: p.bytes(65) }),
})

const linkQuery: Parser<LinkQuery> = p.variants('kind', {
  heads: p.object({ kind: p.oneOf(['heads']), chainId: u64, fromNonce: u64, limit: p.number(1, MAX_HEADS) }),
  certificate: p.object({ kind: p.oneOf(['certificate']), chainId: u64 }),
})

const linkAnswer: Parser<LinkAnswer> = p.variants('kind', {
  heads: p.object({ kind: p.oneOf(['heads']), heads: p.list(head, 0, MAX_HEADS) }),
  certificate: p.object({ kind: p.oneOf(['certificate']), certificate: p.nullable(certificate), toBlock: u64 }),
})

/** How a parser of this file reads: under which name it reports errors, and how integers are written. */
export type ParseOptions = Partial<At>

const named =
  <T>(parse: Parser<T>, name: string) =>
  (value: unknown, options: ParseOptions = {}): T =>
    parse(value, { path: name, integers: 'bigint', ...options })

/** Reads a message. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseMessage: (value: unknown, options?: ParseOptions) => Message = named(message, 'message')
/** Reads a chain header. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseHeader: (value: unknown, options?: ParseOptions) => ChainHeader = named(header, 'header')
/** Reads a policy's form; whether its keys are on the curve and in order is `checkPolicy`'s business. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parsePolicy: (value: unknown, options?: ParseOptions) => Policy = named(policy, 'policy')
/** Reads an entry of a certificate. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseEntry: (value: unknown, options?: ParseOptions) => Entry = named(entry, 'entry')
/** Reads an entry of an L1 inbox. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseL1InboxEntry: (value: unknown, options?: ParseOptions) => L1InboxEntry = named(l1Entry, 'l1Entry')
/** Reads an unsigned certificate; its rules are `applyCertificate`'s business. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseDraft: (value: unknown, options?: ParseOptions) => CertificateDraft = named(draft, 'draft')
/** Reads a certificate; its rules and signatures are `applyCertificate`'s business. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseCertificate: (value: unknown, options?: ParseOptions) => Certificate = named(certificate, 'certificate')
/** Reads a head; its signature is not checked. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseSignedHead: (value: unknown, options?: ParseOptions) => SignedHead = named(head, 'head')
/** Reads what travels on a link. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseLinkEvent: (value: unknown, options?: ParseOptions) => LinkEvent = named(linkEvent, 'event')
/** Reads a question of another node. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseLinkQuery: (value: unknown, options?: ParseOptions) => LinkQuery = named(linkQuery, 'query')
/** Reads another node's answer. Whether it fits the question is for whoever asked. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseLinkAnswer: (value: unknown, options?: ParseOptions) => LinkAnswer = named(linkAnswer, 'answer')
