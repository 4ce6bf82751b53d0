import { BarretenbergSync } from '@aztec/bb.js'
import { decodeJson, GRUMPKIN_ORDER, type Certificate, type ChainHeader, type ClusterDomain, type Entry, type EpochWitness, type Message, type Policy, type PublicKey, type Signature, type Token } from '@causeway/core'
import { readFileSync } from 'node:fs'
import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/*
 * A second source for what the golden vectors say in Poseidon2 and on Grumpkin: Barretenberg's C++, and the encodings written down
 * again from docs/protocol.md. Nothing here calls the code under test.
 */
function vectors<T>(name: string): T {
  return decodeJson(readFileSync(new URL(`../../../circuits/vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

let api: BarretenbergSync
beforeAll(async () => {
  api = await BarretenbergSync.initSingleton()
})
afterAll(() => BarretenbergSync.destroySingleton())

const FIELD = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n
const bytes = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const number = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString('hex')}`)
const permutation = (state: readonly bigint[]): bigint[] => api.poseidon2Permutation({ inputs: state.map(bytes) }).outputs.map(number)

/** Section 2: rate 3, the domain in the capacity. */
function H(tag: bigint, ...inputs: bigint[]): bigint {
  let state = [0n, 0n, 0n, tag * 2n ** 32n + BigInt(inputs.length)]
  for (let rest = inputs; rest.length > 0; rest = rest.slice(3)) state = permutation(state.map((item, i) => (i < 3 ? (item + (rest[i] ?? 0n)) % FIELD : item)))
  return state[0] as bigint
}
const word = (...parts: bigint[]) => parts.reduce((sum, part, i) => sum + part * 2n ** (64n * BigInt(i)), 0n)
const halves = (hex: Hex) => [BigInt(hex.slice(0, 34)), BigInt(`0x${hex.slice(34)}`)] as const
const tokenKey = ({ chain, address }: Token) => H(3n, chain, BigInt(address))
const messageHash = (m: Message, payload: readonly [bigint, bigint]) =>
  H(1n, word(m.source, m.nonce, m.timestamp), word(m.destination, m.expiry, m.gasLimit), BigInt(m.sender) + m.token.chain * 2n ** 160n, BigInt(m.recipient), BigInt(m.refundTo), BigInt(m.token.address), m.amount, m.fee, ...payload)
const headerHash = (h: ChainHeader) =>
  H(5n, word(h.chainId, h.height, h.timestamp), ...halves(h.stateRoot), h.outboxRoot, word(h.outboxSize, h.l1InboxCursor, h.policySince), h.inboxRoot, h.balanceRoot, h.policyHash)
const policyHash = ({ attested: { k, signers } }: Policy) =>
  H(6n, H(7n, BigInt(k), BigInt(signers.length), ...Array.from({ length: 8 }, (_, i) => [signers[i]?.x ?? 0n, signers[i]?.y ?? 0n]).flat()), 0n, 0n)

type MessageVector = { message: Message; words: bigint[]; hash: bigint; policyHash: bigint; leaf: bigint; tokenKey: bigint }
const messageVectors = vectors<MessageVector[]>('messages')

describe("golden vectors, by Barretenberg's hash", () => {
  test('permutation and sponge', () => {
    const { permutation: cases, sponge } = vectors<{ permutation: { input: bigint[]; output: bigint[] }[]; sponge: { tag: bigint; inputs: bigint[]; digest: bigint }[] }>('hashes')
    for (const { input, output } of cases) expect(permutation(input)).toEqual(output)
    for (const { tag, inputs, digest } of sponge) expect(H(tag, ...inputs)).toBe(digest)
  })

  test('trees', () => {
    type Vector = { id: bigint; depth: number; node: { level: number; left: bigint; right: bigint; hash: bigint }; emptyRoot: bigint; path: { index: bigint; leaf: bigint; siblings: bigint[]; root: bigint } }
    for (const { id, depth, node, emptyRoot, path } of vectors<Vector[]>('trees')) {
      const join = (level: number, left: bigint, right: bigint) => H(256n + 64n * id + BigInt(level), left, right)
      expect(join(node.level, node.left, node.right)).toBe(node.hash)
      let [empty, current] = [0n, path.leaf]
      for (let level = 0; level < depth; level++) {
        expect(path.siblings[level]).toBe(empty)
        current = path.index & (1n << BigInt(level)) ? join(level, empty, current) : join(level, current, empty)
        empty = join(level, empty, empty)
      }
      expect([empty, current]).toEqual([emptyRoot, path.root])
    }
  })

  test('messages, tokens and leaves', () => {
    for (const { message, words, hash, policyHash: grade, leaf, tokenKey: key } of messageVectors) {
      expect(messageHash(message, [words[8] as bigint, words[9] as bigint])).toBe(hash)
      expect(H(2n, hash, grade)).toBe(leaf)
      expect(tokenKey(message.token)).toBe(key)
    }
  })

  test('headers, balances and policies', () => {
    for (const { header, hash } of vectors<{ header: ChainHeader; hash: bigint }[]>('headers')) expect(headerHash(header)).toBe(hash)
    for (const { token, balance, leaf } of vectors<{ token: Token; balance: bigint; leaf: bigint }[]>('balances')) expect(H(4n, tokenKey(token), balance)).toBe(leaf)
    for (const { policy, hash } of vectors<{ policy: Policy; hash: bigint }[]>('policies')) expect(policyHash(policy)).toBe(hash)
  })

  test('entries digests and statements of an epoch', () => {
    type Vector = { domain: ClusterDomain; witness: EpochWitness; statements: { entriesDigest: bigint; statement: bigint }[]; publicInputs: bigint[] }
    const { witness, statements, publicInputs } = vectors<Vector>('epoch')
    const payloads = new Map<Hex, readonly [bigint, bigint]>(messageVectors.map(({ message, words }) => [message.payload, [words[8] as bigint, words[9] as bigint]]))
    // keccak256 of 0x1234, as any Ethereum tool prints it.
    payloads.set('0x1234', halves('0x56570de287d73cd1cb6092bb8fdee6173974955fdef345ae579ee9f475ea7432'))
    const leafOf = (entry: Entry, { before }: Certificate) => {
      if (entry.kind === 'l1') return 0n
      const payload = payloads.get(entry.message.payload)
      if (!payload) throw new Error(`no hash of ${entry.message.payload} is known`)
      return H(2n, messageHash(entry.message, payload), entry.kind === 'import' ? entry.policyHash : before.policyHash)
    }
    witness.certificates.forEach(({ certificate: c }, i) => {
      const kinds = { l1: 1n, import: 2n, export: 3n }
      const digest = c.entries.reduce((sum, entry) => H(8n, sum, kinds[entry.kind] + entry.time * 256n, leafOf(entry, c)), 0n)
      const [hi, lo] = publicInputs as [bigint, bigint]
      expect(digest).toBe(statements[i]?.entriesDigest)
      expect(H(9n, hi, lo, headerHash(c.before), headerHash(c.after), ...halves(c.inboxHash), digest, ...halves(c.daHash), c.notAfter)).toBe(statements[i]?.statement)
    })
    expect(statements.length).toBe(2)
  })
})

describe("golden vectors, by Barretenberg's Grumpkin", () => {
  const generator: PublicKey = { x: 1n, y: 17631683881184975370165255887551781615748388533673675138860n }
  const point = ({ x, y }: PublicKey) => ({ x: bytes(x), y: bytes(y) })
  const multiply = (of: PublicKey, scalar: bigint) => api.grumpkinMul({ point: point(of), scalar: bytes(scalar) }).point
  /** `R = s·G + e·P` by two multiplications and an addition, `e` again from R. */
  const verify = (key: PublicKey, statement: bigint, { s, e }: Signature) => {
    const r = api.grumpkinAdd({ pointA: multiply(generator, s), pointB: multiply(key, e) }).point
    return H(10n, number(r.x), key.x, key.y, statement) === e
  }

  test('keys and signatures', () => {
    const signatures = vectors<{ secret: bigint; statement: bigint; publicKey: PublicKey; signature: Signature }[]>('signatures')
    for (const { secret, statement, publicKey, signature } of signatures) {
      const { x, y } = multiply(generator, secret)
      expect({ x: number(x), y: number(y) }).toEqual(publicKey)
      expect(verify(publicKey, statement, signature)).toBe(true)
      expect(verify(publicKey, statement + 1n, signature)).toBe(false)
      // The signer's nonce, from its own equation s = r - e·x, leads to the same R.
      const nonce = (signature.s + signature.e * secret) % GRUMPKIN_ORDER
      expect(H(10n, number(multiply(generator, nonce).x), publicKey.x, publicKey.y, statement)).toBe(signature.e)
    }
    expect(signatures.length).toBe(3)
  })

  test('the order of the group is the one that signatures reduce by', () => {
    const { x, y } = multiply(generator, GRUMPKIN_ORDER - 1n)
    expect([number(x), number(y)]).toEqual([generator.x, FIELD - generator.y])
  })
})
