import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, encodeBatch, eraOf, NEVER, toBytes32, type BatchBlock, type LinkEvent, type Store } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { createL1Sender } from '@causeway/l1'
import { signHead, signProposal } from '@causeway/messaging'
import { memoryStore } from '@causeway/testing'
import { createTestCluster, type TestChain, type TestCluster, type TestNode } from '@causeway/testing/cluster'
import { parseEther, zeroAddress, zeroHash, type Hex } from 'viem'
import { afterEach, beforeEach, expect, it } from 'vitest'

const LAST = (1n << 64n) - 1n
/** An account of L1 that nobody else uses, as the next batcher. */
const NEXT = 5

let cluster: TestCluster
/** Of a's sequencer. */
let database: Store
/** Nothing is posted while a node runs by itself: nobody mines. */
let running = false
const events: LinkEvent[] = []
beforeEach(async () => {
  events.length = 0
  running = false
  database = memoryStore()
  cluster = await createTestCluster({
    certify: { lifetime: 60_000 },
    store: (who) => (who === 'a/sequencer' ? database : memoryStore()),
    da: (_, da) => ({ ...da, submit: (batch, index) => (running ? Promise.reject(new CausewayError('L1 is away.', { code: 'DA_TRANSIENT' })) : da.submit(batch, index)) }),
    link: (_, link) => ({ ...link, publish: (event) => (events.push(event), link.publish(event)) }),
  })
  await cluster.l1.mine(3)
})
afterEach(() => cluster.stop())

const statusOf = async ({ rollup }: TestNode) => (await rollup.rpc.request({ method: 'causeway_getChainStatus', params: [] })) as { halted?: string; incarnation: Hex }
const block = (timestamp: bigint, transactions: readonly Hex[] = []): BatchBlock => ({ timestamp, l1Entries: 0, imports: [], transactions })
const sameChain = (chain: TestChain) => expect(chain.head(chain.follower)).toMatchObject({ number: chain.head().number, hash: chain.head().hash })
const next = () => cluster.l1.account(NEXT)

/** Posts what whoever has the batcher's key likes. */
async function post(chain: TestChain, incarnation: bigint, first: bigint, blocks: readonly BatchBlock[], account = chain.batcher) {
  const { l1, clock, contracts } = cluster
  const sender = createL1Sender({ client: l1.client, account, clock })
  const da = blobs({ beaconUrl: l1.anvil.url }).create({ client: l1.client, sender, hub: contracts.hub, chainId: chain.chainId })
  try {
    const index = 1n + (await l1.client.readContract({ address: contracts.hub, abi: causewayHubAbi, functionName: 'daLength', args: [chain.chainId] }))
    await l1.drive(da.submit(encodeBatch({ chainId: chain.chainId, incarnation, first, parentHash: chain.sequencer.rollup.chain.block(first - 1n)?.hash as Hex, blocks }), index), [sender])
  } finally {
    await sender.close()
  }
}

/** The owner's call about chain a. */
const own = (functionName: 'announceBatcher' | 'applyBatcher' | 'revokeBatcher', ...args: readonly Hex[]) => {
  const [a] = cluster.chains
  return cluster.l1.call(0, cluster.contracts.hub, { abi: causewayHubAbi, functionName, args: [a.chainId, ...args] })
}

/** A next batcher that the owner can apply at once. Blocks 1 to 3 of a, of which certificate 1 covers the first two and is signed; the third sends a message that nobody has certified. */
async function scene() {
  const [a, b] = cluster.chains
  const [alice, bob] = cluster.users
  await own('announceBatcher', next().address)
  await cluster.clock.advance(86_400_000)
  await cluster.l1.mine(3)
  await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
  await a.build()
  await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: 7n })
  await a.advance()
  expect(a.sequencer.rollup.certifier?.newest()).toMatchObject({ state: 'certified', toBlock: 2n })
  await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: 8n })
  await a.build()
  await a.publish()
  await a.derive()
  sameChain(a)
  return { a, b, alice, bob }
}

