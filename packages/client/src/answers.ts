import { parseCertificate, parseHeader, parseMessage, parsePolicy, parser as p, RUNGS, type Certificate, type ChainHeader, type Message, type Parser, type Policy } from '@causeway/core'
import type { CertificateStatus, ChainStatus, MessageStatus, SimulationVerdict } from './rpc.js'

/** Answers of newer nodes may have more fields; those are left out. */
const answer = { extra: 'drop' } as const
const u64 = p.uint(64)
const digest = p.bytes(32)
const rung = p.oneOf(RUNGS)
const reason = p.text(4_000)

const messageStatus: Parser<MessageStatus> = p.object(
  {
    id: digest,
    source: u64,
    destination: u64,
    nonce: u64,
    rung,
    sourceRung: rung,
    execution: p.optional(p.object({ block: u64, transaction: digest, ok: p.boolean }, answer)),
    failure: p.optional(reason),
    waitingFor: p.optional(reason),
    rolledBack: p.optional(p.object({ chainId: u64, incarnation: p.uint(128), block: u64 }, answer)),
    withdrawal: p.optional(p.object({ epoch: u64, path: p.list(digest, 0, 64), message: parseMessage as Parser<Message>, claimed: p.boolean }, answer)),
  },
  answer,
)

const block = p.object({ number: u64, hash: digest }, answer)

const chainStatus: Parser<ChainStatus> = p.object(
  {
    chainId: u64,
    l1ChainId: u64,
    hub: p.address,
    clusterId: digest,
    slot: p.nullable(p.uint(32)),
    incarnation: p.uint(128),
    blocks: p.object({ latest: block, safe: block, finalized: block }, answer),
    settled: parseHeader as Parser<ChainHeader>,
    epoch: u64,
    certificate: p.nullable(p.object({ height: u64, rung, toBlock: u64 }, answer)),
    l1: p.object({ block: u64, inboxLength: u64, inboxCursor: u64 }, answer),
    policy: parsePolicy as Parser<Policy>,
    policyHash: p.field,
    da: p.text(100),
    specDigest: digest,
    backlog: p.optional(p.object({ certificates: p.number(0, 2 ** 32), limit: p.number(0, 2 ** 32), waiting: p.number(0, 2 ** 32) }, answer)),
    halted: p.optional(reason),
  },
  answer,
)

const certificateStatus: Parser<CertificateStatus> = p.object(
  {
    chainId: u64,
    height: u64,
    statement: p.field,
    fromBlock: u64,
    toBlock: u64,
    rung,
    signed: p.number(0, 255),
    required: p.number(0, 255),
    epoch: p.optional(u64),
    reason: p.optional(reason),
    certificate: p.optional(parseCertificate as Parser<Certificate>),
  },
  answer,
)

const accepted = p.object({ ok: p.boolean, statement: p.field, leaves: p.list(p.field, 0, 64), withdrawals: p.list(digest, 0, 64) }, answer)
const refused = p.object({ ok: p.boolean, code: p.text(100), reason }, answer)
const verdict: Parser<SimulationVerdict> = (value, at) => {
  const { ok } = p.object({ ok: p.boolean }, answer)(value, at)
  return ok ? { ...accepted(value, at), ok } : { ...refused(value, at), ok }
}

const read =
  <T>(parse: Parser<T>, path: string) =>
  (value: unknown): T =>
    parse(value, { path, integers: 'quantity' })

/** Reads the answer of `causeway_getMessageStatus`. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseMessageStatus: (value: unknown) => MessageStatus | null = read(p.nullable(messageStatus), 'messageStatus')
/** Reads the answer of `causeway_getChainStatus`. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseChainStatus: (value: unknown) => ChainStatus = read(chainStatus, 'chainStatus')
/** Reads the answer of `causeway_getCertificate`. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseCertificateStatus: (value: unknown) => CertificateStatus | null = read(p.nullable(certificateStatus), 'certificateStatus')
/** Reads the answer of `causeway_simulateCertificate`. @throws `MALFORMED`, `OUT_OF_RANGE` */
export const parseSimulationVerdict: (value: unknown) => SimulationVerdict = read(verdict, 'verdict')

