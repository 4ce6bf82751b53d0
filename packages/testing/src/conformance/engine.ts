import { maxInputWeight, type BlockInputs, type ExecutedBlock, type ExecutionEngine, type InputOutcome, type L1InboxEntry, type Message, type SentMessage, type Store } from '@causeway/core'
import type { TestFramework } from '@causeway/messaging'
import type { Hex } from 'viem'
import { memoryStore } from '../memory-store.js'
import { outcome } from './outcome.js'

/** Inputs of a block, each with what it has to do there. */
export type EngineBlock = {
  l1Entries: readonly { entry: L1InboxEntry; ok: boolean; sent: readonly SentMessage[] }[]
  imports: readonly { message: Message; policyHash: bigint; ok: boolean; sent: readonly SentMessage[] }[]
  transactions: readonly { raw: Hex; hash: Hex; sent: readonly SentMessage[] }[]
}

/** An engine and what to execute with it: the inputs are the engine's own. */
export type EngineFixture = {
  /** A new instance of the chain's engine, over a store that is empty or was written by another instance. */
  open(store: Store): ExecutionEngine
  /** The blocks after genesis. The first has at least two L1 entries, an import, and a transaction that sends and one that does not. */
  blocks: readonly [EngineBlock, EngineBlock]
  /** Transactions that the first block cannot include, nor force: one for each reason that the engine knows. */
  bad: readonly Hex[]
}

/** What no engine takes for a transaction. */
const GARBAGE: readonly Hex[] = ['0x', '0x00', '0xdeadbeef', `0x${'ff'.repeat(200)}`]
/** Time (ms) of the first block, and between blocks. */
const START = 1_700_000_000_000n
const BLOCK_TIME = 500n

type Parent = Pick<ExecutedBlock, 'number' | 'hash' | 'timestamp'>

/**
 * What every `ExecutionEngine` must do: give equal blocks for equal inputs on equal parents, in whatever instance and whatever was executed
 * before; write nothing itself; report what each input did, in order; execute on any block that it knows; and make a block of whatever
 * inputs it gets, without those transactions that are invalid.
 */
