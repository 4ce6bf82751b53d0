import { createCluster } from '@causeway/cluster'
import { testTokenAbi, testTokenBytecode } from '@causeway/contracts/samples'
import { createRandom } from '@causeway/testing'
import { encodeFunctionData, numberToHex, parseAbiItem, parseEther } from 'viem'
import { expect, it } from 'vitest'
import tokens from './plugins/chain.js'

// One run for everybody; `SEED=<n>` plays another.
const seed = Number(process.env.SEED ?? 3)

// Real processes, real time: the only way to see what kill -9 leaves between an indexer's file and the node's database.
it(`an indexer whose process is killed has every transfer once (SEED=${seed})`, async () => {
  const random = createRandom(seed)
  const cluster = await createCluster({ aggregator: false, chains: [{ name: 'tokens', chainId: tokens.chain.id, rollup: new URL('./plugins/chain.ts', import.meta.url), ownProcess: true }] })
  try {
    const [chain] = cluster.chains
    const { client } = chain
    const [wallet, bob] = [chain.wallet(), cluster.userAccount(1).address]
    const { index } = await cluster.deposit(chain, { amount: parseEther('1') })
    await client.waitForDeposit({ index })
    const { contractAddress: token } = await client.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi: testTokenAbi, bytecode: testTokenBytecode, args: ['Test', 'TST', 18] }) })
    if (!token) throw new Error('no token')
    let nonce = await client.getTransactionCount({ address: wallet.account.address })
    const data = encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [bob, 3n] })
    const mint = () => wallet.sendTransaction({ to: token, data, nonce: nonce++, gas: 100_000n })
    const until = (what: () => Promise<unknown>, wanted: unknown) => expect.poll(() => what().catch(() => undefined), { timeout: 60_000, interval: 100 }).toEqual(wanted)

    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 8; i++) await mint()
      await new Promise((resolve) => setTimeout(resolve, random.below(900)))
      const { child } = chain
      child?.kill()
      // It is started again by itself, and all that it had taken goes into blocks.
      await until(async () => (chain.child === child ? undefined : client.getTransactionCount({ address: wallet.account.address })), nonce)
    }

    const indexed = async () => (await client.request({ method: 'token_transfers', params: [{ token }] } as never)) as { block: string; logIndex: number }[]
    await until(async () => (await indexed()).length, 24)
    const logs = await client.getLogs({ address: token, event: parseAbiItem('event Transfer(address indexed from, address indexed to, uint256 value)'), fromBlock: 0n })
    expect((await indexed()).map(({ block, logIndex }) => [block, logIndex])).toEqual(logs.map(({ blockNumber, logIndex }) => [numberToHex(blockNumber), logIndex]))
    expect(await client.request({ method: 'token_balances', params: [{ holder: bob }] } as never)).toEqual([{ token: token.toLowerCase(), amount: numberToHex(72) }])
    expect(await (await fetch(`${chain.rpcUrl}/metrics`)).text()).toMatch(/token_indexer_transfers_total\{plugin="token-indexer"\} \d+\n/)
  } finally {
    await cluster.stop()
  }
})
