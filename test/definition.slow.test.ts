/** Chains that are not the preset: by definition, in the stepped harness and in a running cluster. */
import { createCluster, evmRollup } from '@causeway/cluster'
import { silentLog } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { createLinkHub } from '@causeway/messaging'
import { specDigest, specOf } from '@causeway/node'
import { memoryStore } from '@causeway/testing'
import { createTestRollup, startTestNode } from '@causeway/testing/cluster'
import { http, parseEther } from 'viem'
import { expect, it } from 'vitest'
import definition from './examples/definition.js'
import ballots from './examples/ballots.js'

const feeRecipient = `0x${'fe'.repeat(20)}` as const

it('a definition runs by steps, and its spec is on L1', async () => {
  const rollup = await createTestRollup({ ...definition, interop: {} })
  try {
    const { chain, l1, users: [alice], contracts, clock } = rollup
    await l1.deposit({ chainId: chain.chainId, amount: parseEther('1'), recipient: alice.address })
    await chain.advance()
    await rollup.settle()
    expect(await chain.balance(alice.address)).toBe(parseEther('1'))
    expect(chain.sequencer.rollup.settled().block).toBeGreaterThan(0n)
    const [registered] = chain.sequencer.reader.registrations()
    expect(specDigest(registered?.spec ?? '')).toBe(specDigest(specOf(chain.definition)))

    // A node with other rules is told the line, before it has written anything.
    const store = memoryStore()
    const other = { ...chain.definition, execution: evm({ feeRecipient: definition.execution.spec['feeRecipient'] as typeof feeRecipient, hardfork: 'prague', gasLimit: 40_000_000n }) }
    const start = startTestNode({ name: 'other', definition: other, cluster: contracts, clock, log: silentLog, store, transport: http(l1.anvil.url), connect: () => createLinkHub().connect('alone') })
    await expect(start).rejects.toMatchObject({
      code: 'OTHER_REGISTRATION',
      shortMessage: expect.stringMatching(/^The hub has registered chain 4242 with execution\.gasLimit "30000000n", not "40000000n", and execution\.hardfork "osaka", not "prague"/) as string,
    })
  } finally {
    await rollup.stop()
  }
})

it('a cluster runs an EVM chain over calldata beside a chain of modules in a process of its own', async () => {
  const cluster = await createCluster({
    aggregator: false,
    chains: [{ name: 'evm', rollup: evmRollup({ id: 42001n, feeRecipient, da: calldata() }) }, { name: 'ballots', chainId: ballots.chain.id, rollup: new URL('./examples/ballots.ts', import.meta.url), ownProcess: true }],
  })
  try {
    const [a, b] = cluster.chains
    const { index } = await cluster.deposit(a, { amount: parseEther('1') })
    await a.client.waitForDeposit({ index })
    const recipient = cluster.userAccount(1).address
    const { id } = await a.wallet().sendMessage({ destination: b.chainId, recipient, value: 5n })
    await b.client.waitForMessage({ id, until: 'executed' })
    expect(await b.client.getBalance({ address: recipient })).toBe(5n)
    const reader = await cluster.readL1()
    expect(reader.registrations().map(({ chainId, spec }) => [chainId, (JSON.parse(spec) as { execution: { name: string }; da: object }).execution.name])).toEqual([[42001n, 'evm'], [ballots.chain.id, 'app']])
    expect((await cluster.trust()).join('\n')).toMatch(/evm: its data is in calldata/)
  } finally {
    await cluster.stop()
  }
})
