/**
 * Writes the golden vectors of docs/protocol.md to circuits/vectors: `npm run vectors`. With `--check` it only compares.
 * TypeScript, Noir and Solidity each have a test that reads them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { permute } from '@zkpassport/poseidon2'
import {
  accumulate,
  aliasL1Address,
  attestationSigner,
  attestedPolicy,
  BALANCE,
  balanceLeaf,
  domainSeparator,
  emptySubtrees,
  encodeJson,
  encodePolicy,
  entriesDigest,
  genesisHeader,
  headerHash,
  INBOX,
  messageHash,
  messageId,
  messageLeaf,
  messageWords,
  nextDaHash,
  nextInboxHash,
  nextQueueHash,
  nodeHash,
  OUTBOX,
  pathRoot,
  policyHash,
  poseidon2,
  REGISTRY,
  schnorrSign,
  statement,
  TAG,
  tokenKey,
  withdrawalDigest,
  ZERO_HASH,
  type ClusterDomain,
  type L1InboxEntry,
  type Message,
  type QueueEntry,
} from '@causeway/core'
import { randomEpoch } from '@causeway/testing'
import { withdrawalTree } from '@causeway/contracts'
import { concatHex, type Hex } from 'viem'

const bytes = (pattern: string, length: number): Hex => `0x${pattern.repeat(length)}`
const domain: ClusterDomain = { l1ChainId: 31337n, hub: bytes('b5', 20), clusterId: bytes('c1', 32) }

const messages: Message[] = [
  {
    source: 42001n,
    nonce: 0n,
    timestamp: 1_700_000_000_123n,
    destination: 42002n,
    sender: bytes('51', 20),
    recipient: bytes('52', 20),
    refundTo: bytes('53', 20),
    token: { chain: 31337n, address: bytes('00', 20) },
    amount: 10n ** 18n,
    fee: 0n,
    gasLimit: 200_000n,
    expiry: 2n ** 64n - 1n,
    payload: '0x',
  },
  {
    source: 2n ** 64n - 2n,
    nonce: 2n ** 32n - 1n,
    timestamp: 2n ** 64n - 1n,
    destination: 31337n,
    sender: bytes('ff', 20),
    recipient: bytes('fe', 20),
    refundTo: bytes('fd', 20),
    token: { chain: 31337n, address: bytes('fc', 20) },
    amount: 2n ** 128n - 1n,
    fee: 2n ** 128n - 1n,
    gasLimit: 2n ** 64n - 1n,
    expiry: 0n,
    payload: '0x48656c6c6f2c204c3121',
  },
]
const secrets = [1n, 0x1234567890abcdefn, 2n ** 200n + 7n]
const policy = attestedPolicy(2, secrets.map((secret) => attestationSigner(Uint8Array.from(secret.toString(16).padStart(64, '0').match(/../g) as string[], (byte) => parseInt(byte, 16))).publicKey))
const header = { ...genesisHeader(42001n, bytes('aa', 32), policyHash(policy)), height: 7n, timestamp: 1_700_000_000_000n, outboxSize: 9n, l1InboxCursor: 3n, policySince: 2n }
// Whole seconds, as L1's clock is.
const deposit: L1InboxEntry = { kind: 'deposit', index: 0n, message: { ...(messages[0] as Message), source: 31337n, destination: 42001n, timestamp: 1_700_000_000_000n, payload: '0x1234' } }
const forced: L1InboxEntry = { kind: 'forced', index: 1n, transaction: '0x02f86b01' }
const registration: QueueEntry = { kind: 1, slot: 0n, chainId: 42001n, stateRoot: bytes('aa', 32), policyHash: `0x${policyHash(policy).toString(16).padStart(64, '0')}` }
const digests = [1, 2, 3, 4, 5].map((n) => withdrawalDigest({ ...(messages[1] as Message), nonce: BigInt(n) }))
/** Of a posting of two blobs. */
const commitment: Hex = concatHex(['0a', '0b'].map((pattern): Hex => `0x01${pattern.repeat(31)}`))
const { epoch } = await randomEpoch(42, 2)