it('a chain that is attacked with a leaked batcher’s key goes on after the rotation, and loses nothing', async () => {
  const { a, b, alice, bob } = await scene()
  const times = [1n, 2n, 3n].map((number) => a.sequencer.rollup.chain.block(number)?.timestamp as bigint)
  const [, second, third] = times as [bigint, bigint, bigint]
  // Block 2 is replaced; a block that the sequencer has announced, and not posted yet, gets another content under the same time.
  await a.send(alice, { to: bob.address, value: 5n, gas: 21_000n })
  const announced = await a.build()
  await post(a, LAST, 2n, [block(second + 1n), block(third), block(announced.timestamp)])
  await a.derive()
  expect(a.head(a.follower)).toMatchObject({ number: 4n, timestamp: announced.timestamp, incarnation: LAST })
  expect(a.head(a.follower).hash).not.toBe(announced.hash)
  // Whatever the sequencer posts now is outranked, and no attester signs it.
  await a.build()
  await a.publish()
  await a.derive()
  expect(a.head(a.follower).incarnation).toBe(LAST)
  expect(a.head(a.follower).hash).not.toBe(a.head().hash)

  // What was certified before settles, and whoever derives returns to it.
  await cluster.settle()
  await a.look()
  expect(a.sequencer.rollup.settled().block).toBe(2n)
  await a.derive()
  expect(a.follower.rollup.settled().block).toBe(2n)

  // The owner changes the batcher: the old key is worth nothing from here on.
  await cluster.l1.rotate(a.chainId, next().address)
  await expect(post(a, LAST, 3n, [block(third + 1n)])).rejects.toMatchObject({ code: 'DA_PERMANENT', shortMessage: expect.stringMatching(/NotBatcher/) })
  await a.look()
  await b.look()
  for (const step of ['build', 'publish', 'certify'] as const) await expect(a.sequencer.rollup.steps[step]()).rejects.toMatchObject({ code: 'BATCHER_CHANGED' })
  expect((await statusOf(a.sequencer)).halted).toMatch(new RegExp(`The batcher of chain 42001 is ${next().address} .*era 1`))
  expect((await statusOf(a.follower)).halted).toBe(undefined)
  await expect(a.sequencer.restart()).rejects.toMatchObject({ code: 'BATCHER_CHANGED' })

  // The sequencer with the new key has what it had, and posts it again.
  await a.sequencer.restart(next())
  const { number } = a.head()
  // Nothing is proposed on what the old era has on L1.
  expect(await a.certify()).toMatchObject({ height: 1n })
  await a.advance()
  expect(a.head().number).toBe(number + 1n)
  expect(eraOf(a.sequencer.rollup.chain.incarnation)).toBe(1n)
  expect(a.sequencer.rollup.chain.block(announced.number)?.hash).toBe(announced.hash)
  sameChain(a)
  expect(a.sequencer.rollup.certifier?.newest()).toMatchObject({ height: 2n, state: 'certified' })
  await cluster.settle()
  await a.look()
  expect(a.follower.rollup.settled()).toMatchObject({ block: a.head().number, header: { height: 2n, outboxSize: 2n } })
  expect(await a.balance(bob.address, a.follower)).toBe(5n)

  // Whoever starts now finds both eras on L1 alone.
  const observer = await cluster.observe(a)
  await observer.rollup.steps.l1()
  await observer.rollup.steps.derive()
  expect(a.head(observer).hash).toBe(a.head().hash)
  await observer.rollup.stop()

  // Both messages arrive; what the old key says over the link is no news to anybody.
  await b.advance()
  await b.advance()
  expect(await b.balance(bob.address)).toBe(15n)
  const { hash, parentHash, timestamp } = a.head()
  const head = { chainId: a.chainId, incarnation: LAST, number: a.head().number + 1n, hash, parentHash, timestamp, policyHash: a.sequencer.rollup.status.chain().policyHash, messages: [] }
  for (const incarnation of [LAST, (2n << 64n) - 1n]) await b.sequencer.rollup.imports.onLink({ kind: 'head', head: await signHead(cluster.l1.cluster.domain, { ...head, incarnation }, a.batcher) })
  await b.sequencer.rollup.imports.onLink({ kind: 'head', head: await signHead(cluster.l1.cluster.domain, { ...head, incarnation: LAST }, next()) })
  expect(b.sequencer.rollup.imports.pool.standing().get(a.chainId)?.incarnation).toBe(a.sequencer.rollup.chain.incarnation)
})

