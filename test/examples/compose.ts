import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { causewayActions, defineCausewayChain } from '@causeway/client'
import { accountingVerifier } from '@causeway/contracts'
import { attestationSigner, attestedPolicy, silentLog, systemClock } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { deployCluster, depositETH, devAccounts, registerChain, startAnvil } from '@causeway/l1'
import { createLinkHub } from '@causeway/messaging'
import { createRollup, defineRollup, lmdbStore, registrationOf, serveRpc, type RollupHost } from '@causeway/node'
import { createPublicClient, createWalletClient, formatEther, http, keccak256, parseEther, publicActions, stringToHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

const directory = mkdtempSync(join(tmpdir(), 'my-chain-'))
const [deployer, batcher, user] = devAccounts.map(({ privateKey }) => privateKeyToAccount(privateKey))
if (!deployer || !batcher || !user) throw new Error('there are ten')

// 1. An L1, and a cluster's contracts on it. `deployCluster` finds what is deployed already.
const anvil = await startAnvil()
const client = createPublicClient({ transport: http(anvil.url) })
const onL1 = (account: typeof deployer) => createWalletClient({ account, transport: http(anvil.url) })
const contracts = await deployCluster({ client, wallet: onL1(deployer), clusterId: keccak256(stringToHex('my cluster')), verifier: accountingVerifier })
const { domain, bridge, hub } = contracts

// 2. What the chain is, alike on every node. Wrong options are told all at once.
const signers = { sequencer: attestationSigner(randomBytes(32)), follower: attestationSigner(randomBytes(32)) }
const definition = defineRollup({
  chain: { id: 4242n, name: 'My chain', owner: deployer.address },
  execution: evm({ feeRecipient: deployer.address }),
  da: blobs(),
  policy: attestedPolicy(2, [signers.sequencer.publicKey, signers.follower.publicKey]),
  sequencing: { certify: { delay: 1_000 } },
})

// 3. Registration, once in the life of the chain. The owner can give it another batcher.
const registration = await registrationOf(definition, { l1ChainId: domain.l1ChainId, bridge, batcher: batcher.address })
await registerChain({ client, wallet: onL1(deployer), hub, registration })

// 4. Nodes. These share a process and a link in memory; `serveLink` and `connectLink` of @causeway/messaging join processes.
const links = createLinkHub()
async function startNode(name: string, keys: Pick<RollupHost, 'batcher' | 'signer'>) {
  const store = lmdbStore(join(directory, name))
  const role = keys.batcher ? 'sequencer' : 'follower'
  const rollup = await createRollup(definition, { role, ...keys, l1: { client, contracts }, link: links.connect(name), store, clock: systemClock, log: silentLog })
  await rollup.start()
  const server = await serveRpc({ rpc: rollup.rpc, port: 0 })
  // In this order, so that nothing needs what is closed already. What stays open keeps the process alive.
  const stop = async () => {
    await server.close()
    await rollup.stop()
    await store.close()
  }
  return { rollup, url: server.http, stop }
}
const sequencer = await startNode('sequencer', { batcher, signer: signers.sequencer })
const follower = await startNode('follower', { signer: signers.follower })

// 5. The chain in use: viem, with a few more actions.
const chain = defineCausewayChain({ chainId: definition.chain.id, name: 'My chain', rpcUrl: sequencer.url, l1ChainId: domain.l1ChainId })
const wallet = createWalletClient({ account: user, chain, transport: http() }).extend(publicActions).extend(causewayActions())
const deposit = await depositETH({ client, wallet: onL1(user), bridge, chainId: definition.chain.id, recipient: user.address, amount: parseEther('1') })
await wallet.waitForDeposit({ index: deposit.index })
console.log('credited:', formatEther(await wallet.getBalance({ address: user.address })), 'ETH')
// Certified: posted to L1, derived from there by the follower, and signed by both.
await wallet.waitForDeposit({ index: deposit.index, until: 'certified', onRung: (rung) => console.log('the deposit is', rung) })

// 6. The end.
await sequencer.stop()
await follower.stop()
await links.close()
await anvil.stop()
rmSync(directory, { recursive: true })
