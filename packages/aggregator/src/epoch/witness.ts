import {
  headerHash,
  memoryNodes,
  openTree,
  OUTBOX,
  REGISTRY,
  updateTree,
  type CertificateWitness,
  type ChainHeader,
  type EpochWitness,
  type NodeStore,
} from '@causeway/core'
import { appendLeaves, slotOf, type Registry } from '../registry/registry.js'
import type { Base } from './apply-queue.js'
import type { Placed } from './dependencies.js'

/**
 * The witness of an epoch with these certificates, in ascending order of slot. Every import is opened under the new root,
 * also those that an older root would do for: one root serves all.
 */
export function assembleEpoch({ registry, domain, time, beneficiary }: { registry: Registry } & Pick<EpochWitness, 'domain' | 'time' | 'beneficiary'>, base: Base, members: readonly Placed[]): EpochWitness {
  const nodes = memoryNodes(base.nodes)
  const headers = new Map(base.headers)
  let root = base.root
  const paths = members.map(({ slot, certificate, leaves }) => {
    const { siblings } = openTree(nodes, REGISTRY, root, slot)
    appendLeaves(nodes, certificate.before, leaves)
    root = updateTree(nodes, REGISTRY, root, slot, headerHash(certificate.after))
    headers.set(slot, certificate.after)
    return siblings
  })
  return {
    domain,
    epoch: registry.epoch + 1n,
    time,
    beneficiary,
    rootFrom: registry.root,
    queueHashFrom: registry.queueHash,
    queue: base.queue,
    certificates: members.map((member, i) => ({ ...openImports(nodes, headers, root, member), slot: member.slot, certificate: member.certificate, registry: paths[i] as bigint[] })),
  }
}

/** Opens each import under the new root. */
function openImports(nodes: Pick<NodeStore, 'get'>, headers: ReadonlyMap<bigint, ChainHeader>, root: bigint, { certificate }: Placed): Pick<CertificateWitness, 'importRoot' | 'sources' | 'imports'> {
  const sources: { slot: bigint; header: ChainHeader; siblings: bigint[] }[] = []
  const imports = certificate.entries.flatMap((entry) => {
    if (entry.kind !== 'import') return []
    const { message } = entry
    let source = sources.findIndex(({ header }) => header.chainId === message.source)
    if (source < 0) {
      // That the source is a member was settled with the dependencies.
      const slot = slotOf({ headers }, message.source) as bigint
      source = sources.push({ slot, header: headers.get(slot) as ChainHeader, siblings: openTree(nodes, REGISTRY, root, slot).siblings }) - 1
    }
    const { header } = sources[source] as (typeof sources)[number]
    return [{ source, siblings: openTree(nodes, OUTBOX, header.outboxRoot, message.nonce).siblings }]
  })
  return { importRoot: imports.length > 0 ? root : 0n, sources, imports }
}