export function engineConformance({ it, expect }: TestFramework, makeEngine: () => Promise<EngineFixture>): void {
  const test = (name: string, body: (chain: Chain, fixture: EngineFixture) => Promise<void>) =>
    it(name, async () => {
      const fixture = await makeEngine()
      await body(await openChain(fixture), fixture)
    })
  const rowsOf = (store: Store) => [...store.range({ start: '', end: '\xff' })]

  test('has one genesis, and does not write it itself', async (_, { open }) => {
    const store = memoryStore()
    const engine = open(store)
    const first = await engine.genesis()
    expect(rowsOf(store)).toEqual([])
    expect(await engine.genesis()).toEqual(first)
    expect(await open(memoryStore()).genesis()).toEqual(first)
    await store.write(first.changes)
    expect(await engine.genesis()).toEqual(first)
    expect(await open(store).genesis()).toEqual(first)
    expect([engine.name.length > 0, engine.chainId > 0n, engine.weightLimit > 0n]).toEqual([true, true, true])
  })

  test('gives equal blocks for equal inputs, in every instance', async (chain, fixture) => {
    const other = await openChain(fixture)
    for (const block of fixture.blocks) {
      const inputs = chain.inputs(block)
      const one = await chain.engine.execute(inputs)
      expect(await chain.engine.execute(inputs)).toEqual(one)
      // Not even what was executed before, and never written, makes a difference.
      await other.engine.execute({ ...inputs, l1Entries: [], imports: [], transactions: [], timestamp: inputs.timestamp + 1n })
      expect(await other.engine.execute(inputs)).toEqual(one)
      expect(await fixture.open(chain.store).execute(inputs)).toEqual(one)
      await chain.write(one)
      await other.write(one)
      expect(rowsOf(chain.store)).toEqual(rowsOf(other.store))
    }
  })

  test('names a block by all that decides it', async (chain, { blocks: [block] }) => {
    const inputs = chain.inputs(block)
    const { number, parentHash, timestamp, hash, stateRoot } = await chain.engine.execute(inputs)
    expect({ number, parentHash, timestamp }).toEqual({ number: inputs.number, parentHash: inputs.parentHash, timestamp: inputs.timestamp })
    const empty = await chain.engine.execute({ ...inputs, l1Entries: [], imports: [], transactions: [] })
    const later = await chain.engine.execute({ ...inputs, timestamp: inputs.timestamp + 60_000n })
    expect(new Set([hash, empty.hash, later.hash, inputs.parentHash]).size).toBe(4)
    expect(empty.stateRoot === stateRoot).toBe(false)
  })

  test('writes nothing while it executes', async (chain, { blocks: [block], bad }) => {
    const before = rowsOf(chain.store)
    await chain.engine.execute(chain.inputs(block))
    await chain.engine.execute(chain.inputs(block, { transactions: [...GARBAGE, ...bad] }))
    expect(rowsOf(chain.store)).toEqual(before)
  })

  test('reports what each input did and sent: L1 entries, imports, transactions, in order', async (chain, { blocks }) => {
    for (const block of blocks) {
      const admitted: InputOutcome[] = []
      const executed = await chain.engine.execute(chain.inputs(block), { admit: (item) => admitted.push(item) > 0 })
      const expected: InputOutcome[] = [
        ...block.l1Entries.map(({ entry, ok, sent }) => ({ kind: 'l1' as const, entry, ok, sent })),
        ...block.imports.map(({ message, policyHash, ok, sent }) => ({ kind: 'import' as const, message, policyHash, ok, sent })),
        ...block.transactions.map(({ hash, sent }) => ({ kind: 'transaction' as const, hash, sent })),
      ]
      expect(executed.outcomes).toEqual(expected)
      expect(admitted).toEqual(expected)
      expect(executed.transactions).toEqual(block.transactions.map(({ raw }) => raw))
      expect(executed.refused).toEqual([])
      await chain.write(executed)
    }
  })

  test('leaves out transactions that are invalid, says why, and makes the block that there is without them', async (chain, { blocks: [block], bad }) => {
    const good = block.transactions.map(({ raw }) => raw)
    const all = [...GARBAGE, ...bad, ...good, ...good, ...GARBAGE]
    const executed = await chain.engine.execute(chain.inputs(block, { transactions: all }))
    const without = await chain.engine.execute(chain.inputs(block))
    expect(executed.transactions).toEqual(good)
    expect(executed.refused.map(({ transaction }) => transaction)).toEqual([...GARBAGE, ...bad, ...good, ...GARBAGE])
    expect(executed.refused.filter(({ reason }) => reason.length === 0)).toEqual([])
    expect({ ...executed, refused: [] }).toEqual(without)
  })

  test('takes any forced transaction: one that is invalid is void, and hinders nobody', async (chain, { blocks: [block], bad }) => {
    const without = await chain.engine.execute(chain.inputs(block, { l1Entries: [] }))
    for (const transaction of [...GARBAGE, ...bad]) {
      const entry: L1InboxEntry = { kind: 'forced', index: 0n, transaction }
      const executed = await chain.engine.execute(chain.inputs(block, { l1Entries: [entry] }))
      expect(executed.outcomes).toEqual([{ kind: 'l1', entry, ok: false, sent: [] }, ...without.outcomes])
      expect([executed.transactions, executed.refused]).toEqual([without.transactions, without.refused])
    }
  })

  test('drops a transaction that is not admitted, without a trace', async (chain, { blocks: [block] }) => {
    const sends = (item: InputOutcome) => item.kind === 'transaction' && item.sent.length > 0
    const executed = await chain.engine.execute(chain.inputs(block), { admit: (item) => !sends(item) })
    const quiet = block.transactions.filter(({ sent }) => sent.length === 0).map(({ raw }) => raw)
    const without = await chain.engine.execute(chain.inputs(block, { transactions: quiet }))
    expect(quiet.length < block.transactions.length).toBe(true)
    expect([executed.hash, executed.stateRoot, executed.outcomes]).toEqual([without.hash, without.stateRoot, without.outcomes])
    expect(executed.refused.length).toBe(block.transactions.length - executed.transactions.length)
  })

  test('never drops an L1 entry or import: the first is delivered without its effects, a later one makes the block impossible', async (chain, { blocks: [block] }) => {
    const entries = block.l1Entries.map(({ entry }) => entry)
    const [imported] = chain.inputs(block).imports
    for (const inputs of [{ l1Entries: entries.slice(0, 1), imports: [] }, { l1Entries: [], imports: imported ? [imported] : [] }]) {
      const executed = await chain.engine.execute(chain.inputs(block, { ...inputs, transactions: [] }), { admit: () => false })
      expect(executed.outcomes.map((item) => (item.kind === 'transaction' ? 'a transaction' : [item.ok, item.sent]))).toEqual([[false, []]])
    }
    let calls = 0
    expect(await outcome(() => chain.engine.execute(chain.inputs(block), { admit: () => ++calls === 1 }))).toBe('BLOCK_TOO_LARGE')
    expect(await outcome(() => chain.engine.execute(chain.inputs(block)))).toBe('ok')
  })

  test('executes on every block that it knows, also when it has gone on from there, and on none else', async (chain, { open, blocks }) => {
    const did = ({ hash, stateRoot, outcomes }: ExecutedBlock) => [hash, stateRoot, outcomes]
    const genesis = chain.head()
    const onGenesis = chain.inputs(blocks[0])
    const first = await chain.write(await chain.engine.execute(onGenesis))
    const onFirst = chain.inputs(blocks[1])
    const second = await chain.write(await chain.engine.execute(onFirst))
    // A sibling of the first block becomes the head, and what is above it is left.
    const sibling = await chain.write(await chain.engine.execute(chain.inputs(blocks[0], { timestamp: onGenesis.timestamp + 7n }, genesis)))
    expect(first.hash === sibling.hash).toBe(false)
    for (const engine of [chain.engine, open(chain.store)]) {
      expect(did(await engine.execute(onGenesis))).toEqual(did(first))
      expect(did(await engine.execute(onFirst))).toEqual(did(second))
    }
    const third = chain.inputs({ l1Entries: [], imports: [], transactions: [] }, {}, second)
    const ahead = await chain.engine.execute(third)
    await chain.store.write(chain.engine.rewind(second.hash))
    for (const engine of [chain.engine, open(chain.store)]) expect(did(await engine.execute(third))).toEqual(did(ahead))
    const nowhere: Hex = `0x${'77'.repeat(32)}`
    expect(await outcome(async () => chain.engine.rewind(nowhere))).toBe('UNKNOWN_BLOCK')
    expect(['ok', '?'].includes(await outcome(() => chain.engine.execute({ ...third, parentHash: nowhere })))).toBe(false)
  })

  test('sets room aside for L1 entries and imports, at most a 16th of a block for each', async ({ engine }, { blocks }) => {
    for (const { l1Entries, imports } of blocks)
      for (const input of [...l1Entries.map(({ entry }) => entry), ...imports, ...GARBAGE.map((transaction) => ({ kind: 'forced' as const, index: 0n, transaction }))]) {
        const weight = engine.weigh(input)
        expect(weight >= 0n && weight <= maxInputWeight(engine.weightLimit)).toBe(true)
      }
  })

  test('checks transactions for a mempool', async (chain, { blocks: [block] }) => {
    for (const { raw, hash } of block.transactions) expect((await chain.engine.validate(raw, chain.head().hash)).hash).toBe(hash)
    for (const raw of GARBAGE) expect(['ok', '?'].includes(await outcome(() => chain.engine.validate(raw, chain.head().hash)))).toBe(false)
    const before = chain.head().hash
    const checked = await Promise.all(block.transactions.map(({ raw }) => chain.engine.validate(raw, before)))
    const after = (await chain.write(await chain.engine.execute(chain.inputs(block)))).hash
    for (const { sender } of checked) {
      const nonces = checked.filter((other) => other.sender === sender).map(({ nonce }) => nonce)
      expect((await chain.engine.getNonce(sender, before)) <= (nonces[0] ?? 0n)).toBe(true)
      expect(await chain.engine.getNonce(sender, after)).toBe((nonces.at(-1) ?? 0n) + 1n)
    }
  })
}

type Chain = Awaited<ReturnType<typeof openChain>>

/** An engine over a store in memory that has its genesis. */
async function openChain({ open }: EngineFixture) {
  const store = memoryStore()
  const engine = open(store)
  const genesis = await engine.genesis()
  await store.write(genesis.changes)
  let head: Parent = { number: 0n, hash: genesis.hash, timestamp: START - BLOCK_TIME }
  return {
    store,
    engine,
    head: () => head,
    /** Inputs on top of the head, or of another block. */
    inputs: ({ l1Entries, imports, transactions }: EngineBlock, other: Partial<BlockInputs> = {}, parent: Parent = head): BlockInputs => ({
      number: parent.number + 1n,
      parentHash: parent.hash,
      timestamp: parent.timestamp + BLOCK_TIME,
      l1Entries: l1Entries.map(({ entry }) => entry),
      imports: imports.map(({ message, policyHash }) => ({ message, policyHash })),
      transactions: transactions.map(({ raw }) => raw),
      ...other,
    }),
    async write(block: ExecutedBlock): Promise<ExecutedBlock> {
      await store.write(block.changes)
      head = block
      return block
    },
  }
}
