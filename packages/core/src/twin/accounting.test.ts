import { createTwinChain, createTwinCluster, randomEpoch, TEST_DOMAIN, TEST_L1_CHAIN_ID, testAddress, type TwinChain } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.js'
import { CAPACITY, ETH, NEVER } from '../protocol/limits.js'
import { tokenKey } from '../protocol/message.js'
import type { Entry, Message, Token } from '../protocol/types.js'
import { findBalance } from '../tree/balances.js'
import { INBOX, memoryNodes, openTree } from '../tree/tree.js'
import { applyEntries, fitsCertificate } from './accounting.js'
import { checkCertificate } from './certificate.js'

const eth: Token = { chain: TEST_L1_CHAIN_ID, address: ETH }
const slotOf = (chainId: bigint) => chainId - 101n
const message = (change: Partial<Message>): Message => ({
  ...{ source: 102n, nonce: 0n, timestamp: 1n, destination: 101n, sender: testAddress(1), recipient: testAddress(2), refundTo: testAddress(3) },
  ...{ token: eth, amount: 0n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
  ...change,
})
const imported = (change: Partial<Message> = {}): Entry => ({ kind: 'import', time: 5n, message: message(change), policyHash: 7n })
const exported = (change: Partial<Message> = {}): Entry => ({ kind: 'export', time: 5n, message: message({ source: 101n, destination: 102n, timestamp: 5n, ...change }) })
const deposited = (amount: bigint, change: Partial<Message> = {}): Entry => ({ kind: 'l1', time: 5n, entry: { kind: 'deposit', index: 0n, message: message({ source: TEST_L1_CHAIN_ID, amount, ...change }) } })
const forced: Entry = { kind: 'l1', time: 5n, entry: { kind: 'forced', index: 0n, transaction: '0x01' } }

/** Applies entries to a new chain, list by list. */
function apply(...lists: Entry[][]) {
  const chain = createTwinChain({ chainId: 101n, slot: 0n, slotOf })
  const nodes = memoryNodes()
  const context = { chainId: 101n, policyHash: 7n, slotOf }
  let state = applyEntries(nodes, chain.header, [], context).state
  for (const entries of lists) state = applyEntries(nodes, state, entries, context).state
  return { state, balance: (token: Token) => findBalance(nodes, state.balanceRoot, token).balance, bitmap: (index: bigint) => openTree(nodes, INBOX, state.inboxRoot, index).leaf }
}
const codeOf = (...lists: Entry[][]) => {
  try {
    apply(...lists)
    return 'accepted'
  } catch (error) {
    return errorCode(error)
  }
}

describe('applyEntries', () => {
  it.each([11])("gives headers and openings that the twin's own rules accept, seed %i", async (seed) => {
    const { cluster, epoch } = await randomEpoch(seed, 2)
    for (const certificate of epoch.certificates) {
      const { leaves } = checkCertificate(certificate, { domain: TEST_DOMAIN, time: cluster.time, slotOf })
      expect(BigInt(leaves.length)).toBe(certificate.after.outboxSize - certificate.before.outboxSize)
    }
  })

  it('counts what comes in and goes out, of foreign tokens only', () => {
    const own = { chain: 101n, address: testAddress(9) }
    const usdc = { chain: TEST_L1_CHAIN_ID, address: testAddress(0xc0) }
    const { state, balance } = apply(
      [deposited(100n), forced, imported({ amount: 20n }), exported({ amount: 120n }), exported({ token: own, amount: 10n ** 30n })],
      [imported({ nonce: 1n, token: usdc, amount: 5n }), exported({ token: usdc, amount: 2n }), imported({ nonce: 2n, token: own, amount: 3n }), imported({ nonce: 3n, token: { chain: 5n, address: testAddress(1) } })],
    )
    expect(balance(eth)).toBe(0n)
    expect(balance(usdc)).toBe(3n)
    expect([balance(own), balance({ chain: 5n, address: testAddress(1) }), balance({ ...usdc, chain: 102n })]).toEqual([null, null, null])
    expect([state.outboxSize, state.l1InboxCursor]).toEqual([3n, 2n])
  })

  it('is the same in one step and in many', () => {
    const entries = [deposited(100n), imported({ amount: 20n }), ...Array.from({ length: 7 }, (_, i) => exported({ amount: BigInt(i) })), imported({ nonce: 200n }), imported({ nonce: 1n }), forced]
    expect(apply(...entries.map((entry) => [entry])).state).toEqual(apply(entries).state)
  })

  it('marks the nonces that it consumed, 128 a leaf', () => {
    const { bitmap } = apply([imported(), imported({ nonce: 127n }), imported({ nonce: 128n })], [imported({ nonce: 3n })])
    const leaf = 1n << 25n
    expect([bitmap(leaf), bitmap(leaf + 1n), bitmap(leaf + 2n), bitmap(0n)]).toEqual([1n | 8n | (1n << 127n), 1n, 0n, 0n])
  })

  it('refuses a debit without cover at that point, and a message consumed before', () => {
    expect(codeOf([deposited(5n), exported({ amount: 5n })])).toBe('accepted')
    expect(codeOf([deposited(5n), exported({ amount: 6n })])).toBe('RULE_R20')
    expect(codeOf([exported({ amount: 5n }), deposited(5n)])).toBe('RULE_R20')
    expect(codeOf([deposited(5n)], [exported({ amount: 3n }), exported({ amount: 3n })])).toBe('RULE_R20')
    expect(codeOf([imported(), imported()])).toBe('RULE_R12')
    expect(codeOf([imported()], [imported({ amount: 9n })])).toBe('RULE_R12')
    // Nonces of another source are others.
    expect(codeOf([imported(), imported({ source: 103n })])).toBe('accepted')
    expect(codeOf([imported({ nonce: 2n ** 32n })])).toBe('OUT_OF_RANGE')
  })
})

describe('fitsCertificate', () => {
  const fits = (entries: Entry[]) => fitsCertificate(entries, { chainId: 101n, l1ChainId: TEST_L1_CHAIN_ID, slotOf })
  const many = (count: number, entry: (i: number) => Entry) => Array.from({ length: count }, (_, i) => entry(i))
  const token = (i: number): Token => ({ chain: TEST_L1_CHAIN_ID, address: testAddress(i + 1) })
  const nonce = (i: number) => ({ nonce: BigInt(i) })

  it.each<[string, number, (count: number) => Entry[]]>([
    ['L1 entries', CAPACITY.l1Entries, (count) => many(count, () => forced)],
    ['imports', CAPACITY.imports, (count) => many(count, (i) => imported(nonce(i)))],
    ['exports', CAPACITY.exports, (count) => many(count, () => exported())],
    ['withdrawals', CAPACITY.withdrawals, (count) => many(count, () => exported({ destination: TEST_L1_CHAIN_ID }))],
    ['foreign tokens', CAPACITY.tokens, (count) => many(count, (i) => (i % 2 ? imported({ ...nonce(i), token: token(i), amount: 1n }) : exported({ token: token(i), amount: 1n })))],
    ['sources', CAPACITY.sources, (count) => many(count, (i) => imported({ source: 102n + BigInt(i) }))],
    ['inbox leaves', CAPACITY.inboxLeaves, (count) => many(count, (i) => imported(nonce(128 * i)))],
    ['entries', CAPACITY.entries, (count) => [...many(4, () => forced), ...many(8, (i) => imported(nonce(i))), ...many(count - 12, () => exported())]],
  ])('has room for as many %s as the circuit, %i', (_, capacity, entries) => {
    expect(fits(entries(capacity))).toBe(true)
    expect(fits(entries(capacity + 1))).toBe(false)
  })

  it('does not count own tokens, nor tokens of which nothing moves', () => {
    const own = many(3, (i) => exported({ token: { chain: 101n, address: testAddress(i) }, amount: 1n }))
    const idle = many(4, (i) => exported({ token: token(i + 40) }))
    expect(fits([...own, ...idle, deposited(5n)])).toBe(true)
    expect(new Set([...own, ...idle].flatMap((entry) => (entry.kind === 'export' ? [tokenKey(entry.message.token)] : []))).size).toBe(7)
  })

  it('means what the twin means: a certificate at every limit is accepted', async () => {
    const cluster = createTwinCluster([101n, 102n], { places: 2 })
    const [a, b] = cluster.chains as [TwinChain, TwinChain]
    cluster.tick()
    for (let i = 0; i < 4; i++) a.deposit(1_000n, token(i))
    for (let i = 0; i < 8; i++) a.send({ destination: i < 4 ? TEST_L1_CHAIN_ID : b.chainId, amount: 1n, token: token(i % 4) })
    expect(fits([...a.entries])).toBe(true)
    expect(cluster.compose([await a.certify()]).dropped).toEqual([])
  })
})
