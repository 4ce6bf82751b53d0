import { NEVER, ZERO_HASH, type Message, type SignedHead } from '@causeway/core'
import { createRandom, TEST_DOMAIN, testAddress } from '@causeway/testing'
import { encodeAbiParameters, keccak256, stringToHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { headDigest, signHead, verifyHead, type UnsignedHead } from './head.js'

const batcher = privateKeyToAccount(`0x${'17'.repeat(32)}`)
const member = { batcher: batcher.address, era: 0n }
const message: Message = {
  source: 101n,
  nonce: 5n,
  timestamp: 2_000n,
  destination: 102n,
  sender: testAddress(1),
  recipient: testAddress(2),
  refundTo: testAddress(3),
  token: { chain: 31337n, address: testAddress(0) },
  amount: 7n,
  fee: 0n,
  gasLimit: 50_000n,
  expiry: NEVER,
  payload: '0x1234',
}
const head: UnsignedHead = {
  chainId: 101n,
  incarnation: 1n,
  number: 9n,
  hash: `0x${'aa'.repeat(32)}`,
  parentHash: `0x${'bb'.repeat(32)}`,
  timestamp: 2_000n,
  policyHash: 77n,
  messages: [message, { ...message, nonce: 6n }],
}

describe('heads', () => {
  it('are signed and verified', async () => {
    const signed = await signHead(TEST_DOMAIN, head, batcher)
    expect(verifyHead(TEST_DOMAIN, signed, member)).toBe(true)
    expect(verifyHead(TEST_DOMAIN, signed, { ...member, batcher: batcher.address.toLowerCase() as Hex })).toBe(true)
    expect(verifyHead(TEST_DOMAIN, signed, { ...member, batcher: testAddress(9) })).toBe(false)
  })

  it('hold no message that no outbox has a place for', async () => {
    const signed = await signHead(TEST_DOMAIN, { ...head, messages: [{ ...message, nonce: 1n << 32n }] }, batcher)
    expect(verifyHead(TEST_DOMAIN, signed, member)).toBe(false)
  })

  it('bind the cluster and every field', async () => {
    const signed = await signHead(TEST_DOMAIN, head, batcher)
    for (const domain of [{ ...TEST_DOMAIN, l1ChainId: 1n }, { ...TEST_DOMAIN, hub: testAddress(1) }, { ...TEST_DOMAIN, clusterId: ZERO_HASH }])
      expect(verifyHead(domain, signed, member)).toBe(false)
    const changes: Partial<SignedHead>[] = [
      { incarnation: 2n },
      { number: 10n },
      { hash: ZERO_HASH },
      { parentHash: ZERO_HASH },
      { policyHash: 78n },
      { messages: [message] },
      { messages: [] },
      { messages: [message, { ...message, nonce: 6n, payload: '0x1235' }] },
      { messages: [message, { ...message, nonce: 6n, amount: 8n }] },
    ]
    const digest = headDigest(TEST_DOMAIN, head)
    for (const change of changes) {
      expect(headDigest(TEST_DOMAIN, { ...head, ...change })).not.toBe(digest)
      expect(verifyHead(TEST_DOMAIN, { ...signed, ...change }, member)).toBe(false)
    }
  })

  it('count in the era that they were signed in, also if an account is the batcher of another', async () => {
    const later = await signHead(TEST_DOMAIN, { ...head, incarnation: (2n << 64n) + 1n }, batcher)
    expect(verifyHead(TEST_DOMAIN, later, { ...member, era: 2n })).toBe(true)
    for (const era of [0n, 1n, 3n]) expect(verifyHead(TEST_DOMAIN, later, { ...member, era })).toBe(false)
    expect(verifyHead(TEST_DOMAIN, await signHead(TEST_DOMAIN, { ...head, incarnation: (1n << 64n) - 1n }, batcher), { ...member, era: 1n })).toBe(false)
  })

  it('must hold messages that can be the chain\'s', async () => {
    const impossible: Partial<UnsignedHead>[] = [
      { timestamp: 2_001n },
      { chainId: 102n },
      { messages: [message, message] },
      { messages: [message, { ...message, nonce: 7n }] },
      { messages: [{ ...message, source: 102n }] },
      { messages: [{ ...message, destination: 101n }] },
    ]
    for (const change of impossible) expect(verifyHead(TEST_DOMAIN, await signHead(TEST_DOMAIN, { ...head, ...change }, batcher), member)).toBe(false)
  })

  it('are false, never an exception, when malformed (SEED=7)', async () => {
    const signed = await signHead(TEST_DOMAIN, head, batcher)
    const random = createRandom(7)
    for (let run = 0; run < 40; run++) {
      const signature = `0x${Array.from({ length: 65 }, () => random.pick(['00', 'ff', '1b', '1c', 'a7'])).join('')}` as Hex
      expect(verifyHead(TEST_DOMAIN, { ...signed, signature }, member)).toBe(false)
    }
    for (const change of [{ signature: '0x' as Hex }, { hash: '0x12' as Hex }, { policyHash: -1n }, { number: 2n ** 64n }])
      expect(verifyHead(TEST_DOMAIN, { ...signed, ...change }, member)).toBe(false)
  })

  it('have the digest that the TSDoc says', () => {
    const bare: UnsignedHead = { ...head, messages: [] }
    const word = (value: bigint | Hex) => (typeof value === 'bigint' ? value.toString(16) : value.slice(2)).padStart(64, '0')
    const text = stringToHex('Causeway head v1')
    const domain = keccak256(
      encodeAbiParameters(
        [{ type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }, { type: 'bytes32' }],
        [
          keccak256(stringToHex('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)')),
          keccak256(stringToHex('Causeway')),
          keccak256(stringToHex('1')),
          TEST_DOMAIN.l1ChainId,
          TEST_DOMAIN.hub,
          TEST_DOMAIN.clusterId,
        ],
      ),
    )
    const encoded = [
      word(320n), domain.slice(2), word(101n), word(1n), word(9n), word(bare.hash), word(bare.parentHash), word(2_000n), word(77n), word(384n),
      word(16n), text.slice(2).padEnd(64, '0'), word(0n),
    ].join('')
    expect(headDigest(TEST_DOMAIN, bare)).toBe(keccak256(`0x${encoded}`))
  })
})
