import type { ClusterLink, Store } from '@causeway/core'
import { faultyLink } from '@causeway/messaging'
import type { Transport } from 'viem'
import { faultyBeacon, type BlobFaults } from './faulty-beacon.js'
import { faultyL1, type L1Faults } from './faulty-l1.js'
import { faultyStore, type StoreFaults } from './faulty-store.js'
import type { ManualClock } from './manual-clock.js'
import { memoryStore } from './memory-store.js'
import { createRandom } from './random.js'

/** How often what goes wrong (probabilities), and how late the link is (ms). */
export type FaultRates = { l1: L1Faults; blobs: BlobFaults; store: StoreFaults; link: { drop: number; duplicate: number; longest: number } }

/** Rates at which a cluster has a hard time and still gets on. */
export const HARD_TIMES: FaultRates = {
  l1: { error: 0.02, lag: 0.02 },
  blobs: { error: 0.1, missing: 0.1, corrupted: 0.1 },
  store: { error: 0.03 },
  link: { drop: 0.15, duplicate: 0.1, longest: 3_000 },
}

const NONE: Omit<FaultRates, 'link'> = { l1: { error: 0, lag: 0 }, blobs: { error: 0, missing: 0, corrupted: 0 }, store: { error: 0 } }

/** Faults for a whole {@link createTestCluster}: give it `transport`, `beacon`, `link` and `store`. */
export type Faults = Awaited<ReturnType<typeof createFaults>>

/** Everything follows from the seed and the order of events; print the seed. Nothing goes wrong before `begin` or after `heal`. */
export function createFaults({ seed, clock, rates = HARD_TIMES }: { seed: number; clock: ManualClock; rates?: FaultRates }) {
  let active = false
  const beacons: { close(): Promise<void> }[] = []
  const randomOf = (who: string) => createRandom(seed ^ [...who].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7)).next
  return {
    seed,
    begin() {
      active = true
    },
    heal() {
      active = false
    },
    transport: (who: string, url: string): Transport => faultyL1(url, { random: randomOf(`${who}/l1`), rates: () => (active ? rates : NONE).l1 }),
    store: (who: string): Store => faultyStore(memoryStore(), { random: randomOf(`${who}/store`), rates: () => (active ? rates : NONE).store }),
    async beacon(who: string, url: string): Promise<string> {
      const beacon = await faultyBeacon(url, { random: randomOf(`${who}/blobs`), rates: () => (active ? rates : NONE).blobs })
      beacons.push(beacon)
      return beacon.url
    },
    link(who: string, link: ClusterLink): ClusterLink {
      const { drop, duplicate, longest } = rates.link
      const bad = faultyLink(link, { seed: Math.floor(randomOf(`${who}/link`)() * 2 ** 31), drop, duplicate, delay: { clock, longest } })
      return {
        publish: (event) => (active ? bad : link).publish(event),
        subscribe(handler) {
          const ends = [link.subscribe((event) => (active ? undefined : handler(event))), bad.subscribe((event) => (active ? handler(event) : undefined))]
          return () => ends.forEach((end) => end())
        },
        query: (query) => (active ? bad : link).query(query),
        serve: (handler) => link.serve(handler),
        close: () => bad.close(),
      }
    },
    async close(): Promise<void> {
      for (const { close } of beacons) await close()
    },
  }
}
