import {
  applyCertificate,
  applyEpoch,
  applyQueueEntry,
  CAPACITY,
  CausewayError,
  errorCode,
  genesisHeader,
  headerHash,
  isAdmissible,
  memoryNodes,
  messageLeaf,
  openTree,
  OUTBOX,
  REGISTRY,
  updateTree,
  type Certificate,
  type CertificateWitness,
  type ChainHeader,
  type ClusterDomain,
  type EpochResult,
  type EpochWitness,
  type NodeStore,
  type QueueEntry,
} from '@causeway/core'
import type { Address } from 'viem'
import { slotOf, type Registry } from './registry.js'

/** Why a certificate is not in an epoch. `waiting`: it will fit once what it depends on settles; `invalid`: never. */
export type Dropped = { certificate: Certificate; verdict: 'waiting' | 'invalid'; code: string; reason: string }

/** An epoch ready to be proven. */
export type ComposedEpoch = { witness: EpochWitness; result: EpochResult; certificates: readonly Certificate[] }

/** What an epoch is composed from. */
export type ComposeParameters = {
  registry: Registry
  domain: ClusterDomain
  /** L1 time, ms. */
  time: bigint
  beneficiary: Address
  /** Queue entries after `registry.queueApplied`; as many as the circuit takes are applied. */
  queue: readonly QueueEntry[]
  candidates: readonly Certificate[]
  /** Certificate places of the circuit. */
  places: number
}

/**
 * Composes an epoch: keeps the certificates that the twin accepts under the new root, and drops the others together with
 * whatever depends on them. Chains that do not depend on a dropped one are not touched.
 */
export function composeEpoch(parameters: ComposeParameters): { epoch: ComposedEpoch | null; dropped: Dropped[] } {
  const dropped: Dropped[] = []
  const base = applyQueue(parameters)
  let kept = orderBySlot(parameters, base.headers, dropped)
  while (kept.length > 0) {
    const trial = tryEpoch(parameters, base, kept.slice(0, parameters.places))
    if ('epoch' in trial) {
      for (const { certificate } of kept.slice(parameters.places)) dropped.push({ certificate, verdict: 'waiting', code: 'EPOCH_FULL', reason: 'the epoch has no place left' })
      return { epoch: trial.epoch, dropped }
    }
    dropped.push(...trial.dropped)
    const gone = new Set(trial.dropped.map(({ certificate }) => certificate))
    kept = kept.filter(({ certificate }) => !gone.has(certificate))
  }
  return { epoch: null, dropped }
}

/** Faults that lie with another chain's certificate, which may yet be dropped or replaced; everything else is the certificate's own. */
const WAITING = new Set(['IMPORT_NOT_FOUND', 'IMPORT_CONFLICT', 'MISSING_NODE'])

type Placed = { slot: bigint; certificate: Certificate }
type Base = { root: bigint; headers: Map<bigint, ChainHeader>; nodes: NodeStore; queue: EpochWitness['queue'] }

function applyQueue({ registry, queue, domain }: ComposeParameters): Base {
  const nodes = memoryNodes(registry.nodes)
  const headers = new Map(registry.headers)
  let { root, queueHash } = registry
  const openings = queue.slice(0, CAPACITY.queue).map((entry) => {
    const { leaf, siblings } = openTree(nodes, REGISTRY, root, entry.slot)
    const opening = { entry, leaf, siblings }
    const applied = applyQueueEntry(root, queueHash, opening, domain.l1ChainId)
    if (isAdmissible(entry, leaf, domain.l1ChainId)) {
      const header = genesisHeader(entry.chainId, entry.stateRoot, BigInt(entry.policyHash))
      headers.set(entry.slot, header)
      updateTree(nodes, REGISTRY, root, entry.slot, headerHash(header))
    }
    ;({ root, hash: queueHash } = applied)
    return opening
  })
  return { root, headers, nodes, queue: openings }
}

/** One certificate a chain, on the chain's settled header, in slot order; the others are dropped with a reason. */
function orderBySlot({ candidates }: ComposeParameters, headers: ReadonlyMap<bigint, ChainHeader>, dropped: Dropped[]): Placed[] {
  const placed = new Map<bigint, Placed>()
  for (const certificate of candidates) {
    const slot = slotOf({ headers }, certificate.before.chainId)
    const drop = (verdict: Dropped['verdict'], code: string, reason: string) => dropped.push({ certificate, verdict, code, reason })
    if (slot === undefined) drop('invalid', 'UNKNOWN_CHAIN', `chain ${certificate.before.chainId} is not a member of the cluster`)
    else if (placed.has(slot)) drop('waiting', 'SECOND_CERTIFICATE', 'the chain has another certificate in this epoch')
    else {
      const held = headers.get(slot) as ChainHeader
      if (held.height > certificate.before.height) drop('invalid', 'STALE_CERTIFICATE', `height ${held.height} is settled already`)
      else if (headerHash(held) !== headerHash(certificate.before))
        drop(held.height === certificate.before.height ? 'invalid' : 'waiting', 'NOT_ON_HEADER', 'it does not start at the settled header of its chain')
      else placed.set(slot, { slot, certificate })
    }
  }
  return [...placed.values()].sort((a, b) => (a.slot < b.slot ? -1 : 1))
}