it('a sequencer whose attesters have signed the attacker’s blocks goes on from these, with an empty database and the new key', async () => {
  const [a] = cluster.chains
  const { l1, clock, contracts } = cluster
  await a.advance()
  const theirs = a.head().timestamp + 1n
  await post(a, 0n, 2n, [block(theirs)])
  await a.build()
  await a.derive()
  const forged = a.head(a.follower)
  expect(forged).toMatchObject({ number: 2n, timestamp: theirs })
  const { inboxRoot, balanceRoot, l1InboxCursor } = forged.accounting
  const certificate = { slot: 0, height: 1n, timestamp: forged.timestamp, l1InboxCursor, daIndex: 2n, notAfter: NEVER, stateRoot: forged.stateRoot, inboxRoot: toBytes32(inboxRoot), balanceRoot: toBytes32(balanceRoot), importRoot: zeroHash, leaves: [], withdrawals: [] }
  const data = { epoch: 1n, time: clock.now() - 1000n, newRoot: toBytes32(1n), queueCursor: 0n, beneficiary: zeroAddress, certificates: [certificate] }
  await l1.call(9, contracts.hub, { abi: causewayHubAbi, functionName: 'settle', args: [data, '0x11'] })
  // It takes up the posting when it posts.
  await a.publish()
  await a.look()
  expect((await statusOf(a.sequencer)).halted).toMatch(/L1 settled another state/)
  expect(a.follower.rollup.settled().block).toBe(2n)

  await l1.rotate(a.chainId, next().address)
  await a.sequencer.crash()
  await database.write([...database.range({ start: '', end: '\uffff' })].map(({ key }) => ({ key, value: null })))
  await a.sequencer.restart(next())
  running = true
  await a.sequencer.rollup.start()
  expect(a.sequencer.rollup.chain.block(2n)?.hash).toBe(forged.hash)
  await a.sequencer.restart()
  running = false
  await a.build()
  await a.publish()
  await a.derive()
  expect(eraOf(a.head(a.follower).incarnation)).toBe(1n)
  sameChain(a)
  expect((await statusOf(a.sequencer)).halted).toBe(undefined)
})

it('what was imported of the attacked chain and not settled keeps its ground, if the new batcher repeats it', async () => {
  const { a, b, bob } = await scene()
  await b.build()
  expect(await b.balance(bob.address)).toBe(15n)
  await own('applyBatcher')
  await b.look()
  await a.sequencer.restart(next())
  await a.advance()
  await b.build()
  expect(b.sequencer.rollup.chain.incarnation).toBe(0n)
  expect(await b.balance(bob.address)).toBe(15n)
  await b.advance()
  await cluster.settle()
  await a.advance()
  await b.advance()
  await cluster.settle()
  expect(b.sequencer.rollup.settled().block).toBeGreaterThan(0n)
  expect(await b.balance(bob.address)).toBe(15n)
})

it('what whoever had the old key has announced of messages that nobody sent is imported no more', async () => {
  const { a, b, alice, bob } = await scene()
  const { hash, number, timestamp, parentHash } = a.head()
  const [sent] = a.sent(a.head())
  if (!sent) throw new Error('nothing was sent')
  const forged = { ...sent, nonce: 2n, amount: parseEther('1') }
  const head = { chainId: a.chainId, incarnation: LAST, number: number + 1n, hash: parentHash, parentHash: hash, timestamp, policyHash: a.sequencer.rollup.status.chain().policyHash, messages: [forged] }
  const { imports } = b.sequencer.rollup
  await b.look()
  await imports.onLink({ kind: 'head', head: await signHead(cluster.l1.cluster.domain, head, a.batcher) })
  const candidates = () => imports.candidates(cluster.clock.now() + 1n).map(({ message }) => message.amount)
  expect(candidates()).toEqual([forged.amount])
  await own('applyBatcher')
  await b.look()
  expect(candidates()).toEqual([])
  // What was sent is imported when the new batcher says it again.
  await a.sequencer.restart(next())
  await a.build()
  await b.sequencer.rollup.steps.catchUp()
  expect(candidates()).toEqual([7n, 8n])
  await b.build()
  expect([await b.balance(bob.address), await b.balance(alice.address)]).toEqual([15n, 0n])
})

