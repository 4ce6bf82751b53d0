import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mockVerifier } from '@causeway/contracts/testing'
import { attestationSigner, attestedPolicy, decodeBatch, encodePolicy, systemClock } from '@causeway/core'
import { evmRollup, spawnNodes, type ChildNodes, type NodeConfig } from '@causeway/cluster'
import { blobs } from '@causeway/da-ethereum'
import { createL1Reader, deployCluster, depositETH, devAccounts, registerChain, startAnvil } from '@causeway/l1'
import { createLinkHub, serveLink, type LinkServer } from '@causeway/messaging'
import { createMembers, registrationOf } from '@causeway/node'
import { bytesToHex, createPublicClient, createWalletClient, http, keccak256, parseEther, stringToHex, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'

// Real processes, real time: the only way to see what kill -9 leaves behind.
it('a chain whose process is killed carries on where it was', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-'))
  const anvil = await startAnvil()
  const hubLink = createLinkHub()
  const children: ChildNodes[] = []
  let server: LinkServer | undefined
  try {
    const key = (index: number): Hex => devAccounts[index]?.privateKey as Hex
    const l1 = createPublicClient({ transport: http(anvil.url), pollingInterval: 100 })
    const wallet = createWalletClient({ account: privateKeyToAccount(key(0)), transport: http(anvil.url), pollingInterval: 100 })
    const contracts = await deployCluster({ client: l1, wallet, clusterId: keccak256(stringToHex('kill')), verifier: mockVerifier })
    const { domain } = contracts
    const attesters = ['sequencer', 'follower'].map((name) => bytesToHex(createHash('sha256').update(name).digest()))
    const policy = attestedPolicy(2, attesters.map((secret) => attestationSigner(Buffer.from(secret.slice(2), 'hex')).publicKey))
    const batcher = privateKeyToAccount(key(2))
    const chain = { id: 42001n, feeRecipient: batcher.address }
    const common = { chain, owner: wallet.account.address, defaults: { sequencing: { blockTime: 200, batchInterval: 500, certify: { delay: 500 } } }, directory, l1Url: anvil.url, contracts, policy: encodePolicy(policy), rpcPort: 0 }
    const nodes: NodeConfig[] = [
      { ...common, name: 'sequencer', attestationKey: attesters[0] as Hex, batcherKey: key(2) },
      { ...common, name: 'follower', attestationKey: attesters[1] as Hex },
    ]
    const registration = await registrationOf({ ...evmRollup(chain), policy }, { l1ChainId: domain.l1ChainId, bridge: contracts.bridge, batcher: batcher.address, owner: wallet.account.address })
    await registerChain({ client: l1, wallet, hub: contracts.hub, registration })

    const relay = createL1Reader({ client: l1, addresses: contracts, clock: systemClock })
    await relay.poll()
    server = await serveLink({ hub: hubLink, domain, members: createMembers(relay), clock: systemClock })
    const linkUrl = server.url
    const start = async () => {
      const child = await spawnNodes({ linkUrl, logFile: join(directory, 'log'), nodes })
      children.push(child)
      const [sequencer, follower] = child.rpcUrls.map((url) => createPublicClient({ transport: http(url as string), pollingInterval: 50 }))
      if (!sequencer || !follower) throw new Error('no RPC')
      return { child, sequencer, follower }
    }
    const alice = privateKeyToAccount(key(6))
    const transfer = (nonce: number) => alice.signTransaction({ type: 'eip1559', chainId: 42001, nonce, to: batcher.address, value: 1n, gas: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1n })
    const until = async (what: string, isDone: () => Promise<boolean>) => {
      for (const end = Date.now() + 60_000; ; ) {
        if (await isDone()) return
        if (Date.now() > end) throw new Error(`${what} did not happen in a minute`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }

    let running = await start()
    await depositETH({ client: l1, wallet: createWalletClient({ account: alice, transport: http(anvil.url), pollingInterval: 100 }), bridge: contracts.bridge, chainId: 42001n, recipient: alice.address, amount: parseEther('1') })
    await until('the deposit', async () => (await running.sequencer.getBalance({ address: alice.address })) > 0n)

    for (let round = 0; round < 3; round++) {
      const first = round * 2
      const sent = await running.sequencer.sendRawTransaction({ serializedTransaction: await transfer(first) })
      const receipt = await running.sequencer.waitForTransactionReceipt({ hash: sent })
      // Once with the block on L1, so that there is something to post twice.
      if (round === 1) await until('the follower', async () => (await running.follower.getBlockNumber({ cacheTime: 0 })) >= receipt.blockNumber)
      // The last thing it hears of before it dies.
      const waiting = await running.sequencer.sendRawTransaction({ serializedTransaction: await transfer(first + 1) })
      running.child.kill()
      await running.child.exited
      running = await start()
      expect((await running.sequencer.getBlock({ blockNumber: receipt.blockNumber })).hash).toBe(receipt.blockHash)
      expect((await running.sequencer.waitForTransactionReceipt({ hash: waiting, timeout: 30_000 })).status).toBe('success')
    }
    const head = await running.sequencer.getBlock()
    await until('the follower', async () => (await running.follower.getBlockNumber({ cacheTime: 0 })) >= head.number)
    expect((await running.follower.getBlock({ blockNumber: head.number })).stateRoot).toBe(head.stateRoot)

    // Each block is on L1 once: batches follow on one another.
    const reader = createL1Reader({ client: l1, addresses: contracts, clock: systemClock })
    await reader.poll()
    expect(reader.postings(42001n).length).toBeGreaterThan(1)
    const da = blobs().create({ client: l1, hub: contracts.hub, chainId: 42001n })
    let next = 1n
    for (const { reference } of reader.postings(42001n)) {
      const batch = decodeBatch(await da.retrieve(reference))
      expect(batch).toMatchObject({ first: next, incarnation: 0n })
      next += BigInt(batch.blocks.length)
    }
  } finally {
    for (const child of children) child.kill()
    await Promise.all(children.map(({ exited }) => exited))
    await server?.close()
    await hubLink.close()
    await anvil.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
