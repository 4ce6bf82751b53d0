import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { withPlugins, type Plugin, type Store } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { devAccounts } from '@causeway/l1'
import { defineRollup, lmdbStore } from '@causeway/node'
import { createRandom, memoryStore } from '@causeway/testing'
import { createTestCluster, type TestNode } from '@causeway/testing/cluster'
import { pluginConformance } from '@causeway/testing/conformance'
import { concatHex, encodeDeployData, encodeFunctionData, getContractAddress, numberToHex, parseEther, toEventSelector, zeroAddress, type Address, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { p256, P256_VERIFY } from './plugins/p256/index.js'
import { tokenIndexer } from './plugins/token-indexer/index.js'

// One run for everybody; `SEED=<n>` plays another.
const seed = Number(process.env.SEED ?? 5)

const chain = (plugins: readonly Plugin[]) => defineRollup({ chain: { id: 42001n }, execution: evm({ feeRecipient: `0x${'fe'.repeat(20)}` }), da: calldata(), plugins })
const ask = (node: TestNode, method: string, ...params: unknown[]) => node.rollup.rpc.request({ method, params })

describe('the indexer of tokens', () => {
  const topic = toEventSelector('Transfer(address,address,uint256)')

  /** What a node's indexer has, and what its chain's logs say. */
  async function compared(node: TestNode, token: Address, holders: readonly Address[]) {
    await node.rollup.steps.plugins()
    const logs = (await ask(node, 'eth_getLogs', { fromBlock: '0x0', toBlock: 'latest', address: token, topics: [topic] })) as { blockNumber: Hex; logIndex: Hex; topics: Hex[]; data: Hex }[]
    const rows = (await ask(node, 'token_transfers', { token, limit: 1000 })) as Record<string, unknown>[]
    const expected = logs.map(({ blockNumber, logIndex, topics, data }) => ({ block: blockNumber, logIndex: Number(logIndex), token: token.toLowerCase(), from: `0x${topics[1]?.slice(26)}`, to: `0x${topics[2]?.slice(26)}`, amount: numberToHex(BigInt(data)) }))
    expect(rows).toEqual(expected)
    for (const holder of holders) {
      const mine = expected.filter(({ from, to }) => [from, to].includes(holder.toLowerCase()))
      expect(await ask(node, 'token_transfers', { holder, token })).toEqual(mine)
      expect(await ask(node, 'token_transfers', { holder })).toEqual(mine)
      const balance = BigInt((await ask(node, 'eth_call', { to: token, data: encodeFunctionData({ abi: testTokenAbi, functionName: 'balanceOf', args: [holder] }) }, 'latest')) as Hex)
      expect(await ask(node, 'token_balances', { holder })).toEqual(balance === 0n ? [] : [{ token: token.toLowerCase(), amount: numberToHex(balance) }])
      const printed: string[] = []
      await tokenIndexer().commands?.['balances']?.run({ args: [holder], provider: node.rollup.provider, print: (line) => printed.push(line) })
      expect(printed).toEqual(balance === 0n ? [] : [`${token.toLowerCase()}  ${balance}`])
    }
    return expected.length
  }

  it(`has what eth_getLogs says, whatever crashes and rolls back (SEED=${seed})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-indexer-'))
    const random = createRandom(seed)
    const cluster = await createTestCluster({ chains: [{ name: 'a', rollup: chain([tokenIndexer()]) }], certify: { lifetime: 60_000 }, folder: (who) => join(folder, who) })
    try {
      const [a] = cluster.chains
      const [alice, bob, carol] = cluster.users
      const token = getContractAddress({ from: alice.address, nonce: 0n })
      const holders = [alice.address, bob.address, carol.address]
      await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('5'), recipient: alice.address })
      await a.build()
      await a.send(alice, { data: encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TST', 18] }), gas: 3_000_000n })
      await a.send(alice, { to: token, data: encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [alice.address, 10n ** 30n] }), gas: 200_000n })
      await a.advance()
      await cluster.settle()
      await cluster.l1.mine(3)

      let [rolledBack, restarted] = [0, 0]
      for (let round = 0; round < 12; round++) {
        // Taken back below, and with it all that comes after it.
        const reorgs = random.below(2) === 0
        if (reorgs) await cluster.l1.deposit({ chainId: a.chainId, amount: 1n, recipient: bob.address })
        for (let block = random.below(3) + 1; block > 0; block--) {
          for (let transfer = random.below(4); transfer > 0; transfer--)
            await a.send(alice, { to: token, data: encodeFunctionData({ abi: testTokenAbi, functionName: 'transfer', args: [holders[random.below(3)] as Address, BigInt(random.below(1_000))] }), gas: 200_000n })
          await a.build()
          if (random.below(2) === 0) await a.sequencer.rollup.steps.plugins()
        }
        if (reorgs) {
          const { incarnation } = a.sequencer.rollup.chain
          await cluster.l1.reorg(1)
          if (random.below(2) === 0) await a.sequencer.restart()
          await a.build()
          if (a.sequencer.rollup.chain.incarnation > incarnation) rolledBack++
        } else if (random.below(2) === 0) {
          // In the middle of what the indexer is told: the file may have a block more than the node knows of.
          const telling = a.sequencer.rollup.steps.plugins().catch((error: unknown) => error)
          await new Promise((resolve) => setImmediate(resolve))
          await a.sequencer.restart()
          await telling
          restarted++
        }
        await compared(a.sequencer, token, holders)
      }
      await a.publish()
      await a.derive()
      expect(await compared(a.follower, token, holders)).toBe(await compared(a.sequencer, token, holders))
      expect(Math.min(rolledBack, restarted)).toBeGreaterThan(0)

      // Its file is gone: told again from the first block.
      await a.sequencer.crash()
      rmSync(join(folder, 'a/sequencer'), { recursive: true })
      await a.sequencer.restart()
      expect(await compared(a.sequencer, token, holders)).toBeGreaterThan(5)
      expect(a.sequencer.rollup.rpc.metrics()).toMatch(new RegExp(`token_indexer_block\\{plugin="token-indexer"\\} ${a.head().number}\\n`))
      await expect(ask(a.sequencer, 'token_transfers', {})).rejects.toMatchObject({ message: 'ask for a token, a holder, or both' })
      await expect(ask(a.sequencer, 'token_transfers', { token: "' OR 1=1" })).rejects.toMatchObject({ message: 'token is an address' })
    } finally {
      await cluster.stop()
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the indexer of tokens, by the kit', () => {
  const transfer = (to: Address) => encodeFunctionData({ abi: testTokenAbi, functionName: 'transfer', args: [to, 7n] })
  pluginConformance({ it, expect }, {
    plugins: () => [tokenIndexer()],
    async act({ users: [alice, bob] }, chain, round) {
      const token = getContractAddress({ from: alice.address, nonce: 0n })
      if (round === 0) {
        await chain.send(alice, { data: encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TST', 18] }), gas: 3_000_000n })
        await chain.send(alice, { to: token, data: encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [alice.address, 10n ** 18n] }), gas: 200_000n })
      } else await chain.send(alice, { to: token, data: transfer(bob.address), gas: 200_000n })
    },
    async observe(node) {
      const holders = devAccounts.map(({ address }) => address)
      return Promise.all(holders.flatMap((holder) => [ask(node, 'token_transfers', { holder }), ask(node, 'token_balances', { holder })]))
    },
  })
})

describe('P-256 signatures before osaka', () => {
  // RIP-7212's first test.
  const [hash, r, s, x, y] = ['4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d', 'a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac', '36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60', '4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3', '7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e'].map((word): Hex => `0x${word}`) as [Hex, Hex, Hex, Hex, Hex]
  const signed = concatHex([hash, r, s, x, y])
  const ONE = numberToHex(1, { size: 32 })
  /** Keeps in slot 0 what the precompile answers to the calldata: CALLDATACOPY, STATICCALL to it, SSTORE(0, mload(0)). Deployed by its init code. */
  const runtime = concatHex(['0x365f5f37', '0x60205f365f73', P256_VERIFY, '0x5afa505f515f5500'])
  const deploy = concatHex(['0x60', numberToHex((runtime.length - 2) / 2, { size: 1 }), '0x80600a5f395ff300', runtime])

  it('are checked alike by sequencer, follower, calls and estimates; a node without the plugin is told so', async () => {
    const cluster = await createTestCluster({ chains: [{ name: 'a', rollup: chain([p256()]) }] })
    try {
      const [a] = cluster.chains
      const [alice] = cluster.users
      const at = getContractAddress({ from: alice.address, nonce: 0n })
      await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('1'), recipient: alice.address })
      await a.build()
      await a.send(alice, { data: deploy, gas: 500_000n })
      await a.build()
      const request = { from: alice.address, to: at, data: signed }
      const gas = BigInt((await ask(a.sequencer, 'eth_estimateGas', request)) as Hex)
      await a.send(alice, { to: at, data: signed, gas })
      await a.advance()
      for (const node of [a.sequencer, a.follower, await cluster.observe(a)]) {
        await node.rollup.steps.l1()
        if (node.rollup.chain.head.number === 0n) await node.rollup.steps.derive()
        expect(node.rollup.chain.head.hash).toBe(a.head().hash)
        expect(await ask(node, 'eth_getStorageAt', at, '0x0', 'latest')).toBe(ONE)
        expect(await ask(node, 'p256_verify', { hash, r, s, x, y })).toBe(true)
        expect(await ask(node, 'p256_verify', { hash: r, r, s, x, y })).toBe(false)
        if (node !== a.sequencer && node !== a.follower) await node.crash()
      }
      await cluster.settle()
      expect(a.sequencer.rollup.settled().block).toBe(a.head().number)

      await expect(cluster.observe({ ...a, definition: { ...a.definition, plugins: [] } })).rejects.toMatchObject({ code: 'OTHER_REGISTRATION' })
    } finally {
      await cluster.stop()
    }
  })

  it('are checked as osaka does at 0x100, in threads too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-p256-'))
    const store = lmdbStore(folder)
    const host = (over: Store) => ({ chainId: 4242n, l1: { chainId: 900n }, store: over })
    const own = withPlugins(evm({ feeRecipient: zeroAddress }), [p256()]).create(host(store))
    try {
      await store.write((await own.genesis()).changes)
      const other = memoryStore()
      const upstream = evm({ feeRecipient: zeroAddress, hardfork: 'osaka' }).create(host(other))
      await other.write((await upstream.genesis()).changes)
      const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
      const field = BigInt('0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff')
      const word = (value: bigint) => numberToHex(value, { size: 32 })
      const inputs = [
        signed,
        // The other s, which is as good; and numbers at and over the edges.
        concatHex([hash, r, word(order - BigInt(s)), x, y]),
        concatHex([hash, word(BigInt(r) + order < 2n ** 256n ? BigInt(r) + order : order), s, x, y]),
        ...[0n, order, order - 1n, 2n ** 256n - 1n].flatMap((edge) => [concatHex([hash, word(edge), s, x, y]), concatHex([hash, r, word(edge), x, y]), concatHex([word(edge), r, s, x, y])]),
        ...[0n, field, field - 1n].flatMap((edge) => [concatHex([hash, r, s, word(edge), y]), concatHex([hash, r, s, x, word(edge)])]),
        concatHex([hash, r, s, word(0n), word(0n)]),
        concatHex([hash, r, s, x, word(field - BigInt(y))]),
        ...(['0x', '0x00', `${signed}00`, signed.slice(0, -2)] as Hex[]),
      ]
      for (const data of inputs) {
        const [mine, theirs] = [await own.call({ to: P256_VERIFY, data }, 0n), await upstream.call({ to: '0x0000000000000000000000000000000000000100', data }, 0n)]
        expect([data, mine.data, mine.failure]).toEqual([data, theirs.data, theirs.failure])
      }
      expect((await own.call({ to: P256_VERIFY, data: signed }, 0n)).data).toBe(ONE)
      expect(await own.estimateGas({ to: P256_VERIFY, data: signed }, 0n)).toBe(await upstream.estimateGas({ to: '0x0000000000000000000000000000000000000100', data: signed }, 0n))
    } finally {
      await own.dispose()
      await store.close()
      rmSync(folder, { recursive: true })
    }
  })
})
