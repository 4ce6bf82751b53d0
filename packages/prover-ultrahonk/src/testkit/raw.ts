import { BALANCE, FIELD, groupRoot, OUTBOX, pathRoot, poseidon2, REGISTRY, TAG, type AttestationSigner } from '@causeway/core'
import { sha256, type Hex } from 'viem'
import { field } from '../circuit-values.js'

/*
 * What the circuit computes from its inputs, and nothing that it checks: a forger edits the inputs and then makes roots, hashes, signatures
 * and L1 data consistent with the edit, also where a number is out of its range. All in the first certificate.
 */

/** Circuit inputs, seen as what a forger edits. */
export type Loose = { [name: string]: Loose } & { [index: number]: Loose } & string

const mod = (value: bigint) => ((value % FIELD) + FIELD) % FIELD
const num = (value: unknown) => mod(BigInt(value as string | number | boolean))
const list = (value: unknown) => value as unknown as Loose[]
const of = (holder: Loose | undefined, name: string) => num(holder?.[name])
const path = (holder: Loose, name: string) => list(holder[name]).map(num)
const put = (holder: Loose, name: string, value: bigint) => Object.assign(holder, { [name]: field(value) })
const used = (row: Loose) => Boolean(row['used'])

/** The first certificate of the inputs. */
export const certificateOf = (inputs: Loose): Loose => inputs['certificates']?.[0] as Loose

function headerHash(h: Loose): bigint {
  return poseidon2(TAG.header, [
    mod(of(h, 'chain_id') + (of(h, 'height') << 64n) + (of(h, 'timestamp') << 128n)),
    of(h, 'state_root_hi'),
    of(h, 'state_root_lo'),
    of(h, 'outbox_root'),
    mod(of(h, 'outbox_size') + (of(h, 'l1_inbox_cursor') << 64n) + (of(h, 'policy_since') << 128n)),
    of(h, 'inbox_root'),
    of(h, 'balance_root'),
    of(h, 'policy_hash'),
  ])
}

function leafOf(m: Loose, policyHash: bigint): bigint {
  const words = [
    of(m, 'source') + (of(m, 'nonce') << 64n) + (of(m, 'timestamp') << 128n),
    of(m, 'destination') + (of(m, 'expiry') << 64n) + (of(m, 'gas_limit') << 128n),
    of(m, 'sender') + (of(m, 'token_chain') << 160n),
    ...['recipient', 'refund_to', 'token_address', 'amount', 'fee', 'payload_hi', 'payload_lo'].map((name) => of(m, name)),
  ]
  return poseidon2(TAG.leaf, [poseidon2(TAG.message, words.map(mod)), policyHash])
}

function exportLeaves(certificate: Loose): bigint[] {
  const policyHash = of(certificate['before'], 'policy_hash')
  return list(certificate['exports']).map((row) => (used(row) ? leafOf(row['message'] as Loose, policyHash) : 0n))
}

/** Policy hash, as if the chain had been registered with the policy that is there. */
export function rewritePolicy(certificate: Loose): void {
  const signers = list(certificate['policy']?.['signers'])
  const keys = signers.flatMap((signer) => [of(signer, 'x'), of(signer, 'y')])
  const n = signers.filter((signer) => Boolean(signer['present'])).length
  const hash = poseidon2(TAG.policy, [poseidon2(TAG.attested, [of(certificate['policy'], 'k'), BigInt(n), ...keys]), 0n, 0n])
  for (const header of ['before', 'after']) put(certificate[header] as Loose, 'policy_hash', hash)
}

/** Outbox after the exports, in their rows' places; they must all fit the group where they begin. */
export function rewriteOutbox(certificate: Loose): void {
  const size = of(certificate['before'], 'outbox_size')
  const opened = path(certificate['outbox'] as Loose, 'leaves')
  exportLeaves(certificate).forEach((leaf, i) => leaf !== 0n && (opened[Number(size % 8n) + i] = leaf))
  put(certificate['after'] as Loose, 'outbox_root', pathRoot(OUTBOX, size / 8n, groupRoot(opened), path(certificate['outbox'] as Loose, 'first'), 3))
}

/** Balances before and after, for the one slot that is used and a balance that ends as `final`. */
export function rewriteBalance(certificate: Loose, final: bigint): void {
  const slot = list(certificate['balances']).find(used) as Loose
  const key = poseidon2(TAG.token, [of(slot, 'chain'), of(slot, 'address')])
  const root = (leaf: bigint) => pathRoot(BALANCE, of(slot, 'position'), leaf, path(slot, 'siblings'))
  const leaf = (balance: bigint) => poseidon2(TAG.balance, [key, mod(balance)])
  put(certificate['before'] as Loose, 'balance_root', root(Boolean(slot['empty']) ? 0n : leaf(of(slot, 'before'))))
  put(certificate['after'] as Loose, 'balance_root', root(leaf(final)))
}