it('proposals of the old key are signed by nobody', async () => {
  const { a } = await scene()
  await cluster.settle()
  await own('applyBatcher')
  await a.sequencer.restart(next())
  await a.build()
  await a.publish()
  await a.derive()
  await a.certify()
  const proposed = events.filter((event) => event.kind === 'proposal').at(-1)
  expect(proposed?.draft.before.height).toBe(1n)
  const signatures = () => events.filter((event) => event.kind === 'attestation').length
  const before = signatures()
  const say = async (account: typeof a.batcher) => {
    if (!proposed) throw new Error('nothing was proposed')
    const stranger = cluster.hub.connect(account.address)
    stranger.publish(await signProposal(cluster.l1.cluster.domain, proposed.draft, proposed.toBlock, account))
    await cluster.settleLink()
    return signatures()
  }
  expect(await say(a.batcher)).toBe(before)
  expect(await say(next())).toBe(before + 1)
})

it('an L1 reorganization that takes the change back gives the chain back to the old batcher, and the next one takes it on again', async () => {
  const { a, b } = await scene()
  await own('applyBatcher')
  await b.look()
  await a.sequencer.restart(next())
  await a.build()
  const during = a.sequencer.rollup.chain.incarnation
  expect(eraOf(during)).toBe(1n)
  expect(b.sequencer.rollup.imports.pool.standing().get(a.chainId)?.incarnation).toBe(during)

  await cluster.l1.reorg(1)
  await a.look()
  await b.look()
  expect((await statusOf(a.sequencer)).halted).toMatch(/registered chain 42001 with batcher/)
  await expect(a.sequencer.rollup.steps.build()).rejects.toMatchObject({ code: 'OTHER_REGISTRATION' })
  await a.sequencer.restart(a.batcher)
  await a.build()
  const back = a.sequencer.rollup.chain.incarnation
  expect([eraOf(back), back > during - (1n << 64n)]).toEqual([0n, true])
  expect(b.sequencer.rollup.imports.pool.standing().get(a.chainId)?.incarnation).toBe(back)
  await a.publish()
  await a.derive()
  sameChain(a)

  await own('applyBatcher')
  await a.sequencer.restart(next())
  // Also if it posts before it builds.
  await a.publish()
  await a.derive()
  sameChain(a)
  expect(eraOf(a.head(a.follower).incarnation)).toBe(1n)
})

it('a revoked batcher stops at once, and the same account can be the batcher again', async () => {
  const { a } = await scene()
  const { l1, contracts } = cluster
  await own('revokeBatcher')
  await a.look()
  expect((await statusOf(a.sequencer)).halted).toMatch(/has revoked its batcher \(era 1\): nobody may post/)
  await expect(post(a, 1n, 4n, [block(cluster.clock.now())])).rejects.toMatchObject({ code: 'DA_PERMANENT' })
  expect(await l1.client.readContract({ address: contracts.hub, abi: causewayHubAbi, functionName: 'batcherAt', args: [0] })).toBe(zeroAddress)
  await l1.rotate(a.chainId, a.batcher.address)
  await l1.mine(3)
  await a.advance()
  expect(eraOf(a.sequencer.rollup.chain.incarnation)).toBe(2n)
  sameChain(a)
  await cluster.settle()
  await a.look()
  expect(a.sequencer.rollup.settled().block).toBe(a.head().number)
})