function tryEpoch(parameters: ComposeParameters, base: Base, placed: readonly Placed[]): { epoch: ComposedEpoch } | { dropped: Dropped[] } {
  const { registry, domain, time, beneficiary } = parameters
  const nodes = memoryNodes(base.nodes)
  const headers = new Map(base.headers)
  const dropped: Dropped[] = []
  let root = base.root
  const paths = placed.map(({ slot, certificate }) => {
    const { siblings } = openTree(nodes, REGISTRY, root, slot)
    appendLeaves(nodes, certificate)
    root = updateTree(nodes, REGISTRY, root, slot, headerHash(certificate.after))
    headers.set(slot, certificate.after)
    return siblings
  })
  const witnesses = placed.map(({ slot, certificate }, i): CertificateWitness | null => {
    try {
      const witness = { ...openImports(nodes, base.headers, headers, root, certificate), slot, certificate, registry: paths[i] as bigint[] }
      applyCertificate(witness, { domain, time })
      return witness
    } catch (error) {
      const code = errorCode(error) ?? 'MALFORMED'
      dropped.push({ certificate, verdict: WAITING.has(code) ? 'waiting' : 'invalid', code, reason: error instanceof Error ? error.message : String(error) })
      return null
    }
  })
  if (dropped.length > 0) return { dropped }
  const witness: EpochWitness = {
    domain,
    epoch: registry.epoch + 1n,
    time,
    beneficiary,
    rootFrom: registry.root,
    queueHashFrom: registry.queueHash,
    queue: base.queue,
    certificates: witnesses.filter((item) => item !== null),
  }
  return { epoch: { witness, result: applyEpoch(witness), certificates: placed.map(({ certificate }) => certificate) } }
}

/** Puts a certificate's new leaves into the outbox tree of its chain, so that imports of them can be opened. */
function appendLeaves(nodes: NodeStore, { before, entries }: Certificate): void {
  let root = before.outboxRoot
  let nonce = before.outboxSize
  for (const entry of entries) if (entry.kind === 'export') root = updateTree(nodes, OUTBOX, root, nonce++, messageLeaf(entry.message, before.policyHash))
}

/** Opens each import under the new root. @throws `IMPORT_NOT_FOUND` if its leaf is not in the outbox that the new root commits to */
function openImports(
  nodes: NodeStore,
  settled: ReadonlyMap<bigint, ChainHeader>,
  headers: ReadonlyMap<bigint, ChainHeader>,
  root: bigint,
  { entries }: Certificate,
): Pick<CertificateWitness, 'importRoot' | 'sources' | 'imports'> {
  const sources: { slot: bigint; header: ChainHeader; siblings: bigint[] }[] = []
  const imports = entries.flatMap((entry) => {
    if (entry.kind !== 'import') return []
    const { message } = entry
    let source = sources.findIndex(({ header }) => header.chainId === message.source)
    if (source < 0) {
      const slot = slotOf({ headers }, message.source)
      if (slot === undefined) throw notFound(message.source, message.nonce)
      source = sources.push({ slot, header: headers.get(slot) as ChainHeader, siblings: openTree(nodes, REGISTRY, root, slot).siblings }) - 1
    }
    const { header } = sources[source] as (typeof sources)[number]
    if (message.nonce >= header.outboxSize) throw notFound(message.source, message.nonce)
    const { leaf, siblings } = openTree(nodes, OUTBOX, header.outboxRoot, message.nonce)
    if (leaf !== messageLeaf(message, entry.policyHash))
      throw new CausewayError(`Message ${message.nonce} of chain ${message.source} is another one than the certificate imports.`, {
        code: message.nonce < (settled.get(slotOf({ headers }, message.source) as bigint)?.outboxSize ?? 0n) ? 'IMPORT_REPLACED' : 'IMPORT_CONFLICT',
      })
    return [{ source, siblings }]
  })
  return { importRoot: imports.length > 0 ? root : 0n, sources, imports }
}

function notFound(source: bigint, nonce: bigint): CausewayError {
  return new CausewayError(`Message ${nonce} of chain ${source} is in no outbox of this epoch.`, { code: 'IMPORT_NOT_FOUND', fix: 'wait for the certificate of the source' })
}