/** L1 data of the epoch's certificates with other exports, each after the one before. */
function certificateData() {
  let before: Hex = ZERO_HASH
  return epoch.witness.certificates.map(({ slot, certificate: { after, inboxHash, daHash, notAfter }, importRoot }) => {
    const data = { slot, certificate: { after, inboxHash, daHash, notAfter }, importRoot, leaves: [1n, 2n, 3n], withdrawals: digests.slice(0, 2) }
    const accumulator = accumulate(before, data)
    const vector = { ...data, before, accumulator }
    before = accumulator
    return vector
  })
}

const files: Record<string, unknown> = {
  hashes: {
    permutation: [{ input: [0n, 0n, 0n, 0n], output: permute([0n, 0n, 0n, 0n]) }, { input: [1n, 2n, 3n, 4n], output: permute([1n, 2n, 3n, 4n]) }],
    sponge: [[], [1n], [1n, 2n, 3n], [1n, 2n, 3n, 4n]].map((inputs) => ({ tag: TAG.message, inputs, digest: poseidon2(TAG.message, inputs) })),
  },
  trees: [REGISTRY, OUTBOX, INBOX, BALANCE].map((shape) => {
    const siblings = emptySubtrees(shape).slice(0, shape.depth)
    return { ...shape, node: { level: 3, left: 5n, right: 6n, hash: nodeHash(shape, 3, 5n, 6n) }, emptyRoot: emptySubtrees(shape)[shape.depth], path: { index: 5n, leaf: 77n, siblings, root: pathRoot(shape, 5n, 77n, siblings) } }
  }),
  messages: messages.map((message) => ({
    message,
    words: messageWords(message),
    hash: messageHash(message),
    policyHash: policyHash(policy),
    leaf: messageLeaf(message, policyHash(policy)),
    id: messageId(message),
    tokenKey: tokenKey(message.token),
    withdrawalDigest: withdrawalDigest(message),
  })),
  headers: [header, genesisHeader(42001n, bytes('aa', 32), policyHash(policy))].map((item) => ({ header: item, hash: headerHash(item) })),
  balances: [{ token: messages[1]?.token, balance: 2n ** 200n - 1n, leaf: balanceLeaf(tokenKey((messages[1] as Message).token), 2n ** 200n - 1n) }],
  policies: [{ policy, encoded: encodePolicy(policy), hash: policyHash(policy) }],
  signatures: secrets.map((secret, i) => ({ secret, statement: BigInt(i + 1), publicKey: attestationSigner(Uint8Array.from(secret.toString(16).padStart(64, '0').match(/../g) as string[], (byte) => parseInt(byte, 16))).publicKey, signature: schnorrSign(secret, BigInt(i + 1)) })),
  l1: {
    domain: { ...domain, separator: domainSeparator(domain) },
    alias: { address: bytes('ff', 20), alias: aliasL1Address(bytes('ff', 20)) },
    inbox: [deposit, forced].map((entry, i, all) => ({ entry, before: all.slice(0, i).reduce(nextInboxHash, ZERO_HASH), after: all.slice(0, i + 1).reduce(nextInboxHash, ZERO_HASH) })),
    queue: [{ entry: registration, before: ZERO_HASH, after: nextQueueHash(ZERO_HASH, registration) }],
    da: [{ before: ZERO_HASH, commitment, after: nextDaHash(ZERO_HASH, commitment) }],
    certificateData: certificateData(),
    withdrawals: { digests, root: withdrawalTree(digests).root, paths: digests.map((_, i) => withdrawalTree(digests).path(i)) },
  },
  epoch: {
    domain: epoch.witness.domain,
    witness: epoch.witness,
    statements: epoch.witness.certificates.map(({ certificate }) => ({ entriesDigest: entriesDigest(certificate.entries, certificate.before.policyHash), statement: statement(epoch.witness.domain, certificate) })),
    publicInputs: epoch.result.publicInputs,
    rootTo: epoch.result.rootTo,
    accumulator: epoch.result.accumulator,
  },
}

const check = process.argv.includes('--check')
mkdirSync('circuits/vectors', { recursive: true })
for (const [name, value] of Object.entries(files)) {
  const file = `circuits/vectors/${name}.json`
  const text = `${JSON.stringify(JSON.parse(encodeJson(value)), null, 1)}\n`
  if (check && readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is not what the code computes: a golden vector changed`)
    process.exitCode = 1
  } else if (!check) writeFileSync(file, text)
}
if (!process.exitCode) console.log(`${Object.keys(files).length} files ${check ? 'are what the code computes' : 'written'}`)
