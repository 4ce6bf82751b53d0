import {
  addressToBigInt,
  CAPACITY,
  genesisHeader,
  inboxFields,
  inboxIndex,
  limbs,
  policyHash,
  ZERO_HASH,
  type Certificate,
  type CertificateWitness,
  type Entry,
  type L1InboxEntry,
  type Message,
  type Policy,
  type PublicKey,
  type Signature,
  type Token,
} from '@causeway/core'
import { keccak256 } from 'viem'
import { bits, digest, field, headerFields, messageFields, pad, path, type CircuitValue } from './circuit-values.js'

const GENERATOR: PublicKey = { x: 1n, y: 17631683881184975370165255887551781615748388533673675138860n }

const LOW = (1n << 128n) - 1n

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

/** A `Certificate` of the circuit. `l1ChainId` tells which exports are withdrawals. */
export function certificatePlace(witness: CertificateWitness, l1ChainId: bigint): CircuitValue {
  return place(witness, l1ChainId, true)
}

/** The certificate in a place that is not used: it passes every rule but the quorum, for a chain that does not exist. */
export function emptyPlace(): CircuitValue {
  const policy: Policy = { attested: { k: 1, signers: [GENERATOR] } }
  const before = genesisHeader(0n, ZERO_HASH, policyHash(policy))
  const certificate: Certificate = {
    before,
    after: { ...before, height: 1n, timestamp: 1n },
    entries: [],
    inboxHashBefore: ZERO_HASH,
    inboxHash: ZERO_HASH,
    daIndex: 0n,
    daHash: ZERO_HASH,
    notAfter: 0n,
    policy,
    signatures: [],
    openings: { inbox: [], balances: [], outbox: [] },
  }
  return place({ slot: 0n, certificate, registry: [], importRoot: 0n, sources: [], imports: [] }, 1n, false)
}

function place({ slot, certificate, registry, importRoot, sources, imports }: CertificateWitness, l1ChainId: bigint, used: boolean): CircuitValue {
  const { before, after, entries, openings } = certificate
  const of = <K extends Entry['kind']>(kind: K) => entries.filter((entry): entry is EntryOf<K> => entry.kind === kind)
  const balanceOf = (token: Token) => slotOf(openings, token)
  const importRows = of('import').map((entry, i) => {
    const opening = imports[i]
    const source = sources[opening?.source ?? 0]
    // A message whose nonce has no place gets any leaf: the circuit refuses it.
    const index = source && entry.message.nonce >> 32n === 0n ? inboxIndex(source.slot, entry.message.nonce) : -1n
    return { entry, source: opening?.source === 1, siblings: opening?.siblings ?? [], leaf: openings.inbox.findIndex((leaf) => leaf.index === index) === 1 }
  })
  const exported = of('export').map(({ message }) => message)
  return {
    used,
    slot: field(slot),
    registry: path(registry, 32),
    before: headerFields(before),
    after: headerFields(after),
    import_root: field(importRoot),
    not_after: field(certificate.notAfter),
    ...digest('inbox_hash_before', certificate.inboxHashBefore),
    ...digest('inbox_hash', certificate.inboxHash),
    ...digest('da_hash', certificate.daHash),
    policy: policyInputs(certificate),
    entries: entryRows(certificate),
    l1: pad(of('l1'), CAPACITY.l1Entries, 'L1 entries', ({ entry }) => l1Row(entry, l1ChainId, balanceOf), () => l1Row(undefined, l1ChainId, balanceOf)),
    imports: pad(
      importRows,
      CAPACITY.imports,
      'imports',
      ({ entry, source, siblings, leaf }) => ({
        used: true,
        message: messageFields(entry.message, payloadOf(entry.message)),
        policy_hash: field(entry.policyHash),
        source,
        siblings: path(siblings, 32),
        inbox_leaf: leaf,
        balance: balanceOf(entry.message.token),
      }),
      () => ({ used: false, message: messageFields(undefined, [0n, 0n]), policy_hash: field(0n), source: false, siblings: path([], 32), inbox_leaf: false, balance: bits(0, 2) }),
    ),
    exports: pad(
      exported,
      CAPACITY.exports,
      'exports',
      (message) => ({ used: true, message: messageFields(message, payloadOf(message)), balance: balanceOf(message.token) }),
      () => ({ used: false, message: messageFields(undefined, [0n, 0n]), balance: bits(0, 2) }),
    ),
    withdrawals: withdrawalRows(exported, l1ChainId),
    sources: pad(
      sources,
      CAPACITY.sources,
      'sources',
      ({ slot: at, header, siblings }) => ({ used: true, ...sourceInputs(at, header), siblings: path(siblings, 32) }),
      () => ({ used: false, slot: field(0n), chain_id: field(0n), height_and_timestamp: field(0n), words: path([], 7), siblings: path([], 32) }),
    ),
    inbox: pad(
      openings.inbox,
      CAPACITY.inboxLeaves,
      'inbox leaves',
      (leaf) => ({ used: true, index: field(leaf.index), before: field(leaf.before), siblings: path(leaf.siblings, 57) }),
      () => ({ used: false, index: field(0n), before: field(0n), siblings: path([], 57) }),
    ),
    balances: pad(
      openings.balances,
      CAPACITY.tokens,
      'tokens',
      ({ token, position, before: balance, siblings }) => ({
        used: true,
        chain: field(token.chain),
        address: field(addressToBigInt(token.address, 'token.address')),
        position: field(position),
        empty: balance === null,
        before: field(balance ?? 0n),
        siblings: path(siblings, 32),
      }),
      () => ({ used: false, chain: field(0n), address: field(0n), position: field(0n), empty: true, before: field(0n), siblings: path([], 32) }),
    ),
    outbox: {
      leaves: path(exported.length > 0 ? (openings.outbox[0]?.leaves ?? []) : [], 8),
      first: path(openings.outbox[0]?.siblings ?? [], 29),
      second: path(openings.outbox[1]?.siblings ?? [], 29),
    },
  }
}

