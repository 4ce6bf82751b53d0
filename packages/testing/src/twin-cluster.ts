import { applySettledEpoch, composeEpoch, emptyRegistry, type ComposedEpoch, type Registry } from '@causeway/aggregator'
import { ETH, messageLeaf, nextQueueHash, policyHash, ZERO_HASH, type Certificate, type Message, type QueueEntry } from '@causeway/core'
import type { Hex } from 'viem'
import { createRandom } from './random.js'
import { createTwinChain, TEST_DOMAIN, TEST_L1_CHAIN_ID, testAddress, type TwinChain } from './twin-chain.js'

/** The aggregator's address in twin-level fixtures. */
export const TEST_BENEFICIARY = testAddress(0xbe)

/** A cluster of {@link TwinChain}s with its registry, composed by the real composer; no L1 and no proofs. */
export function createTwinCluster(chainIds: readonly bigint[] = [101n, 102n], options: { places?: number } = {}) {
  const slotOf = (chainId: bigint) => BigInt(chainIds.indexOf(chainId))
  const chains: TwinChain[] = chainIds.map((chainId, slot) => createTwinChain({ chainId, slot: BigInt(slot), slotOf }))
  const queue: { entry: QueueEntry; hash: Hex }[] = []
  for (const { registration } of chains) queue.push({ entry: registration, hash: nextQueueHash(queue.at(-1)?.hash ?? ZERO_HASH, registration) })
  let registry: Registry = emptyRegistry()
  let time = 1_000_000n

  return {
    chains,
    queue,
    get registry() {
      return registry
    },
    get time() {
      return time
    },
    /** Advances every clock by `ms`. */
    tick(ms = 1000n) {
      time += ms
      for (const chain of chains) chain.at(time)
      return time
    },
    /** Composes without settling. */
    compose: (candidates: readonly Certificate[]) =>
      composeEpoch({
        registry,
        domain: TEST_DOMAIN,
        time,
        beneficiary: TEST_BENEFICIARY,
        queue: queue.slice(Number(registry.queueApplied)).map(({ entry }) => entry),
        candidates,
        places: options.places ?? 2,
      }),
    /** What L1 would do with the epoch: the registry is rebuilt from the epoch's L1 data alone. */
    settle({ witness, result, certificates }: ComposedEpoch) {
      registry = applySettledEpoch(
        registry,
        {
          epoch: witness.epoch,
          newRoot: result.rootTo,
          queueCursor: registry.queueApplied + BigInt(witness.queue.length),
          certificates: witness.certificates.map(({ slot, certificate: { after, entries, before } }) => ({
            slot,
            height: after.height,
            timestamp: after.timestamp,
            l1InboxCursor: after.l1InboxCursor,
            stateRoot: after.stateRoot,
            inboxRoot: after.inboxRoot,
            balanceRoot: after.balanceRoot,
            leaves: exportLeaves(entries, before.policyHash),
          })),
        },
        queue,
        TEST_L1_CHAIN_ID,
      )
      for (const certificate of certificates) chains.find(({ chainId }) => chainId === certificate.before.chainId)?.accept(certificate)
    },
  }
}

/**
 * Plays honest random epochs of two chains: deposits, transfers both ways, own tokens, withdrawals, calls.
 * The last one is composed and not settled. Everything follows from `seed`.
 */
export async function randomEpoch(seed: number, rounds = 2): Promise<{ cluster: ReturnType<typeof createTwinCluster>; epoch: ComposedEpoch }> {
  const random = createRandom(seed)
  const cluster = createTwinCluster()
  const [a, b] = cluster.chains as [TwinChain, TwinChain]
  const inFlight: { message: Message; grade: bigint; to: TwinChain }[] = []
  for (let round = 0; ; round++) {
    for (const [chain, other] of [[a, b], [b, a]] as const) {
      cluster.tick(1n + random.bigint(10))
      const usdc = { chain: TEST_L1_CHAIN_ID, address: testAddress(0xc0) }
      const own = { chain: chain.chainId, address: testAddress(0xd0) }
      chain.deposit(10_000n + random.bigint(40))
      if (random.below(2)) chain.deposit(5_000n + random.bigint(20), usdc)
      for (const { message, grade, to } of inFlight.splice(0)) if (to === chain) chain.import(message, grade)
        else inFlight.push({ message, grade, to })
      cluster.tick(1n)
      const token = random.pick([{ chain: TEST_L1_CHAIN_ID, address: ETH }, own])
      const message = chain.send({ destination: other.chainId, amount: 1n + random.bigint(8), token, payload: random.below(2) ? '0x' : '0x1234' })
      inFlight.push({ message, grade: policyHash(chain.policy), to: other })
      if (random.below(2)) chain.send({ destination: TEST_L1_CHAIN_ID, amount: 1n + random.bigint(8) })
      if (random.below(2)) inFlight.push({ message: chain.send({ destination: other.chainId }), grade: policyHash(chain.policy), to: other })
    }
    const { epoch, dropped } = cluster.compose(await Promise.all([a.certify(), b.certify()]))
    if (!epoch || dropped.length > 0) throw new Error(`seed ${seed}: an honest epoch was refused: ${dropped.map(({ reason }) => reason).join('; ')}`)
    if (round === rounds - 1) return { cluster, epoch }
    cluster.settle(epoch)
  }
}

function exportLeaves(entries: Certificate['entries'], grade: bigint): bigint[] {
  return entries.flatMap((entry) => (entry.kind === 'export' ? [messageLeaf(entry.message, grade)] : []))
}
