import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { causewayActions } from '@causeway/client'
import { causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { mockVerifier } from '@causeway/contracts/testing'
import { attestationSigner, attestedPolicy, decodeBatch, encodePolicy, messageId, NEVER, systemClock } from '@causeway/core'
import { evmRollup, spawnNodes, type ChildNodes, type NodeConfig } from '@causeway/cluster'
import { blobs } from '@causeway/da-ethereum'
import { actionTypedData, bank, encodeAction } from '@causeway/execution-app'
import { createL1Reader, deployCluster, depositETH, devAccounts, registerChain, startAnvil } from '@causeway/l1'
import { createLinkHub, serveLink, type LinkServer } from '@causeway/messaging'
import { createMembers, registrationOf } from '@causeway/node'
import { bytesToHex, createPublicClient, createWalletClient, encodeFunctionData, http, keccak256, parseEther, stringToHex, zeroAddress, type Hex, type TypedDataDefinition } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import modules from './modules-chain.js'

const key = (index: number): Hex => devAccounts[index]?.privateKey as Hex
const [alice, batcher] = [privateKeyToAccount(key(6)), privateKeyToAccount(key(2))]
const [CHAIN, L1] = [42001n, 31337n]

/** A chain, and how Alice pays the batcher 1 wei on it, or withdraws 1 wei to him. */
type Killed = { engine: string; chain: NodeConfig['chain']; definition: typeof modules | ReturnType<typeof evmRollup>; pay(nonce: number): Promise<Hex>; withdraw(nonce: number): Promise<Hex> }

function evmChain(): Killed {
  const chain = { id: CHAIN, feeRecipient: batcher.address }
  const fees = { type: 'eip1559', chainId: Number(CHAIN), value: 1n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1n } as const
  const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: L1, recipient: batcher.address, refundTo: alice.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }] })
  return {
    ...{ engine: 'the EVM', chain, definition: evmRollup(chain) },
    pay: (nonce) => alice.signTransaction({ ...fees, nonce, to: batcher.address, gas: 21_000n }),
    withdraw: (nonce) => alice.signTransaction({ ...fees, nonce, to: PREDEPLOYS.messenger, data, gas: 300_000n }),
  }
}

function modulesChain(): Killed {
  const eth = { chain: L1, token: zeroAddress, amount: 1n }
  async function sign(nonce: number, name: 'transfer' | 'send', args: { readonly [name: string]: unknown }): Promise<Hex> {
    const action = { module: 'bank', action: name, args, nonce: BigInt(nonce), gas: 300_000n, gasPrice: 1_000_000n, expiry: NEVER }
    const types = bank.actions[name].args
    return encodeAction(types, action, await alice.signTypedData(actionTypedData(CHAIN, types, action) as TypedDataDefinition))
  }
  return {
    ...{ engine: 'modules', chain: { module: new URL('./modules-chain.ts', import.meta.url).href }, definition: modules },
    pay: (nonce) => sign(nonce, 'transfer', { ...eth, to: batcher.address }),
    withdraw: (nonce) => sign(nonce, 'send', { ...eth, destination: L1, recipient: batcher.address, refundTo: alice.address, gasLimit: 0n, expiry: 0n, payload: '0x' }),
  }
}

