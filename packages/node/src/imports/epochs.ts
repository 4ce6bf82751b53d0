import type { L1Reader } from '@causeway/l1'
import type { MessagePool } from '@causeway/messaging'
import type { Members } from '../l1/members.js'
import type { SourceCertificates } from './certificates.js'
import type { ExecutedImports } from './executed.js'
import type { LostImports } from './lost.js'

/** What settled epochs are fed to. */
export type SettledEpochsOptions = { chainId: bigint; members: Members; reader: Pick<L1Reader, 'epochs'>; pool: MessagePool; executed: ExecutedImports; lost: LostImports; certificates: SourceCertificates }

/** Makes what gives the pool the messages of each epoch that L1 settles, once; and all again after L1 has taken an epoch back. */
export function createSettledEpochs({ chainId, members, reader, pool, executed, lost, certificates }: SettledEpochsOptions): () => void {
  let fed = 0
  let lastRoot: string | undefined
  /** Messages of each slot in the epochs fed so far. */
  const sizes = new Map<bigint, bigint>()

  return () => {
    const epochs = reader.epochs()
    const imported = fed < epochs.length ? executed.unsettled() : []
    if (fed > 0 && epochs[fed - 1]?.newRoot !== lastRoot) {
      for (const member of members.all()) pool.revertSettled({ source: member.chainId, size: members.settledOutbox(member.chainId) })
      fed = 0
      sizes.clear()
    }
    for (; fed < epochs.length; fed++) {
      const { data, newRoot } = epochs[fed] as (typeof epochs)[number]
      lastRoot = newRoot
      for (const { slot, height, timestamp, ...certificate } of data.certificates) {
        const member = members.all().find((item) => item.slot === BigInt(slot))
        if (!member || member.chainId === chainId) continue
        const firstNonce = sizes.get(member.slot) ?? 0n
        const leaves = certificate.leaves.map(BigInt)
        sizes.set(member.slot, firstNonce + BigInt(leaves.length))
        lost.note(pool.addSettled({ source: member.chainId, height, firstNonce, leaves }))
        lost.contradict(imported, member.chainId, firstNonce, leaves, timestamp)
        certificates.settled(member.chainId, height)
      }
    }
  }
}
