import {
  accumulate,
  addressToBigInt,
  BALANCE,
  domainSeparator,
  findBalance,
  headerHash,
  INBOX,
  limbs,
  openTree,
  OUTBOX,
  pathRoot,
  poseidon2,
  REGISTRY,
  TAG,
  tokenKey,
  updateTree,
  withdrawalDigest,
  writeBalance,
  ZERO_HASH,
  FIELD,
  isAdmissible,
  genesisHeader,
  nextQueueHash,
  type AccountingContext,
  type AccountingState,
  type CertificateOpenings,
  type ClusterDomain,
  type Entry,
  type EpochResult,
  type EpochWitness,
  type Message,
  type NodeStore,
  type Token,
  type Unsigned,
} from '@causeway/core'
import { keccak256, type Hex } from 'viem'

/*
 * The protocol without its rules: what a cheating chain or prover computes. Everything is consistent (hashes, roots, digests),
 * nothing is refused, and amounts are residues mod p, as they are in the circuit.
 */

const mod = (value: bigint) => ((value % FIELD) + FIELD) % FIELD

/** Leaf of a message whose fields may be out of range. */
export function uncheckedLeaf(m: Message, policyHash: bigint): bigint {
  const words = [
    m.source + (m.nonce << 64n) + (m.timestamp << 128n),
    m.destination + (m.expiry << 64n) + (m.gasLimit << 128n),
    addressToBigInt(m.sender, 'sender') + (m.token.chain << 160n),
    addressToBigInt(m.recipient, 'recipient'),
    addressToBigInt(m.refundTo, 'refundTo'),
    addressToBigInt(m.token.address, 'token'),
    m.amount,
    m.fee,
    ...limbs(keccak256(m.payload)),
  ]
  return poseidon2(TAG.leaf, [poseidon2(TAG.message, words.map(mod)), policyHash])
}

/** The statement of a certificate that need not be one. */
export function uncheckedStatement(domain: ClusterDomain, { before, after, entries, inboxHash, daHash, notAfter }: Unsigned): bigint {
  const kinds = { l1: 1n, import: 2n, export: 3n }
  const digest = entries.reduce((rolling, entry) => {
    const leaf = entry.kind === 'l1' ? 0n : uncheckedLeaf(entry.message, entry.kind === 'import' ? entry.policyHash : before.policyHash)
    return poseidon2(TAG.entry, [rolling, kinds[entry.kind] + (entry.time << 8n), leaf])
  }, 0n)
  return poseidon2(TAG.statement, [
    ...limbs(domainSeparator(domain)),
    headerHash(before),
    headerHash(after),
    ...limbs(inboxHash),
    digest,
    ...limbs(daHash),
    notAfter,
  ])
}

/** Applies entries to a chain's trees whatever they are. `creditTo` says which token's slot an entry hits, if not its own. */
export function uncheckedEntries(
  nodes: NodeStore,
  state: AccountingState,
  entries: readonly Entry[],
  context: AccountingContext,
  creditTo: (token: Token, entry: number) => Token = (token) => token,
): { state: AccountingState; openings: CertificateOpenings; leaves: bigint[] } {
  const balances: { token: Token; change: bigint }[] = []
  const bitmaps = new Map<bigint, bigint>()
  const leaves: bigint[] = []
  let cursor = state.l1InboxCursor
  entries.forEach((entry, i) => {
    const move = (token: Token, change: bigint) => {
      if (change === 0n || token.chain === context.chainId) return
      const target = creditTo(token, i)
      const held = balances.find((item) => tokenKey(item.token) === tokenKey(target))
      if (held) held.change += change
      else balances.push({ token: target, change })
    }
    if (entry.kind === 'l1') {
      cursor += 1n
      if (entry.entry.kind === 'deposit') move(entry.entry.message.token, entry.entry.message.amount)
    } else if (entry.kind === 'import') {
      const index = (context.slotOf(entry.message.source) << 25n) + (entry.message.nonce >> 7n)
      bitmaps.set(index, (bitmaps.get(index) ?? openTree(nodes, INBOX, state.inboxRoot, index).leaf) + (1n << (entry.message.nonce & 127n)))
      move(entry.message.token, entry.message.amount)
    } else {
      move(entry.message.token, -entry.message.amount)
      leaves.push(uncheckedLeaf(entry.message, context.policyHash))
    }
  })

  let { outboxRoot, inboxRoot, balanceRoot } = state
  const openings = {
    inbox: [...bitmaps].map(([index, bitmap]) => {
      const { leaf, siblings } = openTree(nodes, INBOX, inboxRoot, index)
      inboxRoot = updateTree(nodes, INBOX, inboxRoot, index, bitmap)
      return { index, before: leaf, siblings }
    }),
    balances: balances.map(({ token, change }) => {
      const { position, balance } = findBalance(nodes, balanceRoot, token)
      const { siblings } = openTree(nodes, BALANCE, balanceRoot, position)
      balanceRoot = writeBalance(nodes, balanceRoot, position, tokenKey(token), mod((balance ?? 0n) + change))
      return { token, position, before: balance, siblings }
    }),
    outbox: [] as { group: bigint; leaves: bigint[]; siblings: bigint[] }[],
  }
  const size = state.outboxSize + BigInt(leaves.length)
  for (let group = state.outboxSize / 8n; leaves.length > 0 && group <= (size - 1n) / 8n; group++) {
    const held = Array.from({ length: 8 }, (_, i) => openTree(nodes, OUTBOX, outboxRoot, group * 8n + BigInt(i)).leaf)
    openings.outbox.push({ group, leaves: held, siblings: openTree(nodes, OUTBOX, outboxRoot, group, 3).siblings })
    leaves.forEach((leaf, i) => {
      const position = state.outboxSize + BigInt(i)
      if (position / 8n === group) outboxRoot = updateTree(nodes, OUTBOX, outboxRoot, position, leaf)
    })
  }
  return { state: { outboxRoot, outboxSize: size, inboxRoot, balanceRoot, l1InboxCursor: cursor }, openings, leaves }
}

/** The public inputs that go with a witness that need not keep the rules. */
export function uncheckedResult(witness: EpochWitness): EpochResult {
  const { domain } = witness
  let root = witness.rootFrom
  let queueHashTo: Hex = witness.queueHashFrom
  for (const { entry, leaf, siblings } of witness.queue) {
    if (isAdmissible(entry, leaf, domain.l1ChainId))
      root = pathRoot(REGISTRY, entry.slot, headerHash(genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))), siblings)
    queueHashTo = nextQueueHash(queueHashTo, entry)
  }
  let accumulator = ZERO_HASH
  for (const { slot, certificate, registry, importRoot } of witness.certificates) {
    const messages = certificate.entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))
    const leaves = messages.map((m) => uncheckedLeaf(m, certificate.before.policyHash))
    const withdrawals = messages.filter((m) => m.destination === domain.l1ChainId).map(withdrawalDigest)
    accumulator = accumulate(accumulator, { slot, certificate, importRoot, leaves, withdrawals })
    root = pathRoot(REGISTRY, slot, headerHash(certificate.after), registry)
  }
  return {
    rootTo: root,
    queueHashTo,
    accumulator,
    publicInputs: [
      ...limbs(domainSeparator(domain)),
      domain.l1ChainId,
      witness.epoch,
      witness.time,
      witness.rootFrom,
      root,
      ...limbs(witness.queueHashFrom),
      ...limbs(queueHashTo),
      0n,
      0n,
      ...limbs(accumulator),
      BigInt(witness.beneficiary),
    ],
  }
}
