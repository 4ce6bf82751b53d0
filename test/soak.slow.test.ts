import { ETH, findBalance, messageHash, type Message } from '@causeway/core'
import { createRandom, manualClock } from '@causeway/testing'
import { createFaults, createTestCluster, type TestChain, type TestCluster } from '@causeway/testing/cluster'
import { parseEther, type LocalAccount } from 'viem'
import { expect, it } from 'vitest'

const STEPS = Number(process.env.STEPS ?? 120)
// One run for everybody; `SEED=<n>` plays another.
const seed = Number(process.env.SEED ?? 12)
const ETHER = parseEther('1')

it(`two chains exchange messages while L1, blobs, link and disks fail, and all of it settles (SEED=${seed} STEPS=${STEPS})`, async () => {
  const clock = manualClock()
  const faults = createFaults({ seed, clock })
  const cluster = await createTestCluster({ clock, transport: faults.transport, beacon: faults.beacon, link: faults.link, store: faults.store, certify: { lifetime: 300_000 } })
  const { users, l1 } = cluster
  const chains = cluster.chains.slice(0, 2) as [TestChain, TestChain]
  const random = createRandom(seed)
  const failures = new Map<string, number>()
  const attempt = async (what: string, run: () => Promise<unknown>) => {
    try {
      await run()
    } catch (error) {
      failures.set(what, (failures.get(what) ?? 0) + 1)
      if (process.env.VERBOSE) console.log(what, error instanceof Error ? error.message.split('\n', 1)[0] : error)
    }
  }

  const user = () => random.pick(users)
  const actions: readonly [weight: number, name: string, run: () => Promise<unknown>][] = [
    [4, 'deposit', () => l1.deposit({ chainId: random.pick(chains).chainId, amount: BigInt(1 + random.below(1000)) * 10n ** 15n, recipient: user().address })],
    [20, 'message', () => sendRandom(random.pick(chains), user(), user())],
    [24, 'build', () => random.pick(chains).build()],
    [8, 'post', () => post(random.pick(chains))],
    [4, 'derive', () => random.pick(chains).derive()],
    [10, 'certify', () => random.pick(chains).certify()],
    [6, 'aggregate', () => cluster.settle()],
    [4, 'one step of the aggregator', () => cluster.step()],
    [6, 'mine', () => l1.mine(1 + random.below(3))],
    [6, 'time', () => clock.advance(random.below(10_000))],
    [3, 'catch up', () => random.pick(chains).sequencer.rollup.steps.catchUp()],
    [Number(process.env.REORGS ?? 2), 'reorg', () => l1.reorg(1 + random.below(2))],
    [2, 'restart', () => restart(random.pick(chains))],
    [1, 'restart aggregator', () => cluster.restartAggregator()],
  ]
  const total = actions.reduce((sum, [weight]) => sum + weight, 0)

  async function sendRandom(from: TestChain, sender: LocalAccount, recipient: LocalAccount) {
    const other = from === chains[0] ? chains[1] : chains[0]
    const destination = random.below(5) === 0 ? cluster.domain.l1ChainId : other.chainId
    await from.sendMessage(sender, { destination, recipient: recipient.address, value: BigInt(random.below(50)) * 10n ** 15n })
  }
  async function post(chain: TestChain) {
    await chain.publish()
    await chain.derive()
    await chain.certify()
  }
  async function restart({ sequencer, follower }: TestChain) {
    const node = random.below(2) ? sequencer : follower
    // A node does not start without L1; who starts it tries again.
    for (let i = 0; ; i++) {
      try {
        return await node.restart()
      } catch (error) {
        if (i === 20) throw error
      }
    }
  }

  try {
    for (const chain of chains) for (const { address } of users) await l1.deposit({ chainId: chain.chainId, amount: 5n * ETHER, recipient: address })
    await l1.mine(3)
    for (const chain of chains) for (let i = 0; i < 2; i++) await chain.build()
    faults.begin()
    for (let step = 0; step < STEPS; step++) {
      let at = random.below(total)
      const action = actions.find(([weight]) => (at -= weight) < 0) as (typeof actions)[number]
      if (process.env.VERBOSE) console.log(step, action[1], chains.map((chain) => `${chain.name}:${chain.head().number}/${chain.sequencer.rollup.settled().block}`).join(' '))
      await attempt(action[1], action[2])
    }
    faults.heal()
    await clock.advance(60_000)
    await l1.mine(3)

    let rounds = 0
    while (!chains.every(isSettled)) {
      if (++rounds > 40) throw new Error(`it has not settled: ${JSON.stringify(chains.map((chain) => chain.sequencer.rollup.status.chain()), (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}`)
      for (const chain of chains) for (const { rollup } of [chain.sequencer, chain.follower]) await rollup.steps.catchUp()
      await clock.advance(2_000)
      for (const chain of chains) await chain.advance()
      await cluster.settle()
      // What a failure made it pause for.
      await clock.advance(5_000)
      await l1.mine(2)
    }

    for (const chain of chains) {
      await chain.derive()
      expect(chain.head(chain.follower).number).toBe(chain.head().number)
      for (let number = 1n; number <= chain.head().number; number++) expect(chain.follower.rollup.chain.block(number)?.stateRoot).toBe(chain.sequencer.rollup.chain.block(number)?.stateRoot)
    }
    expectOnce(chains)
    await expectConserved(cluster, chains)
  } finally {
    console.log(`soak: SEED=${seed}, failures met: ${[...failures].map(([what, count]) => `${what} ${count}`).join(', ') || 'none'}; incarnations ${chains.map((chain) => chain.sequencer.rollup.chain.incarnation).join(' and ')}; epochs ${cluster.aggregator.registry().epoch}`)
    await cluster.stop()
    await faults.close()
  }
})

