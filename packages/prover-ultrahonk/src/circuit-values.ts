import { addressToBigInt, CausewayError, FIELD, limbs, type ChainHeader, type Message } from '@causeway/core'
import type { Hex } from 'viem'

/** A value of the circuit's ABI: a field element as hex, a flag, a small number, or what is made of them. */
export type CircuitValue = string | number | boolean | CircuitValue[] | { [name: string]: CircuitValue }

/** A number as noir_js takes it: mod p, like the twin's hashes read what they are given. */
export function field(value: bigint): string {
  return `0x${(((value % FIELD) + FIELD) % FIELD).toString(16)}`
}

/** Encodes a list and fills it up. @throws `EPOCH_TOO_LARGE` if it is too long */
export function pad<T>(items: readonly T[], length: number, what: string, encode: (item: T) => CircuitValue, empty: () => CircuitValue): CircuitValue[] {
  if (items.length > length) throw new CausewayError(`The circuit has room for ${length} ${what}, not ${items.length}.`, { code: 'EPOCH_TOO_LARGE', docs: 'protocol.md#11-the-aggregate-proof' })
  return Array.from({ length }, (_, i) => (i < items.length ? encode(items[i] as T) : empty()))
}

/** A small number as flags, lowest bit first. */
export function bits(value: number, length: number): boolean[] {
  return Array.from({ length }, (_, i) => ((value >> i) & 1) === 1)
}

/** Siblings of a Merkle path; a place that is not used has zeros. */
export function path(siblings: readonly bigint[], depth: number): CircuitValue[] {
  return pad(siblings, depth, 'siblings', field, () => field(0n))
}

/** A 32-byte digest as two fields of the ABI, `<name>_hi` and `<name>_lo`. */
export function digest(name: string, value: Hex): { [name: string]: string } {
  const [hi, lo] = limbs(value, name)
  return { [`${name}_hi`]: field(hi), [`${name}_lo`]: field(lo) }
}

/** A `Header` of the circuit. */
export function headerFields(h: ChainHeader): CircuitValue {
  return {
    chain_id: field(h.chainId),
    height: field(h.height),
    timestamp: field(h.timestamp),
    ...digest('state_root', h.stateRoot),
    outbox_root: field(h.outboxRoot),
    outbox_size: field(h.outboxSize),
    inbox_root: field(h.inboxRoot),
    balance_root: field(h.balanceRoot),
    l1_inbox_cursor: field(h.l1InboxCursor),
    policy_hash: field(h.policyHash),
    policy_since: field(h.policySince),
  }
}

/** A `Message` of the circuit, with the limbs of its payload's hash; all zero for a place that is not used. */
export function messageFields(m: Message | undefined, payload: readonly [bigint, bigint]): CircuitValue {
  const address = (value: Hex | undefined) => field(value === undefined ? 0n : addressToBigInt(value, 'address'))
  return {
    source: field(m?.source ?? 0n),
    nonce: field(m?.nonce ?? 0n),
    timestamp: field(m?.timestamp ?? 0n),
    destination: field(m?.destination ?? 0n),
    sender: address(m?.sender),
    recipient: address(m?.recipient),
    refund_to: address(m?.refundTo),
    token_chain: field(m?.token.chain ?? 0n),
    token_address: address(m?.token.address),
    amount: field(m?.amount ?? 0n),
    fee: field(m?.fee ?? 0n),
    gas_limit: field(m?.gasLimit ?? 0n),
    expiry: field(m?.expiry ?? 0n),
    payload_hi: field(payload[0]),
    payload_lo: field(payload[1]),
  }
}
