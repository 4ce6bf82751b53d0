import { createTestCluster, type TestChainDefinition, type TestClusterOptions } from './test-cluster.js'

/**
 * One chain in this process: real contracts on an anvil, its sequencer, its follower and an aggregator, none of which does anything but by a
 * step; time stands still between them, so a test needs no sleeps and is the same each time.
 *
 * @example
 * const rollup = await createTestRollup(definition)
 * await rollup.l1.deposit({ chainId: rollup.chain.chainId, amount: 10n ** 18n, recipient: rollup.users[0].address })
 * await rollup.chain.advance() // a block, posted, derived, certified
 * await rollup.settle()
 * await rollup.stop()
 */
export async function createTestRollup(definition: TestChainDefinition, options: Omit<TestClusterOptions, 'chains'> = {}) {
  const cluster = await createTestCluster({ ...options, chains: [{ name: 'rollup', rollup: definition }] })
  return Object.assign(cluster, { chain: cluster.chains[0] })
}
