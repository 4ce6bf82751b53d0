import type { Plugin, PluginHooks, PluginParts } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import type { TestFramework } from '@causeway/messaging'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEther } from 'viem'
import { createRandom } from '../random.js'
import type { TestChain } from '../test-chain.js'
import type { TestCluster } from '../test-cluster.js'
import type { TestNode } from '../test-node.js'

/** A plugin, and what there is to see of it. */
export type PluginFixture = {
  /** The plugin, last, and before it those that it requires. Each node sets them up for itself. */
  plugins(): readonly Plugin[]
  /** Does something on an EVM chain that the plugin takes notice of. `cluster.users` have keys, and the first has ETH there. `round` counts from 0. */
  act(cluster: TestCluster, chain: TestChain, round: number): Promise<unknown>
  /** What the plugin makes of the chain, to be compared: what its methods answer, or its service. */
  observe(node: TestNode): Promise<unknown>
}

/** What the kit does to a plugin. `fails` is asked after each call of a hook that went well. */
type Faults = { fails(hook: string): boolean }

const FAULT = 'a fault of the kit, after the hook'
const MOST_TRIES = 200

/**
 * What every plugin that keeps something of its chain must do: make the same of it whether it is told once, or again after a failure, or through
 * rollbacks, or across crashes. Compared with a node that comes late and is told the chain as it is then. Runs a cluster on anvil: give each
 * case a minute.
 */
export function pluginConformance({ it, expect }: TestFramework, fixture: PluginFixture): void {
  const test = (name: string, faults: Faults, body: (world: World) => Promise<void>) =>
    it(name, async () => {
      const world = await start(fixture, faults)
      try {
        const nothing = await fixture.observe(world.chain.sequencer)
        await body(world)
        const observed = await world.told()
        expect(observed).toEqual(await world.afresh())
        expect(isSame(observed, nothing)).toBe(false)
      } finally {
        await world.stop()
      }
    })

  const random = createRandom(1)
  test('makes the same of what it is told again, after a hook has failed behind its work', { fails: () => random.below(3) === 0 }, async ({ round, told }) => {
    for (let i = 0; i < 3; i++) {
      await round(i)
      await told()
    }
  })

  test('takes back what the chain takes back', { fails: () => false }, async ({ cluster, chain, round, told }) => {
    await round(0)
    for (let i = 1; i < 4; i++) {
      // Everything from here on stands on a deposit that L1 takes back.
      await cluster.l1.deposit({ chainId: chain.chainId, amount: 1n, recipient: cluster.users[2].address })
      await chain.build()
      await round(i)
      await told()
      const before = chain.head().hash
      await cluster.l1.reorg(1)
      await chain.build()
      expect(chain.sequencer.rollup.chain.block(chain.head().number)?.hash === before).toBe(false)
      await told()
    }
  })

  test('goes on after a crash behind its work, and after one without any', { fails: () => random.below(4) === 0 }, async ({ chain, round, tell }) => {
    for (let i = 0; i < 4; i++) {
      await round(i)
      for (let tries = 0; !(await tell()); tries++) {
        if (tries > MOST_TRIES) throw new Error('the plugin does not get on')
        await chain.sequencer.restart()
      }
      await chain.sequencer.restart()
    }
  })
}

type World = Awaited<ReturnType<typeof start>>

async function start({ plugins, act, observe }: PluginFixture, faults: Faults) {
  // Only here: whoever uses another kit needs no cluster.
  const { createTestCluster } = await import('../test-cluster.js')
  const folder = mkdtempSync(join(tmpdir(), 'causeway-plugin-'))
  let armed = false
  const withFaults = plugins().map((plugin) => faulty(plugin, { fails: (hook) => armed && faults.fails(hook) }))
  const rollup = { chain: { id: 42001n }, execution: evm({ feeRecipient: `0x${'fe'.repeat(20)}` }), da: calldata(), plugins: withFaults }
  const cluster = await createTestCluster({ chains: [{ name: 'a', rollup }], certify: { lifetime: 60_000 }, folder: (who) => join(folder, who) })
  const [chain] = cluster.chains
  await cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther('10'), recipient: cluster.users[0].address })
  await chain.build()
  // A reorganization reaches none of this.
  await cluster.l1.mine(3)

  /** Tells the sequencer's plugins what has happened; false if a fault came between. */
  async function tell(): Promise<boolean> {
    armed = true
    try {
      await chain.sequencer.rollup.steps.plugins()
      return true
    } catch (error) {
      if (error instanceof Error && error.message === FAULT) return false
      throw error
    } finally {
      armed = false
    }
  }
  return {
    cluster,
    chain,
    tell,
    /** A few blocks in which something happens. */
    async round(round: number): Promise<void> {
      await act(cluster, chain, round)
      await chain.build()
      await act(cluster, chain, round)
      await chain.build()
    },
    /** What the sequencer's plugin makes of all that has happened. */
    async told(): Promise<unknown> {
      for (let tries = 0; !(await tell()); tries++) if (tries > MOST_TRIES) throw new Error('the plugin does not get on')
      return observe(chain.sequencer)
    },
    /** What the plugin of a new node makes of the chain as it is on L1. */
    async afresh(): Promise<unknown> {
      await chain.publish()
      const node = await cluster.observe(chain)
      await node.rollup.steps.l1()
      await node.rollup.steps.derive()
      await node.rollup.steps.plugins()
      const observed = await observe(node)
      await node.crash()
      return observed
    },
    async stop(): Promise<void> {
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The plugin, but some calls of its hooks fail when their work is done. */
function faulty(plugin: Plugin, { fails }: Faults): Plugin {
  const wrapped = (hooks: PluginHooks): PluginHooks =>
    Object.fromEntries(
      (Object.entries(hooks) as [string, (...args: unknown[]) => unknown][]).map(([name, hook]) => [
        name,
        async (...args: unknown[]) => {
          const answer: unknown = await hook(...args)
          if (fails(name)) throw new Error(FAULT)
          return answer
        },
      ]),
    )
  return {
    ...plugin,
    async setup(host) {
      const parts: PluginParts = (await plugin.setup?.(host)) ?? {}
      return parts.hooks ? { ...parts, hooks: wrapped(parts.hooks) } : parts
    },
  }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a, plain) === JSON.stringify(b, plain)
const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)
