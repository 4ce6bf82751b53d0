import { strict as assert } from 'node:assert'
import type { Cluster } from '@causeway/cluster'
import { causewayBridgeAbi, PREDEPLOYS, wrapperAddress } from '@causeway/contracts'
import { greeterAbi, greeterBytecode, reverterAbi, reverterBytecode, testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { erc20Abi, parseEther, parseUnits, stringToHex, type Abi, type Address, type Hex } from 'viem'
import { tellModules } from './modules.js'
import type { Chain, Story } from './told.js'
import { step } from './view.js'

const USD = (n: string) => parseUnits(n, 6)

/** Value and calls across L1 and three chains; each step is checked on the chain where its effect must be. */
export async function tellStory(cluster: Cluster): Promise<Story> {
  const [a, b, c] = cluster.chains as [Chain, Chain, Chain]
  const alice = cluster.userAccount(0).address
  const bob = cluster.userAccount(1).address
  const carol = cluster.userAccount(2).address
  const story: Story = { gas: [], latencies: [], withdrawals: [], messages: [] }
  const { client: l1 } = cluster.l1
  const gasOf = async (what: string, hash: Hex) => story.gas.push({ what, gas: (await l1.getTransactionReceipt({ hash })).gasUsed })

  const usd = await step('an ERC-20 on L1 (6 decimals), and 1000 of it for Alice', async () => {
    const wallet = cluster.l1.wallet(0)
    const hash = await wallet.deployContract({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Dollar', 'USD', 6], chain: null })
    const { contractAddress } = await l1.waitForTransactionReceipt({ hash })
    assert(contractAddress)
    await l1.waitForTransactionReceipt({ hash: await wallet.writeContract({ address: contractAddress, abi: testTokenAbi, functionName: 'mint', args: [alice, USD('1000')], chain: null }) })
    return contractAddress
  })

  await step(
    'deposits from L1: 10 ETH and 500 USD to a, 5 ETH to b, 4 ETH to c',
    async (waiting) => {
      const announce = await cluster.l1.wallet(0).writeContract({ address: cluster.contracts.bridge, abi: causewayBridgeAbi, functionName: 'announceToken', args: [usd, a.chainId], chain: null })
      await l1.waitForTransactionReceipt({ hash: announce })
      const eth = await cluster.deposit(a, { amount: parseEther('10') })
      const erc20 = await cluster.deposit(a, { amount: USD('500'), token: usd })
      await cluster.deposit(b, { amount: parseEther('5'), user: 1 })
      await cluster.deposit(c, { amount: parseEther('4'), user: 1 })
      await gasOf('deposit of ETH', eth.transaction)
      await gasOf('deposit of an ERC-20', erc20.transaction)
      waiting('the chains credit what is `safe` on L1')
      await until(async () => (await a.client.getBalance({ address: alice })) === parseEther('10'))
      await until(async () => (await balanceOf(a, usdOn(), alice)) === USD('500'))
      await until(async () => (await b.client.getBalance({ address: bob })) === parseEther('5'))
      await until(async () => (await c.client.getBalance({ address: bob })) === parseEther('4'))
    },
  )
  assert.equal(await a.client.readContract({ address: usdOn(), abi: testTokenAbi, functionName: 'decimals' }), 6, 'the wrapper has the decimals that its home announced')

  const { gold, greeter, reverter } = await step('contracts: a token native to a; on b a receiver, and one that always reverts', async () => {
    const wallet = a.wallet(0)
    const goldAddress = await deploy(a, 0, testTokenAbi, testTokenBytecode, ['Gold', 'GLD', 18])
    await mined(a, await wallet.writeContract({ address: goldAddress, abi: testTokenAbi, functionName: 'mint', args: [alice, parseEther('100')] }))
    await mined(a, await wallet.writeContract({ address: goldAddress, abi: erc20Abi, functionName: 'approve', args: [PREDEPLOYS.bridge, parseEther('100')] }))
    return {
      gold: goldAddress,
      greeter: await deploy(b, 1, greeterAbi, greeterBytecode, [PREDEPLOYS.messenger]),
      reverter: await deploy(b, 1, reverterAbi, reverterBytecode, []),
    }
  })

  async function send(what: string, parameters: Parameters<ReturnType<Chain['wallet']>['sendMessage']>[0]) {
    const sent = await a.wallet(0).sendMessage(parameters)
    const begin = performance.now()
    const status = await b.client.waitForMessage({ id: sent.id, until: 'executed', timeout: 60_000, pollingInterval: 20 })
    story.latencies.push(performance.now() - begin)
    story.messages.push({ from: a, to: b, id: sent.id, what })
    return status
  }

  await step('a → b: 2 ETH to Carol', async () => {
    await send('2 ETH', { destination: b.chainId, recipient: carol, value: parseEther('2') })
    assert.equal(await b.client.getBalance({ address: carol }), parseEther('2'))
  })
  await step('a → b: 200 USD to Carol, and b knows them by their L1 home', async () => {
    await send('200 USD', { destination: b.chainId, recipient: carol, token: usdOn(), amount: USD('200') })
    assert.equal(await balanceOf(b, usdOn(), carol), USD('200'))
  })
  await step('a → b: 40 GLD, a token native to a', async () => {
    await send('40 GLD', { destination: b.chainId, recipient: carol, token: gold, amount: parseEther('40') })
    assert.equal(await balanceOf(b, wrapperAddress({ chain: a.chainId, address: gold }), carol), parseEther('40'))
  })
  await step(
    'a → b: a contract call with a payload and 0.1 ETH',
    async () => {
      const status = await send('a call', { destination: b.chainId, recipient: greeter, value: parseEther('0.1'), payload: stringToHex('hello from a') })
      assert.equal(status.execution?.ok, true)
      const [payload, source, sender, value] = await Promise.all((['lastPayload', 'lastSource', 'lastSender', 'lastValue'] as const).map((functionName) => b.client.readContract({ address: greeter, abi: greeterAbi, functionName })))
      assert.deepEqual([payload, source, String(sender).toLowerCase(), value], [stringToHex('hello from a'), a.chainId, alice.toLowerCase(), parseEther('0.1')])
    },
    () => 'the receiver on b saw chain, sender, payload and value',
  )
  await step(
    'a → b: a call that reverts, with 0.5 ETH',
    async () => {
      const before = await b.client.getBalance({ address: carol })
      const status = await send('a reverting call', { destination: b.chainId, recipient: reverter, refundTo: carol, value: parseEther('0.5'), payload: '0x01' })
      assert.equal(status.execution?.ok, false)
      assert.equal(await b.client.getBalance({ address: carol }), before + parseEther('0.5'))
    },
    () => 'consumed, recorded as failed, the value is with refundTo',
  )
  await step('withdrawals to L1: 1 ETH from a, 50 USD from b', async () => {
    const eth = await a.wallet(0).sendMessage({ destination: cluster.domain.l1ChainId, recipient: carol, value: parseEther('1') })
    story.withdrawals.push({ chain: a, id: eth.id, what: '1 ETH', ether: '1' })
    await mined(b, await b.wallet(1).sendTransaction({ to: carol, value: parseEther('0.01') }))
    const dollars = await b.wallet(2).sendMessage({ destination: cluster.domain.l1ChainId, recipient: alice, token: usdOn(), amount: USD('50') })
    story.withdrawals.push({ chain: b, id: dollars.id, what: '50 USD' })
  })
  await tellModules(cluster, story, [a, c])
  return story

  function usdOn(): Address {
    return wrapperAddress({ chain: cluster.domain.l1ChainId, address: usd })
  }
}

/** Waits until all chains and messages are settled, then claims the withdrawals on L1, each by somebody who gets nothing of it. */
export async function settleAndClaim(cluster: Cluster, story: Story): Promise<void> {
  const carol = cluster.userAccount(2).address
  const { client: l1 } = cluster.l1
  await step(
    'certified, proven, settled: two chains under each proof',
    async (waiting) => {
      for (const { to, id, what } of story.messages) {
        const settled = await to.client.waitForMessage({ id, until: 'settled', timeout: 900_000, onRung: (rung) => waiting(`${what} ${rung === 'certified' ? 'is certified; a proof takes about 20 s' : `is ${rung}`}`) })
        assert.equal(settled.rung === 'settled' || settled.rung === 'final', true)
      }
      for (const { chain, id } of story.withdrawals) await chain.client.waitForMessage({ id, until: 'settled', timeout: 900_000 })
      return cluster.readL1()
    },
    (reader) => `${reader.epochs().length} epochs on L1`,
  )
  for (const { chain, id, what, ether } of story.withdrawals)
    await step(`claim on L1: ${what}, by somebody else for its recipient`, async () => {
      const before = await l1.getBalance({ address: carol })
      const claimed = await cluster.claim(chain, id, 3)
      assert.equal(claimed.status, 'claimed')
      if (ether) assert.equal(await l1.getBalance({ address: carol }), before + parseEther(ether))
      if (claimed.transaction) story.gas.push({ what: `claim of ${what}`, gas: (await l1.getTransactionReceipt({ hash: claimed.transaction })).gasUsed })
      assert.equal((await cluster.claim(chain, id, 3)).status, 'already-claimed')
    })
  await step('final: L1 has finalized the epochs', async () => {
    for (const { to, id } of story.messages) await to.client.waitForMessage({ id, until: 'final', timeout: 60_000 })
    for (const chain of cluster.chains) assert((await chain.client.getBlock({ blockTag: 'finalized' })).number > 0n)
  })
}

async function deploy(chain: Chain, user: number, abi: Abi, bytecode: Hex, args: readonly unknown[]): Promise<Address> {
  const hash = await chain.wallet(user).deployContract({ abi, bytecode, args })
  const { contractAddress } = await chain.client.waitForTransactionReceipt({ hash })
  assert(contractAddress)
  return contractAddress
}

async function mined(chain: Chain, hash: Hex): Promise<void> {
  const { status } = await chain.client.waitForTransactionReceipt({ hash })
  assert.equal(status, 'success')
}

async function balanceOf(chain: Chain, token: Address, account: Address): Promise<bigint> {
  if ((await chain.client.getCode({ address: token })) === undefined) return 0n
  return chain.client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [account] })
}

/** Polls a condition; the demo's only way to wait for something that has no event. @throws after a minute */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('this did not come true within a minute')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