const entriesOf = (chain: TestChain) => Array.from({ length: Number(chain.head().number) }, (_, i) => chain.sequencer.rollup.chain.block(BigInt(i + 1))?.entries ?? []).flat()
const sentBy = (chain: TestChain): Message[] => entriesOf(chain).flatMap((entry) => (entry.kind === 'export' ? [entry.message] : []))

/** Everything that happened is in a settled certificate, on both sides; blocks without entries may be over. */
function isSettled(chain: TestChain, _: number, all: readonly TestChain[]): boolean {
  const { header } = chain.sequencer.rollup.settled()
  const { accounting } = chain.head()
  const imports = all.flatMap((other) => (other === chain ? [] : sentBy(other).filter(({ destination }) => destination === chain.chainId)))
  const consumed = entriesOf(chain).filter((entry) => entry.kind === 'import').length
  return (
    header.outboxSize === accounting.outboxSize &&
    header.inboxRoot === accounting.inboxRoot &&
    header.l1InboxCursor === chain.sequencer.reader.inboxLength(chain.chainId) &&
    consumed === imports.length &&
    chain.sequencer.rollup.mempool.size === 0
  )
}

function expectOnce(chains: readonly TestChain[]): void {
  for (const chain of chains) {
    const imports = entriesOf(chain).flatMap((entry) => (entry.kind === 'import' ? [entry.message] : []))
    const sent = chains.flatMap((other) => (other === chain ? [] : sentBy(other))).filter(({ destination }) => destination === chain.chainId)
    const named = (list: readonly Message[]) => list.map((message) => `${message.source}/${message.nonce} ${messageHash(message)}`).sort()
    expect(named(imports)).toEqual(named(sent))
  }
}

/** Every wei in the bridge is somewhere, once: on a chain, or withdrawn and not yet claimed. */
async function expectConserved({ l1, users, domain }: TestCluster, chains: readonly TestChain[]): Promise<void> {
  let total = 0n
  for (const chain of chains) {
    let held = 0n
    for (const { address } of [...users, chain.batcher]) held += await chain.balance(address)
    expect(findBalance(chain.sequencer.rollup.chain.nodes, chain.head().accounting.balanceRoot, { chain: domain.l1ChainId, address: ETH }).balance).toBe(held)
    total += held + sentBy(chain).reduce((sum, { destination, amount }) => (destination === domain.l1ChainId ? sum + amount : sum), 0n)
  }
  expect(total).toBe(await l1.escrow())
}
