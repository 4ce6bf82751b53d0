import {
  attestationSigner,
  attestedPolicy,
  draftCertificate,
  ETH,
  genesisHeader,
  memoryNodes,
  NEVER,
  nextDaHash,
  nextInboxHash,
  policyHash,
  signDraft,
  toBytes32,
  ZERO_HASH,
  type AttestationSigner,
  type Certificate,
  type CertificateDraft,
  type ChainHeader,
  type ClusterDomain,
  type Entry,
  type L1InboxEntry,
  type Message,
  type Policy,
  type QueueEntry,
  type Token,
} from '@causeway/core'
import type { Address, Hex } from 'viem'

/** L1 chain id of the twin-level fixtures. */
export const TEST_L1_CHAIN_ID = 31337n
export const TEST_DOMAIN: ClusterDomain = {
  l1ChainId: TEST_L1_CHAIN_ID,
  hub: '0x00000000000000000000000000000000000000b5',
  clusterId: `0x${'c1'.repeat(32)}`,
}

/** An address from a small number, for tests. */
export const testAddress = (n: number | bigint): Address => `0x${BigInt(n).toString(16).padStart(40, '0')}`

/** What {@link TwinChain.send} may set; everything else has a default. */
export type TestMessage = Partial<Omit<Message, 'source' | 'nonce' | 'timestamp' | 'token'>> & { destination: bigint; token?: Token }

/**
 * A chain as accounting sees it, without execution: it deposits, sends and imports by decree. Enough to make honest certificates,
 * and, by editing them before signing, dishonest ones.
 */
export type TwinChain = ReturnType<typeof createTwinChain>

/** Makes a {@link TwinChain} whose policy is k of n test keys (seeded by chain id). `slotOf` resolves sources. */
export function createTwinChain({ chainId, slot, k = 2, n = 2, slotOf }: { chainId: bigint; slot: bigint; k?: number; n?: number; slotOf(chainId: bigint): bigint }) {
  const signers: AttestationSigner[] = Array.from({ length: n }, (_, i) => attestationSigner(Uint8Array.from({ length: 32 }, (_, at) => Number(chainId % 200n) + i * 7 + at + 1)))
  const policy: Policy = attestedPolicy(k, signers.map(({ publicKey }) => publicKey))
  const hash = policyHash(policy)
  const stateRoot: Hex = toBytes32(chainId + 1n)
  const registration: QueueEntry = { kind: 1, slot, chainId, stateRoot, policyHash: toBytes32(hash) }
  const nodes = memoryNodes()
  let header: ChainHeader = genesisHeader(chainId, stateRoot, hash)
  let entries: Entry[] = []
  let sent = 0n
  let deposits = 0n
  let inboxHash: Hex = ZERO_HASH
  let inboxHashBefore: Hex = ZERO_HASH
  let daHash: Hex = ZERO_HASH
  let daIndex = 0n
  let time = 0n

  const chain = {
    chainId,
    slot,
    policy,
    signers,
    registration,
    nodes,
    get header() {
      return header
    },
    get entries(): readonly Entry[] {
      return entries
    },
    /** Sets the clock (ms) of the next entries. */
    at(now: bigint) {
      time = now
      return chain
    },
    /** A deposit from L1, credited at once. */
    deposit(amount: bigint, token: Token = { chain: TEST_L1_CHAIN_ID, address: ETH }): Message {
      const message: Message = {
        source: TEST_L1_CHAIN_ID,
        nonce: deposits++,
        timestamp: time,
        destination: chainId,
        sender: testAddress(0xaa),
        recipient: testAddress(0xbb),
        refundTo: testAddress(0xbb),
        token,
        amount,
        fee: 0n,
        gasLimit: 100_000n,
        expiry: NEVER,
        payload: '0x',
      }
      const entry: L1InboxEntry = { kind: 'deposit', index: message.nonce, message }
      inboxHash = nextInboxHash(inboxHash, entry)
      entries.push({ kind: 'l1', time, entry })
      return message
    },
    /** A message to another chain or to L1. */
    send(fields: TestMessage): Message {
      const message: Message = {
        sender: testAddress(0x51),
        recipient: testAddress(0x52),
        refundTo: testAddress(0x53),
        amount: 0n,
        fee: 0n,
        gasLimit: 100_000n,
        expiry: NEVER,
        payload: '0x',
        token: { chain: TEST_L1_CHAIN_ID, address: ETH },
        ...fields,
        source: chainId,
        nonce: header.outboxSize + sent++,
        timestamp: time,
      }
      entries.push({ kind: 'export', time, message })
      return message
    },
    /** Imports a message of another chain under that chain's grade. */
    import(message: Message, grade: bigint) {
      entries.push({ kind: 'import', time, message, policyHash: grade })
    },
    /** Closes the entries so far into an unsigned certificate; the chain moves on only with {@link accept}. */
    draft(options: { notAfter?: bigint; edit?: (entries: Entry[]) => Entry[] } = {}): CertificateDraft {
      daIndex += 1n
      daHash = nextDaHash(daHash, toBytes32(chainId * 1000n + daIndex))
      return draftCertificate(
        nodes,
        {
          before: header,
          entries: options.edit ? options.edit([...entries]) : [...entries],
          stateRoot: toBytes32(chainId * 1000n + header.height + 5n),
          timestamp: time,
          inboxHashBefore,
          inboxHash,
          daIndex,
          daHash,
          notAfter: options.notAfter ?? NEVER,
          policy,
        },
        slotOf,
      )
    },
    sign: (draft: CertificateDraft): Promise<Certificate> => signDraft(TEST_DOMAIN, draft, signers.slice(0, Math.max(k, 1))),
    certify: async (options: { notAfter?: bigint } = {}): Promise<Certificate> => chain.sign(chain.draft(options)),
    /** The certificate settled: the chain continues on its header. */
    accept(certificate: Certificate) {
      header = certificate.after
      inboxHashBefore = certificate.inboxHash
      entries = []
      sent = 0n
    },
  }
  return chain
}
