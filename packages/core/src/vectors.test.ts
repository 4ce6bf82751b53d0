import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { permute } from '@zkpassport/poseidon2'
import type { Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import {
  accumulate,
  aliasL1Address,
  applyEpoch,
  attestationSigner,
  balanceLeaf,
  decodeJson,
  decodePolicy,
  domainSeparator,
  emptyRoot,
  emptySubtrees,
  encodePolicy,
  entriesDigest,
  headerHash,
  limbs,
  messageHash,
  messageId,
  messageLeaf,
  messageWords,
  nextDaHash,
  nextInboxHash,
  nextQueueHash,
  nodeHash,
  pathRoot,
  policyHash,
  poseidon2,
  schnorrSign,
  schnorrVerify,
  statement,
  toBytes32,
  tokenKey,
  withdrawalDigest,
  type CertificateL1Data,
  type ChainHeader,
  type ClusterDomain,
  type EpochWitness,
  type L1InboxEntry,
  type MerklePath,
  type Message,
  type Policy,
  type PublicKey,
  type QueueEntry,
  type Signature,
  type Token,
  type TreeShape,
} from './index.js'

/** The golden vectors that Noir and Solidity read too; written by `npm run vectors`. */
function vectors<T>(name: string): T {
  return decodeJson(readFileSync(new URL(`../../../circuits/vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

// A second encoder, written from docs/protocol.md alone, over Node's SHA-256 and noble's keccak.
const u = (bits: number, value: bigint | number) => Buffer.from(BigInt(value).toString(16).padStart(bits / 4, '0'), 'hex')
const raw = (hex: Hex) => Buffer.from(hex.slice(2), 'hex')
const joined = (length: number, ...parts: Buffer[]) => {
  const bytes = Buffer.concat(parts)
  expect(bytes.length, 'the length that the page gives').toBe(length)
  return bytes
}
const sha256 = (bytes: Buffer): Hex => `0x${createHash('sha256').update(bytes).digest('hex')}`
const keccak = (bytes: Buffer): Hex => `0x${Buffer.from(keccak_256(bytes)).toString('hex')}`

describe('golden vectors', () => {
  it('hashes', () => {
    const { permutation, sponge } = vectors<{ permutation: { input: bigint[]; output: bigint[] }[]; sponge: { tag: bigint; inputs: bigint[]; digest: bigint }[] }>('hashes')
    for (const { input, output } of permutation) expect(permute([...input])).toEqual(output)
    for (const { tag, inputs, digest } of sponge) expect(poseidon2(tag, inputs)).toBe(digest)
    expect(permutation.length + sponge.length).toBe(6)
  })

  it('trees', () => {
    type Vector = TreeShape & { node: { level: number; left: bigint; right: bigint; hash: bigint }; emptyRoot: bigint; path: { index: bigint; leaf: bigint; siblings: MerklePath; root: bigint } }
    const trees = vectors<Vector[]>('trees')
    expect(trees.map(({ name, id, depth }) => [name, id, depth])).toEqual([['registry', 0n, 32], ['outbox', 1n, 32], ['inbox', 2n, 57], ['balance', 3n, 32]])
    for (const { node, path, emptyRoot: empty, ...shape } of trees) {
      expect(nodeHash(shape, node.level, node.left, node.right)).toBe(node.hash)
      expect(emptyRoot(shape)).toBe(empty)
      expect(emptySubtrees(shape).slice(0, shape.depth)).toEqual(path.siblings)
      expect(pathRoot(shape, path.index, path.leaf, path.siblings)).toBe(path.root)
    }
  })

  it('messages', () => {
    type Vector = { message: Message; words: bigint[]; hash: bigint; policyHash: bigint; leaf: bigint; id: Hex; tokenKey: bigint; withdrawalDigest: Hex }
    for (const { message: m, words, hash, policyHash: grade, leaf, id, tokenKey: key, withdrawalDigest: digest } of vectors<Vector[]>('messages')) {
      expect(messageWords(m)).toEqual(words)
      expect(messageHash(m)).toBe(hash)
      expect(messageLeaf(m, grade)).toBe(leaf)
      expect(messageId(m)).toBe(id)
      expect(tokenKey(m.token)).toBe(key)
      expect(withdrawalDigest(m)).toBe(digest)

      expect(keccak(joined(24, u(64, m.source), u(64, m.destination), u(64, m.nonce)))).toBe(id)
      const payload = raw(keccak(raw(m.payload)))
      expect(words.slice(8)).toEqual(limbs(keccak(raw(m.payload))))
      const addresses = [m.sender, m.recipient, m.refundTo, m.token.address].map(raw)
      expect(sha256(joined(168, u(64, m.source), u(64, m.nonce), u(64, m.timestamp), ...addresses, u(128, m.amount), u(64, m.gasLimit), u(64, m.expiry), payload))).toBe(digest)
    }
  })

  it('headers', () => {
    const headers = vectors<{ header: ChainHeader; hash: bigint }[]>('headers')
    expect(headers.length).toBe(2)
    for (const { header, hash } of headers) expect(headerHash(header)).toBe(hash)
  })

  it('balances', () => {
    for (const { token, balance, leaf } of vectors<{ token: Token; balance: bigint; leaf: bigint }[]>('balances')) expect(balanceLeaf(tokenKey(token), balance)).toBe(leaf)
  })

  it('policies', () => {
    for (const { policy, encoded, hash } of vectors<{ policy: Policy; encoded: Hex; hash: bigint }[]>('policies')) {
      expect(policyHash(policy)).toBe(hash)
      expect(encodePolicy(policy)).toBe(encoded)
      expect(decodePolicy(encoded)).toEqual(policy)
    }
  })

  it('signatures', () => {
    for (const { secret, statement: signed, publicKey, signature } of vectors<{ secret: bigint; statement: bigint; publicKey: PublicKey; signature: Signature }[]>('signatures')) {
      expect(attestationSigner(u(256, secret)).publicKey).toEqual(publicKey)
      expect(schnorrSign(secret, signed)).toEqual(signature)
      expect(schnorrVerify(publicKey, signed, signature)).toBe(true)
    }
  })
})

type L1Vectors = {
  domain: ClusterDomain & { separator: Hex }
  alias: { address: Hex; alias: Hex }
  inbox: { entry: L1InboxEntry; before: Hex; after: Hex }[]
  queue: { entry: QueueEntry; before: Hex; after: Hex }[]
  da: { before: Hex; commitment: Hex; after: Hex }[]
  certificateData: (CertificateL1Data & { before: Hex; accumulator: Hex })[]
  withdrawals: { digests: Hex[]; root: Hex; paths: Hex[][] }
}

describe('golden vectors of what L1 computes', () => {
  const l1 = vectors<L1Vectors>('l1')

  it('domain separator', () => {
    const { separator, ...domain } = l1.domain
    expect(domainSeparator(domain)).toBe(separator)
    const text = (value: string) => raw(keccak(Buffer.from(value)))
    const type = text('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)')
    const encoded = joined(192, type, text('Causeway'), text('1'), u(256, domain.l1ChainId), u(256, BigInt(domain.hub)), raw(domain.clusterId))
    expect(keccak(encoded)).toBe(separator)
  })

  it('alias', () => expect(aliasL1Address(l1.alias.address)).toBe(l1.alias.alias))

  it('L1 inbox', () => {
    for (const { entry, before, after } of l1.inbox) {
      expect(nextInboxHash(before, entry)).toBe(after)
      const step = (kind: number, token: Hex, amount: bigint, digest: Hex) => sha256(joined(101, raw(before), u(8, kind), raw(token), u(128, amount), raw(digest)))
      if (entry.kind === 'forced') expect(step(2, `0x${'00'.repeat(20)}`, 0n, keccak(raw(entry.transaction)))).toBe(after)
      else {
        const m = entry.message
        const parts = [u(64, m.nonce), u(64, m.timestamp), raw(m.sender), raw(m.recipient), raw(m.refundTo), u(128, m.fee), u(64, m.gasLimit), u(64, m.expiry), raw(keccak(raw(m.payload)))]
        expect(step(1, m.token.address, m.amount, keccak(joined(140, ...parts)))).toBe(after)
      }
    }
  })

  it('registration queue', () => {
    for (const { entry, before, after } of l1.queue) {
      expect(nextQueueHash(before, entry)).toBe(after)
      const { kind, slot, chainId, stateRoot, policyHash: policy } = entry
      expect(sha256(joined(109, raw(before), u(8, kind), u(32, slot), u(64, chainId), raw(stateRoot), raw(policy)))).toBe(after)
    }
  })

  it('DA postings', () => {
    for (const { before, commitment, after } of l1.da) {
      expect(nextDaHash(before, commitment)).toBe(after)
      expect(keccak(joined(32 * 3, raw(before), raw(commitment)))).toBe(after)
    }
  })

  it('certificate data', () => {
    expect(l1.certificateData.length).toBe(2)
    for (const { before, accumulator, ...data } of l1.certificateData) {
      expect(accumulate(before, data)).toBe(accumulator)
      const { slot, certificate: { after: h, inboxHash, daHash, notAfter }, importRoot, leaves, withdrawals } = data
      const padded = (list: Buffer[], length: number) => Buffer.concat([...list, Buffer.alloc(32 * (length - list.length))])
      const encoded = joined(
        656,
        raw(before),
        ...[u(32, slot), u(64, h.chainId), u(64, h.height), u(64, h.timestamp), u(64, h.l1InboxCursor), u(64, notAfter), u(32, leaves.length)],
        ...[raw(h.stateRoot), u(256, h.inboxRoot), u(256, h.balanceRoot), raw(inboxHash), u(256, importRoot), raw(daHash)],
        padded(leaves.map((leaf) => u(256, leaf)), 8),
        padded(withdrawals.map(raw), 4),
      )
      expect(sha256(encoded)).toBe(accumulator)
    }
  })

  it('withdrawal tree: sorted pairs, as OpenZeppelin verifies them', () => {
    const { digests, root, paths } = l1.withdrawals
    paths.forEach((path, i) => expect(path.reduce<Hex>((node, sibling) => keccak(joined(64, ...[node, sibling].sort().map(raw))), digests[i] as Hex)).toBe(root))
    expect(paths.length).toBe(5)
  })
})

it('golden vector of an epoch', () => {
  type Vector = { domain: ClusterDomain; witness: EpochWitness; statements: { entriesDigest: bigint; statement: bigint }[]; publicInputs: bigint[]; rootTo: bigint; accumulator: Hex }
  const { domain, witness, statements, publicInputs, rootTo, accumulator } = vectors<Vector>('epoch')
  const result = applyEpoch(witness)
  expect(result.publicInputs).toEqual(publicInputs)
  expect([result.rootTo, result.accumulator]).toEqual([rootTo, accumulator])
  expect(toBytes32(publicInputs[13] as bigint).slice(34) + toBytes32(publicInputs[14] as bigint).slice(34)).toBe(accumulator.slice(2))
  expect(statements.length).toBe(2)
  witness.certificates.forEach(({ certificate }, i) => {
    expect(statement(domain, certificate)).toBe(statements[i]?.statement)
    expect(entriesDigest(certificate.entries, certificate.before.policyHash)).toBe(statements[i]?.entriesDigest)
  })
})
