import { CausewayError, nextQueueHash, silentLog, toBytes32, ZERO_HASH, type ClusterDomain, type Log, type QueueEntry } from '@causeway/core'
import { settle, type L1Reader, type L1Sender, type L1Tag, type RegistrationRecord, type SettlementAttempt } from '@causeway/l1'
import type { Hex, PublicClient } from 'viem'
import { settledEpochOf } from '../epoch/epoch-data.js'
import type { SettlementLayer } from './settlement-layer.js'

/** What {@link l1Settlement} needs. */
export type L1SettlementParameters = {
  domain: ClusterDomain
  client: PublicClient
  reader: L1Reader
  sender: L1Sender
  log?: Log
  /** Called for each event in the settlement of an epoch. */
  onAttempt?: (attempt: SettlementAttempt) => void
  /**
   * How sure L1 must be of inboxes, postings and registrations that an epoch relies on (default `safe`): a reorg of one makes
   * the settlement revert. The cluster root itself is always the latest one.
   */
  at?: L1Tag
}

/** L1 as the aggregator sees it, by the reader and the sender of `packages/l1`. */
export function l1Settlement({ domain, client, reader, sender, log = silentLog, onAttempt, at = 'safe' }: L1SettlementParameters): SettlementLayer {
  return {
    domain,
    async refresh() {
      await reader.poll()
      return {
        time: reader.heads.latest.timestamp,
        epoch: BigInt(reader.epochs('latest').length),
        finalizedEpoch: BigInt(reader.epochs('finalized').length),
      }
    },
    queue() {
      const applied = reader.epochs('latest').at(-1)?.data.queueCursor ?? 0n
      const sure = reader.registrations(at)
      // What has settled is in the registry whatever the head says.
      return chainQueue(BigInt(sure.length) >= applied ? sure : reader.registrations('latest').slice(0, Number(applied)))
    },
    epochs: (from) => reader.epochs('latest').slice(Number(from) - 1).map(({ data }) => settledEpochOf(data)),
    inboxHash: (chainId, index) => (index <= reader.inboxLength(chainId, at) ? reader.inboxHash(chainId, index) : null),
    daIndex: (chainId, daHash) => reader.daIndex(chainId, daHash, at),
    async settle(data, proof, signal) {
      signal?.throwIfAborted()
      const sent = settle({ client, hub: domain.hub, data, sender, proof, log, ...(onAttempt ? { onAttempt } : {}) })
      // Whoever stops does not wait for L1; what was sent may still be mined, and is adopted then.
      sent.catch((error: unknown) => signal?.aborted && log.info('settlement given up while stopping', { epoch: data.epoch, error: String(error) }))
      const { status, transaction = null } = await (signal ? Promise.race([sent, aborted(signal)]) : sent)
      return { adopted: status === 'adopted', transaction }
    },
  }
}

/** Queue entries of registrations, with the rolling hash after each. @throws `REGISTRY_MISMATCH` if one is missing */
export function chainQueue(registrations: readonly Pick<RegistrationRecord, 'slot' | 'chainId' | 'queueIndex' | 'stateRoot' | 'policyHash'>[]): { entry: QueueEntry; hash: Hex }[] {
  let hash: Hex = ZERO_HASH
  return registrations.map(({ slot, chainId, queueIndex, stateRoot, policyHash }, i) => {
    if (queueIndex !== BigInt(i))
      throw new CausewayError(`Registration ${i} is missing among the hub's logs.`, { code: 'REGISTRY_MISMATCH', fix: 'read the hub from the block of its deployment on' })
    const entry: QueueEntry = { kind: 1, slot, chainId, stateRoot, policyHash: toBytes32(policyHash) }
    hash = nextQueueHash(hash, entry)
    return { entry, hash }
  })
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
