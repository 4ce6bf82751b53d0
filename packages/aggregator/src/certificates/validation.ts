import {
  applyCertificate,
  checkSignatures,
  checkStated,
  errorCode,
  genesisHeader,
  memoryNodes,
  messageLeaf,
  openTree,
  OUTBOX,
  REGISTRY,
  emptyRoot,
  headerHash,
  uint,
  updateTree,
  ZERO_HASH,
  type Certificate,
  type CertificateWitness,
  type ChainHeader,
  type ClusterDomain,
} from '@causeway/core'

/** Why something is not in an epoch. `waiting`: it will fit once what it depends on is there; `invalid`: never. */
export type Refusal = {
  verdict: 'waiting' | 'invalid'
  code: string
  reason: string
  /** The fault is in what nobody has signed: this copy is bad, and says nothing of the certificate (docs/protocol.md, section 13). */
  copy?: true
}

/** What the twin says of a certificate on its own; `leaves` are those it appends to its chain's outbox. */
export type Validation = { ok: true; leaves: readonly bigint[] } | ({ ok: false } & Refusal)

/** Refuses a certificate of a height that its chain has settled: it is history, whoever repeats it. `settled`: the chain's header on L1. */
export function staleRefusal({ before: { chainId, height } }: Certificate, settled: Pick<ChainHeader, 'height'>): Refusal | null {
  return settled.height > height ? { verdict: 'invalid', code: 'STALE_CERTIFICATE', reason: `height ${settled.height} of chain ${chainId} is settled already` } : null
}

/** Registry slot of a chain, or undefined if it has none. */
export type FindSlot = (chainId: bigint) => bigint | undefined

/**
 * Checks a certificate by itself: as if all that it imports existed, and at a time that suits its clock. What passes here
 * can only fail through others (a missing import, a header that moved) or by being early.
 */
export function validateCertificate(certificate: Certificate, domain: ClusterDomain, slotOf: FindSlot): Validation {
  try {
    // First, because it is cheap and only the chain's signers get past it.
    checkSignatures(certificate, domain)
  } catch (error) {
    return { ok: false, verdict: 'invalid', copy: true, ...faultOf(error) }
  }
  const context = { domain, time: certificate.after.timestamp }
  try {
    checkStated(certificate, context)
  } catch (error) {
    return { ok: false, verdict: 'invalid', ...faultOf(error) }
  }
  try {
    const witness = assumeImports(certificate, domain, slotOf)
    if (!witness) return { ok: false, verdict: 'waiting', code: 'UNKNOWN_SOURCE', reason: 'it imports from a chain that is not in the registry yet' }
    return { ok: true, leaves: applyCertificate(witness, context).leaves }
  } catch (error) {
    return { ok: false, verdict: 'invalid', copy: true, ...faultOf(error) }
  }
}

/** Code and text of what the twin threw. */
export function faultOf(error: unknown): { code: string; reason: string } {
  const message = error instanceof Error ? error.message : String(error)
  return { code: errorCode(error) ?? 'MALFORMED', reason: message.split('\n', 1)[0] ?? message }
}

/** Checks each certificate once: a slot is never given to another chain, so the answer does not age. */
export function cachedValidation(domain: ClusterDomain): (certificate: Certificate, slotOf: FindSlot) => Validation {
  const known = new WeakMap<Certificate, Validation>()
  return (certificate, slotOf) => {
    const before = known.get(certificate)
    if (before) return before
    const validation = validateCertificate(certificate, domain, slotOf)
    if (validation.ok || validation.verdict === 'invalid') known.set(certificate, validation)
    return validation
  }
}

/** A witness in which a made-up registry holds each source with just the imported messages in its outbox; null if a source has no slot. */
function assumeImports(certificate: Certificate, { l1ChainId }: ClusterDomain, slotOf: FindSlot): CertificateWitness | null {
  const nodes = memoryNodes()
  const sources: { chainId: bigint; slot: bigint; outboxRoot: bigint }[] = []
  const imports = certificate.entries.flatMap((entry) => (entry.kind === 'import' ? [entry] : []))
  for (const { message, policyHash } of imports) {
    let source = sources.find(({ chainId }) => chainId === message.source)
    if (!source) {
      // L1 has no slot; that it is no source is for rule R7 to say.
      const slot = message.source === l1ChainId ? 0n : slotOf(message.source)
      if (slot === undefined) return null
      source = { chainId: message.source, slot, outboxRoot: emptyRoot(OUTBOX) }
      sources.push(source)
    }
    source.outboxRoot = updateTree(nodes, OUTBOX, source.outboxRoot, uint(32, message.nonce, 'message.nonce'), messageLeaf(message, policyHash))
  }
  const headers = sources.map(({ chainId, slot, outboxRoot }) => ({ slot, header: { ...genesisHeader(chainId, ZERO_HASH, 0n), outboxRoot } }))
  const root = headers.reduce((before, { slot, header }) => updateTree(nodes, REGISTRY, before, slot, headerHash(header)), emptyRoot(REGISTRY))
  return {
    slot: 0n,
    certificate,
    registry: [],
    importRoot: imports.length > 0 ? root : 0n,
    sources: headers.map(({ slot, header }) => ({ slot, header, siblings: openTree(nodes, REGISTRY, root, slot).siblings })),
    imports: imports.map(({ message }) => {
      const source = sources.findIndex(({ chainId }) => chainId === message.source)
      return { source, siblings: openTree(nodes, OUTBOX, (sources[source] as (typeof sources)[number]).outboxRoot, message.nonce).siblings }
    }),
  }
}
