import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountingVerifier, causewayHubAbi } from '@causeway/contracts'
import { attestedPolicy, CausewayError, encodePolicy, systemClock } from '@causeway/core'
import { clusterAddresses, createL1Reader, depositERC20, depositETH, deployCluster, devAccounts, claimWithdrawal, registerChain, startAnvil, type Anvil, type DeployedCluster } from '@causeway/l1'
import { createLinkHub, serveLink } from '@causeway/messaging'
import { createMembers, registrationOf, type ChainDefinition } from '@causeway/node'
import { checkBarretenberg } from '@causeway/prover-ultrahonk'
import { createPublicClient, createWalletClient, http, keccak256, stringToHex, type Address, type Hex, type PrivateKeyAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { answerAbout, describeCluster } from './about.js'
import { connectChain, type ClusterChain, type L1Client, type L1Wallet } from './clients.js'
import { openDirectory } from './directory.js'
import { keysIn, signerOf } from './keys.js'
import { fileLog } from './logging.js'
import { checkOptions, definitionsOf, type ChainOptions, type ClusterOptions } from './options.js'
import { checkL1 } from './own-l1.js'
import { runAggregator } from './run-aggregator.js'
import { completed, runNode, type NodeChain, type NodeConfig, type RunningNode } from './run-node.js'
import { superviseNodes, type SupervisedNodes } from './supervise.js'
import { trustReport } from './trust.js'

/** Keys of the local cluster: anvil's development accounts, by what they do. The deployer owns the chains. */
const ROLE = { deployer: 0, aggregator: 1, firstBatcher: 2, firstUser: 6 } as const
/** Unsettled value (wei, or a token's smallest unit) that chains of a local cluster accept of each other at `included`. */
const IMPORT_CAP = 10n ** 24n

/** A running cluster on this machine. */
export type Cluster<Chains extends readonly ChainOptions[] = readonly ChainOptions[]> = Awaited<ReturnType<typeof createCluster<Chains>>>

/**
 * Boots an L1, deploys the contracts, registers the chains, and runs their sequencers, a follower for each, and the aggregator.
 * Everything ends with `stop`, or with this process.
 *
 * @throws CausewayError `BAD_CLUSTER` (a wrong option), `L1_UNREACHABLE`, `L1_UNFUNDED`, `PORT_IN_USE`, `ANVIL_…`, `NO_BARRETENBERG`, `NODE_FAILED`, `BAD_KEYS`, `DIRECTORY_…`
 *
 * @example
 * const cluster = await createCluster()
 * const [a, b] = cluster.chains
 * const { index } = await cluster.deposit(a, { amount: parseEther('1') })
 * await a.client.waitForDeposit({ index })
 * const { id } = await a.wallet().sendMessage({ destination: b.chainId, recipient, value: 1n })
 * await b.client.waitForMessage({ id, until: 'settled' })
 * await cluster.stop()
 */
export async function createCluster<const Chains extends readonly ChainOptions[] = readonly [ChainOptions, ChainOptions]>(options: ClusterOptions<Chains> = {}) {
  const key = (index: number): Hex => (devAccounts[index] as (typeof devAccounts)[number]).privateKey
  const batcherOf = (place: number): Address => privateKeyToAccount(key(ROLE.firstBatcher + place)).address
  const specs = checkOptions(options)
  const definitions = await definitionsOf(specs, batcherOf)
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'causeway-'))
  const logFile = join(directory, 'cluster.log')
  const log = options.log ?? fileLog(logFile, 'cluster', systemClock.now)
  const stops: (() => Promise<void>)[] = []
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= stopAll())
  /** Ends everything, also if something does not end as it should; the first error is thrown in the end. */
  async function stopAll(): Promise<void> {
    const errors: unknown[] = []
    for (const end of stops.splice(0).reverse())
      await end().catch((error: unknown) => {
        errors.push(error)
        log.error('something did not end as it should', { error: String(error) })
      })
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true })
    if (errors.length > 0) throw errors[0]
  }

  const verifier = { clusterId: keccak256(stringToHex('local cluster')), verifier: accountingVerifier }
  const expected = clusterAddresses(verifier)

  try {
    if (options.aggregator !== false) checkBarretenberg()
    const folder = openDirectory(directory, { hub: expected.hub, chains: specs, embedded: options.l1Url === undefined })
    stops.push(async () => folder.release())
    const anvil: Anvil | undefined = options.l1Url === undefined ? await startAnvil({ log, port: options.l1Port ?? 0, ...(options.directory ? { statePath: join(directory, 'l1.json') } : {}) }) : undefined
    if (anvil) stops.push(() => anvil.stop())
    const l1Url = options.l1Url ?? (anvil as Anvil).url
    const l1: L1Client = createPublicClient({ transport: http(l1Url), pollingInterval: 250 })
    if (options.l1Url !== undefined) await checkL1(l1, l1Url, privateKeyToAccount(key(ROLE.deployer)).address)
    const l1Wallet = (index: number): L1Wallet => createWalletClient({ account: privateKeyToAccount(key(index)), transport: http(l1Url), pollingInterval: 250 })
    const deployed = await deployCluster({ client: l1, wallet: l1Wallet(ROLE.deployer), ...verifier })
    const { domain, domainSeparator: _, ...contracts } = deployed

    const { address: aggregatorAddress } = privateKeyToAccount(key(ROLE.aggregator))
    const chains: ClusterChain[] = []
    let aggregator: Awaited<ReturnType<typeof startAggregator>> | null = null
    const keys = keysIn(directory, specs.flatMap(({ name }) => [`${name}/sequencer`, `${name}/follower`]))
    const hub = createLinkHub({ log })
    stops.push(() => hub.close())
    // What the relay knows of the members, and what `readL1` and `trust` look at.
    const reader = createL1Reader({ client: l1, addresses: contracts, clock: systemClock, log })
    const following = new AbortController()
    await reader.poll()
    const followed = reader.follow(following.signal)
    stops.push(async () => {
      following.abort()
      await followed
    })
    const about = (relay: string) =>
      describeCluster({ domain, contracts, relay, l1Url, aggregator: aggregator ? aggregatorAddress : null, chains: chains.map(({ chainId, name, rpcUrl }) => ({ chainId: Number(chainId), name, rpcUrl })) })
    const linkServer = await serveLink({ hub, domain, members: createMembers(reader), aggregator: aggregatorAddress, port: options.port ?? 0, onRequest: answerAbout(() => about(linkServer.url)), clock: systemClock, log })
    stops.push(() => linkServer.close())

    const { address: owner } = l1Wallet(ROLE.deployer).account
    const configs = specs.map((spec, i) => {
      const names = [`${spec.name}/sequencer`, `${spec.name}/follower`] as const
      const policy = attestedPolicy(2, names.map((name) => signerOf(keys[name] as Hex).publicKey))
      const batcher = batcherOf(i)
      const defaults = {
        sequencing: { blockTime: options.blockTime ?? 1000, batchInterval: 1000, certify: { delay: 1500, idle: 300_000, lifetime: options.certificateLifetime ?? 600_000 } },
        interop: { allow: specs.filter((other) => other !== spec).map(({ chainId }) => ({ from: chainId, rung: 'included' as const, cap: IMPORT_CAP })) },
      }
      const chain: NodeChain = spec.rollup instanceof URL ? { module: spec.rollup.href } : { id: spec.chainId, feeRecipient: batcher }
      const common = { chain, owner, policy: encodePolicy(policy), defaults, directory, l1Url, contracts: { ...contracts, domain }, aggregator: aggregatorAddress }
      const sequencer: NodeConfig = { ...common, name: names[0], attestationKey: keys[names[0]] as Hex, batcherKey: key(ROLE.firstBatcher + i), rpcPort: spec.rpcPort }
      const follower: NodeConfig = { ...common, name: names[1], attestationKey: keys[names[1]] as Hex }
      return { spec, batcher, sequencer, follower, definition: completed(definitions[i] as ChainDefinition, { owner, policy, defaults }) }
    })

    await register(configs, deployed)
    folder.add(specs)
    const started = await Promise.allSettled(configs.map((config) => startChain(config)))
    // All are started or failed before anything is stopped: what started late would stay.
    for (const outcome of started) {
      if (outcome.status === 'rejected') throw outcome.reason
      chains.push(outcome.value)
    }
    if (options.aggregator !== false) aggregator = await startAggregator()

    async function register(list: typeof configs, { hub: hubAddress }: DeployedCluster): Promise<void> {
      const wallet = l1Wallet(ROLE.deployer)
      const sent: Promise<unknown>[] = []
      let nonce = await l1.getTransactionCount({ address: wallet.account.address })
      for (const { spec, batcher, definition } of list) {
        if (await l1.readContract({ address: hubAddress, abi: causewayHubAbi, functionName: 'isRegistered', args: [spec.chainId] })) continue
        if (folder.knows(spec))
          throw new CausewayError(`Chain ${spec.name} of the cluster in ${directory} is not on the L1 at ${l1Url}: it was registered on another one, or this one was started anew.`, {
            code: 'DIRECTORY_FOREIGN',
            fix: 'use the L1 that the cluster was made on, or delete the directory to start anew',
          })
        const registration = await registrationOf(definition, { l1ChainId: domain.l1ChainId, bridge: contracts.bridge, batcher, owner })
        sent.push(registerChain({ client: l1, wallet, hub: hubAddress, registration, nonce: nonce++ }))
      }
      await Promise.all(sent)
    }

    async function startChain({ spec, batcher, sequencer, follower, definition }: (typeof configs)[number]): Promise<ClusterChain> {
      const nodes: RunningNode[] = []
      let supervised: SupervisedNodes | undefined
      let rpcUrl: string
      if (spec.ownProcess) {
        const running = await superviseNodes({ linkUrl: linkServer.url, logFile, nodes: [sequencer, follower] }, { name: spec.name, clock: systemClock, log })
        stops.push(() => running.stop())
        rpcUrl = running.child.rpcUrls[0] as string
        supervised = running
      } else {
        for (const config of [sequencer, follower]) {
          const node = await runNode(definition, config, { link: hub.connect(config.name), log: fileLog(logFile, config.name, systemClock.now) })
          nodes.push(node)
          stops.push(() => node.stop())
        }
        rpcUrl = nodes[0]?.rpcUrl as string
      }
      const { viemChain, client, walletOf } = connectChain({ chainId: spec.chainId, name: spec.name, rpcUrl })
      return {
        name: spec.name,
        chainId: spec.chainId,
        rpcUrl,
        batcher,
        viemChain,
        client,
        nodes,
        get child() {
          return supervised?.child
        },
        get error() {
          return supervised?.error
        },
        wallet: (index = 0) => walletOf(userAccount(index)),
      }
    }

    async function startAggregator() {
      const running = await runAggregator({ directory, l1Url, domain, contracts, key: key(ROLE.aggregator), epochInterval: 8_000 }, { link: hub.connect('aggregator'), log: fileLog(logFile, 'aggregator', systemClock.now) })
      let ended = false
      const end = async () => {
        if (!ended) await running.stop()
        ended = true
      }
      stops.push(end)
      return { ...running, stop: end }
    }

    function userAccount(index: number): PrivateKeyAccount {
      const users = devAccounts.length - ROLE.firstUser
      if (!Number.isInteger(index) || index < 0 || index >= users)
        throw new CausewayError(`There are ${users} users with money on L1; number ${index} is not one of them.`, { code: 'NO_SUCH_USER', fix: `use 0 to ${users - 1}, or any other viem account after a transfer to it` })
      return privateKeyToAccount(key(ROLE.firstUser + index))
    }

    const bridgeUser = (index: number) => ({ client: l1, wallet: l1Wallet(ROLE.firstUser + index), bridge: contracts.bridge })

    return {
      directory,
      logFile,
      l1: { url: l1Url, client: l1, wallet: (index = 0): L1Wallet => l1Wallet(ROLE.firstUser + index), pid: anvil?.pid },
      contracts,
      domain,
      chains: chains as unknown as { -readonly [Place in keyof Chains]: ClusterChain },
      /** Where it says what it is (`/.well-known/causeway.json`), and others join it. */
      url: linkServer.http,
      /** The relay that nodes in other processes connect to. */
      linkUrl: linkServer.url,
      get aggregator() {
        return aggregator
      },
      userAccount,
      /**
       * Deposits ETH, or an ERC-20 if `token` is given, from a user's L1 account to a chain, and resolves when L1 has it. The chain credits it some
       * blocks later: wait with `chain.client.waitForDeposit({ index })`.
       */
      async deposit(chain: { chainId: bigint }, deposit: { amount: bigint; token?: Address; recipient?: Address; user?: number; payload?: Hex; gasLimit?: bigint }) {
        const { amount, token, user = 0, recipient = userAccount(user).address, payload, gasLimit } = deposit
        const parameters = { ...bridgeUser(user), chainId: chain.chainId, recipient, amount, ...(payload && { payload }), ...(gasLimit !== undefined && { gasLimit }) }
        return token ? depositERC20({ ...parameters, token }) : depositETH(parameters)
      },
      /** Claims a settled message to L1 for its recipient; any user may. */
      async claim(chain: { client: { getMessageStatus(parameters: { id: Hex }): ReturnType<(typeof chains)[number]['client']['getMessageStatus']> } }, id: Hex, user = 0) {
        const status = await chain.client.getMessageStatus({ id })
        if (!status?.withdrawal) throw new CausewayError('This message is not a settled withdrawal.', { code: 'NOT_CLAIMABLE', fix: "wait until its rung is 'settled'" })
        const { epoch, path, message } = status.withdrawal
        return claimWithdrawal({ ...bridgeUser(user), epoch, path, message })
      },
      /** L1 as the cluster's nodes read it, polled now. */
      async readL1() {
        await reader.poll()
        return reader
      },
      async stopAggregator() {
        await aggregator?.stop()
        aggregator = null
      },
      async startAggregator() {
        aggregator ??= await startAggregator()
      },
      /** What is trusted, one line each, as things are now. */
      async trust() {
        await reader.poll()
        const nameOf = (chainId: bigint) => specs.find((spec) => spec.chainId === chainId)?.name ?? String(chainId)
        return trustReport({
          ...{ l1, reader, contracts, expected },
          chains: configs.map(({ spec, definition }) => ({ ...spec, imports: (definition.interop?.allow ?? []).map(({ from, cap }) => ({ from: nameOf(from), cap })) })),
          keys: { file: join(directory, 'keys.json'), held: Object.entries(keys).map(([name, secret]) => ({ name, publicKey: signerOf(secret).publicKey })) },
          aggregator: aggregator && privateKeyToAccount(key(ROLE.aggregator)).address,
        })
      },
      stop,
    }
  } catch (error) {
    await stop().catch(() => log.error('the cluster did not start, and did not end as it should'))
    throw error
  }
}