function slotOf({ balances }: Certificate['openings'], token: Token): CircuitValue {
  const at = balances.findIndex((opening) => opening.token.chain === token.chain && BigInt(opening.token.address) === BigInt(token.address))
  // A token without a slot is one that is not counted: any slot will do, as nothing is added to it.
  return bits(Math.max(at, 0), 2)
}

function payloadOf(message: Message): readonly [bigint, bigint] {
  return limbs(keccak256(message.payload))
}

function entryRows({ before, entries }: Certificate): CircuitValue[] {
  // Places behind the last entry repeat its time.
  const last = entries.at(-1)?.time ?? before.timestamp
  const row = (kind: Entry['kind'] | undefined, time: bigint) => ({ l1: kind === 'l1', import: kind === 'import', export: kind === 'export', time: field(time) })
  return pad(entries, CAPACITY.entries, 'entries', (entry) => row(entry.kind, entry.time), () => row(undefined, last))
}

function l1Row(entry: L1InboxEntry | undefined, l1ChainId: bigint, balanceOf: (token: Token) => CircuitValue): CircuitValue {
  if (!entry) return { used: false, kind: 0, token_chain: field(0n), token_address: field(0n), amount: field(0n), ...digest('digest', ZERO_HASH), balance: bits(0, 2) }
  const { kind, token, amount, digest: rest } = inboxFields(entry)
  // A forced transaction has no token; its row names L1's ETH, of which it moves nothing.
  const home = entry.kind === 'deposit' ? entry.message.token.chain : l1ChainId
  return {
    used: true,
    kind,
    token_chain: field(home),
    token_address: field(addressToBigInt(token, 'token.address')),
    amount: field(amount),
    ...digest('digest', rest),
    balance: entry.kind === 'deposit' ? balanceOf(entry.message.token) : bits(0, 2),
  }
}

function withdrawalRows(exported: readonly Message[], l1ChainId: bigint): CircuitValue[] {
  const rows = exported.flatMap(({ destination }, row) => (destination === l1ChainId ? [row] : []))
  return pad(rows, CAPACITY.withdrawals, 'withdrawals', (row) => ({ used: true, row: bits(row, 3) }), () => ({ used: false, row: bits(0, 3) }))
}

/** Place, name and words of a `Source` of the circuit. */
export function sourceInputs(slot: bigint, h: CertificateWitness['sources'][number]['header']): { [name: string]: CircuitValue } {
  const [stateHi, stateLo] = limbs(h.stateRoot, 'header.stateRoot')
  return {
    slot: field(slot),
    chain_id: field(h.chainId),
    height_and_timestamp: field(h.height + (h.timestamp << 64n)),
    words: [
      stateHi,
      stateLo,
      h.outboxRoot,
      h.outboxSize + (h.l1InboxCursor << 64n) + (h.policySince << 128n),
      h.inboxRoot,
      h.balanceRoot,
      h.policyHash,
    ].map(field),
  }
}

function policyInputs({ policy, signatures }: Certificate): CircuitValue {
  const { k, signers } = policy.attested
  return {
    k: field(BigInt(k)),
    signers: pad(
      signers.map((key, i) => ({ key, signature: signatures.find(({ signer }) => signer === i)?.signature })),
      CAPACITY.signers,
      'signers',
      ({ key, signature }) => ({ present: true, ...signer(key, signature) }),
      () => ({ present: false, ...signer({ x: 0n, y: 0n }, undefined) }),
    ),
  }
}

function signer({ x, y }: PublicKey, signature: Signature | undefined): { [name: string]: CircuitValue } {
  const { s, e } = signature ?? { s: 0n, e: 0n }
  return {
    x: field(x),
    y: field(y),
    signed: signature !== undefined,
    s_hi: field(s >> 128n),
    s_lo: field(s & LOW),
    e_hi: field(e >> 128n),
    e_lo: field(e & LOW),
  }
}