// Real processes, real time: the only way to see what kill -9 leaves behind.
it.each([evmChain(), modulesChain()])('a chain of $engine whose process is killed carries on where it was', async ({ chain, definition, pay, withdraw }) => {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-'))
  const anvil = await startAnvil()
  const hubLink = createLinkHub()
  const children: ChildNodes[] = []
  let server: LinkServer | undefined
  try {
    const l1 = createPublicClient({ transport: http(anvil.url), pollingInterval: 100 })
    const wallet = createWalletClient({ account: privateKeyToAccount(key(0)), transport: http(anvil.url), pollingInterval: 100 })
    const contracts = await deployCluster({ client: l1, wallet, clusterId: keccak256(stringToHex('kill')), verifier: mockVerifier })
    const { domain } = contracts
    const attesters = ['sequencer', 'follower'].map((name) => bytesToHex(createHash('sha256').update(name).digest()))
    const policy = attestedPolicy(2, attesters.map((secret) => attestationSigner(Buffer.from(secret.slice(2), 'hex')).publicKey))
    const common = { chain, owner: wallet.account.address, defaults: { sequencing: { blockTime: 200, batchInterval: 500, certify: { delay: 500 } } }, directory, l1Url: anvil.url, contracts, policy: encodePolicy(policy), rpcPort: 0 }
    const nodes: NodeConfig[] = [
      { ...common, name: 'sequencer', attestationKey: attesters[0] as Hex, batcherKey: key(2) },
      { ...common, name: 'follower', attestationKey: attesters[1] as Hex },
    ]
    const registration = await registrationOf({ ...definition, policy }, { l1ChainId: domain.l1ChainId, bridge: contracts.bridge, batcher: batcher.address, owner: wallet.account.address })
    await registerChain({ client: l1, wallet, hub: contracts.hub, registration })

    const relay = createL1Reader({ client: l1, addresses: contracts, clock: systemClock })
    await relay.poll()
    server = await serveLink({ hub: hubLink, domain, members: createMembers(relay), clock: systemClock })
    const linkUrl = server.url
    const start = async () => {
      const child = await spawnNodes({ linkUrl, logFile: join(directory, 'log'), nodes })
      children.push(child)
      const [sequencer, follower] = child.rpcUrls.map((url) => createPublicClient({ transport: http(url as string), pollingInterval: 50 }).extend(causewayActions()))
      if (!sequencer || !follower) throw new Error('no RPC')
      return { child, sequencer, follower }
    }
    const until = async (what: string, isDone: () => Promise<boolean>) => {
      for (const end = Date.now() + 60_000; ; ) {
        if (await isDone()) return
        if (Date.now() > end) throw new Error(`${what} did not happen in a minute`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }

    let running = await start()
    await depositETH({ client: l1, wallet: createWalletClient({ account: alice, transport: http(anvil.url), pollingInterval: 100 }), bridge: contracts.bridge, chainId: CHAIN, recipient: alice.address, amount: parseEther('1') })
    await until('the deposit', async () => (await running.sequencer.getBalance({ address: alice.address })) > 0n)

    for (let round = 0; round < 3; round++) {
      const first = round * 2
      const sent = await running.sequencer.sendRawTransaction({ serializedTransaction: await pay(first) })
      const receipt = await running.sequencer.waitForTransactionReceipt({ hash: sent })
      // Once with the block on L1, so that there is something to post twice.
      if (round === 1) await until('the follower', async () => (await running.follower.getBlockNumber({ cacheTime: 0 })) >= receipt.blockNumber)
      // The last thing it hears of before it dies.
      const waiting = await running.sequencer.sendRawTransaction({ serializedTransaction: await withdraw(first + 1) })
      running.child.kill()
      await running.child.exited
      running = await start()
      expect((await running.sequencer.getBlock({ blockNumber: receipt.blockNumber })).hash).toBe(receipt.blockHash)
      expect((await running.sequencer.waitForTransactionReceipt({ hash: waiting, timeout: 30_000 })).status).toBe('success')
    }
    expect(await running.sequencer.getTransactionCount({ address: alice.address })).toBe(6)
    const head = await running.sequencer.getBlock()
    await until('the follower', async () => (await running.follower.getBlockNumber({ cacheTime: 0 })) >= head.number)
    expect((await running.follower.getBlock({ blockNumber: head.number })).stateRoot).toBe(head.stateRoot)
    // Each withdrawal left once, in its order, and both nodes know it.
    const ids = [0n, 1n, 2n].map((nonce) => messageId({ source: CHAIN, destination: L1, nonce }))
    for (const node of [running.sequencer, running.follower]) {
      for (const id of ids) expect(await node.getMessageStatus({ id })).toMatchObject({ id, destination: L1 })
      expect(await node.getMessageStatus({ id: messageId({ source: CHAIN, destination: L1, nonce: 3n }) })).toBe(null)
    }

    // Each block is on L1 once: batches follow on one another.
    const reader = createL1Reader({ client: l1, addresses: contracts, clock: systemClock })
    await reader.poll()
    expect(reader.postings(CHAIN).length).toBeGreaterThan(1)
    const da = blobs().create({ client: l1, hub: contracts.hub, chainId: CHAIN })
    let next = 1n
    for (const { reference } of reader.postings(CHAIN)) {
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
