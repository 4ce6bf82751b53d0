import { randomEpoch } from '@causeway/testing'
import { expect, it } from 'vitest'

it('composes honest random epochs, and L1 data alone rebuilds the registry', async () => {
  for (const seed of [1, 2, 3]) {
    const { epoch, cluster } = await randomEpoch(seed, 3)
    expect(epoch.certificates.length, `seed ${seed}`).toBe(2)
    cluster.settle(epoch)
    expect(cluster.registry.root).toBe(epoch.result.rootTo)
  }
})