/** What the signers are told of the leaf of an entry. */
type Told = (leaf: bigint, kind: 'import' | 'export') => bigint

/** The rows' leaves in the order of the entries. */
function entriesDigest(certificate: Loose, told: Told): bigint {
  const rows = { l1: 0, import: 0, export: 0 }
  const policyHash = of(certificate['before'], 'policy_hash')
  return list(certificate['entries']).reduce((digest, entry) => {
    const kind = (['l1', 'import', 'export'] as const).find((name) => Boolean(entry[name]))
    if (!kind) return digest
    const row = list(certificate[`${kind}s`] ?? certificate[kind])[rows[kind]++] as Loose
    const leaf = kind === 'l1' ? 0n : told(leafOf(row['message'] as Loose, kind === 'import' ? of(row, 'policy_hash') : policyHash), kind)
    return poseidon2(TAG.entry, [digest, mod({ l1: 1n, import: 2n, export: 3n }[kind] + of(entry, 'time') * 256n), leaf])
  }, 0n)
}

/**
 * Signs the certificate as it is, and brings the epoch's roots and L1 data in line with it: the header before becomes the registered one.
 */
export async function seal(inputs: Loose, signers: readonly AttestationSigner[], told: Told = (leaf) => leaf): Promise<void> {
  const certificate = certificateOf(inputs)
  const [before, after] = ['before', 'after'].map((name) => certificate[name] as Loose) as [Loose, Loose]
  const statement = poseidon2(TAG.statement, [
    of(inputs, 'domain_hi'),
    of(inputs, 'domain_lo'),
    headerHash(before),
    headerHash(after),
    of(certificate, 'inbox_hash_hi'),
    of(certificate, 'inbox_hash_lo'),
    entriesDigest(certificate, told),
    of(certificate, 'da_hash_hi'),
    of(certificate, 'da_hash_lo'),
    of(certificate, 'not_after'),
  ])
  for (const signer of signers) {
    const place = list(certificate['policy']?.['signers']).find((row) => of(row, 'x') === signer.publicKey.x)
    if (!place) continue
    for (const [name, value] of Object.entries(await signer.sign(statement))) {
      put(place, `${name}_hi`, value >> 128n)
      put(place, `${name}_lo`, value & ((1n << 128n) - 1n))
    }
  }
  const root = (header: Loose) => pathRoot(REGISTRY, of(certificate, 'slot'), headerHash(header), path(certificate, 'registry'))
  if (used(certificate)) {
    put(inputs, 'root_from', root(before))
    put(inputs, 'root_to', root(after))
    showData(inputs, certificate)
  }
}

/** L1 data (docs/protocol.md, section 10), of a certificate without withdrawals. */
function showData(inputs: Loose, certificate: Loose): void {
  const after = certificate['after'] as Loose
  const leaves = exportLeaves(certificate)
  const hex = (value: bigint, bytes: number) => value.toString(16).padStart(2 * bytes, '0').slice(-2 * bytes)
  const digest = (holder: Loose, name: string) => hex(of(holder, `${name}_hi`), 16) + hex(of(holder, `${name}_lo`), 16)
  const data = [
    digest(inputs, 'acc_from'),
    hex(of(certificate, 'slot'), 4),
    ...['chain_id', 'height', 'timestamp', 'l1_inbox_cursor'].map((name) => hex(of(after, name), 8)),
    hex(of(certificate, 'not_after'), 8),
    hex(BigInt(list(certificate['exports']).filter(used).length), 4),
    digest(after, 'state_root'),
    hex(of(after, 'inbox_root'), 32),
    hex(of(after, 'balance_root'), 32),
    digest(certificate, 'inbox_hash'),
    hex(of(certificate, 'import_root'), 32),
    digest(certificate, 'da_hash'),
    ...leaves.map((leaf) => hex(leaf, 32)),
    ...[0n, 0n, 0n, 0n].map((none) => hex(none, 32)),
  ]
  const accumulator = BigInt(sha256(`0x${data.join('')}` as Hex))
  put(inputs, 'acc_to_hi', accumulator >> 128n)
  put(inputs, 'acc_to_lo', accumulator & ((1n << 128n) - 1n))
}
