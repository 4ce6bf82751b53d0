/** A cluster that runs in another process, and three chains that join it while it runs: all settle, and messages go between all of them. */
import { fork, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkCluster, connectChain, evmRollup, openMembership, readCluster, runMember, type ClusterInfo, type Membership, type RunningMember } from '@causeway/cluster'
import { silentLog, systemClock } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { app, appActions } from '@causeway/execution-app'
import { depositETH, devAccounts } from '@causeway/l1'
import { createLinkHub, serveLink } from '@causeway/messaging'
import { defineRollup, type ChainDefinition } from '@causeway/node'
import { createWalletClient, http, parseEther, publicActions, zeroAddress, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'causeway-join-'))
const user = privateKeyToAccount((devAccounts[6] as (typeof devAccounts)[number]).privateKey)
const feeRecipient = `0x${'fe'.repeat(20)}` as const
const ends: (() => Promise<void> | void)[] = []
let child: ChildProcess
let url: string

beforeAll(async () => {
  child = fork(fileURLToPath(new URL('cluster-child.ts', import.meta.url)), [join(folder, 'theirs')], { execArgv: ['--import', 'tsx', '--conditions=source'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  ;({ url } = await new Promise<{ url: string }>((resolve) => child.once('message', (message) => resolve(message as { url: string }))))
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.disconnect()
  await gone
  rmSync(folder, { recursive: true, force: true })
})

/** Early, so that the test waits for one round of epochs and not for three. */
const interop = (own: bigint) => ({ interop: { allow: [42_001n, 42_002n, 701n, 702n, 703n].filter((id) => id !== own).map((from) => ({ from, rung: 'included' as const, cap: 10n ** 18n })) } })
const evmChain = (id: bigint, more: Partial<ChainDefinition> = {}): ChainDefinition => ({ ...evmRollup({ id, feeRecipient }), ...interop(id), ...more })
const definitions: ChainDefinition[] = [evmChain(701n), evmChain(702n, { da: calldata() }), defineRollup({ chain: { id: 703n }, execution: app({ modules: [], feeRecipient }), da: calldata(), ...interop(703n) })]
const folderOf = ({ chain }: ChainDefinition) => join(folder, `mine-${chain.id}`)
const open = (definition: ChainDefinition, more: object = {}) => openMembership({ cluster: url, name: 'mine', definition, directory: folderOf(definition), ...more })

it('the cluster says what it is, and a joiner checks it against L1 before it makes a key', async () => {
  const info = await readCluster(url)
  expect(info).toMatchObject({ protocol: 1, l1: { chainId: 31337 }, chains: [{ chainId: 42001, name: 'a' }, { chainId: 42002, name: 'b' }], circuit: { places: 2 } })
  expect(await readCluster(`${url}/.well-known/causeway.json`)).toEqual(info)
  const refusal = (change: Partial<ClusterInfo>) => checkCluster({ ...info, ...change }).then(() => 'taken', ({ code, fix }: { code: string; fix?: string }) => fix && code)
  expect(await refusal({})).toBe('taken')
  expect(await refusal({ protocol: 2 })).toBe('OTHER_PROTOCOL')
  expect(await refusal({ contracts: { ...info.contracts, verifier: zeroAddress } })).toBe('OTHER_VERIFICATION_KEY')
  expect(await refusal({ circuit: { ...info.circuit, verificationKeyHash: `0x${'00'.repeat(32)}` } })).toBe('OTHER_VERIFICATION_KEY')
  expect(await refusal({ contracts: { ...info.contracts, hub: zeroAddress } })).toBe('OTHER_PROTOCOL')
  expect(await refusal({ clusterId: `0x${'00'.repeat(32)}` })).toBe('OTHER_PROTOCOL')
  expect(await refusal({ l1: { ...info.l1, chainId: 1 } })).toBe('OTHER_L1')
  expect(await refusal({ l1: { ...info.l1, rpcUrl: 'http://127.0.0.1:1' } })).toBe('L1_UNREACHABLE')
  const unreadable = (at: string) => readCluster(at).then(() => 'read', ({ code }: { code: string }) => code)
  expect(await unreadable('http://127.0.0.1:1')).toBe('CLUSTER_UNREACHABLE')
  expect(await unreadable('127.0.0.1:4700')).toBe('BAD_CLUSTER_URL')
  expect(await unreadable(info.l1.rpcUrl)).toBe('NOT_A_CLUSTER')
  expect(await unreadable(info.chains[0]?.rpcUrl as string)).toBe('NOT_A_CLUSTER')
})

it('an id that is taken, a relay that is not there: refused, and nothing is sent', async () => {
  const taken = evmChain(42001n)
  await expect(open(taken)).rejects.toMatchObject({ code: 'CHAIN_ID_TAKEN' })
  // What calls itself the cluster, and has everything but a relay that answers.
  const hub = createLinkHub({ log: silentLog })
  const info = await readCluster(url)
  const away = await serveLink({ hub, domain: { l1ChainId: 31337n, hub: info.contracts.hub, clusterId: info.clusterId }, members: { find: () => undefined } as never, clock: systemClock, onRequest: (_, response) => void response.end(JSON.stringify({ ...info, relay: 'ws://127.0.0.1:1' })) === undefined })
  ends.push(() => away.close())
  const membership = await openMembership({ cluster: away.http, name: 'mine', definition: evmChain(799n), directory: join(folder, 'lost') })
  await expect(membership.join()).rejects.toMatchObject({ code: 'RELAY_UNREACHABLE' })
  expect(membership.isRegistered).toBe(false)
  membership.close()
})

const memberships: Membership[] = []
const running: RunningMember[] = []

it('keys are made for their owner alone, and joining goes on from wherever it was left', async () => {
  for (const definition of definitions) {
    const first = await open(definition)
    expect((await first.steps()).map(({ done }) => done)).toEqual([true, false, false, false])
    await expect(open(definition)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
    first.close()
    const file = join(folderOf(definition), 'keys.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    for (const { privateKey } of devAccounts) expect(readFileSync(file, 'utf8')).not.toContain(privateKey)
    // Twice at once, as if the first had been killed before it heard of its own registration.
    const membership = await open(definition)
    await Promise.all([membership.join(), membership.join().catch(({ code }: { code?: string }) => expect(code).toBe(undefined))])
    expect((await membership.steps()).every(({ done }) => done)).toBe(true)
    const nonce = await membership.l1.getTransactionCount({ address: membership.owner })
    await membership.join()
    expect(await membership.l1.getTransactionCount({ address: membership.owner })).toBe(nonce)
    memberships.push(membership)
    ends.push(() => membership.close())
  }
  expect(existsSync(join(folder, 'mine-42001'))).toBe(true)
  // The same keys, another genesis.
  const other = evmChain(704n)
  const own = await open(other)
  await own.join()
  own.close()
  await expect(open({ ...evmRollup({ id: 704n, feeRecipient, gasLimit: 60_000_000n }) }, { directory: folderOf(other) })).rejects.toMatchObject({ code: 'OTHER_REGISTRATION', shortMessage: expect.stringContaining('gasLimit') as string })
})

it('all five settle in turn, and messages go between all of them', async () => {
  for (const membership of memberships) {
    const member = await runMember(membership, { log: () => silentLog, defaults: { sequencing: { batchInterval: 1000, certify: { delay: 1500 } } } })
    running.push(member)
    ends.push(() => member.stop())
  }
  const [first] = memberships as [Membership]
  const l1Wallet = createWalletClient({ account: user, transport: http(first.l1Url), pollingInterval: 250 })
  const info = await readCluster(url)
  const chains = [...info.chains.map(({ chainId, name, rpcUrl }) => ({ chainId: BigInt(chainId), name, rpcUrl })), ...running.map(({ rpcUrl }, i) => ({ chainId: (definitions[i] as ChainDefinition).chain.id, name: `mine ${i}`, rpcUrl }))].map((chain) => ({ ...chain, ...connectChain(chain) }))
  for (const { chainId, client } of chains) {
    const { index } = await depositETH({ client: first.l1, wallet: l1Wallet, bridge: first.contracts.bridge, chainId, recipient: user.address, amount: parseEther('1') })
    await client.waitForDeposit({ index })
  }
  const sent: { id: Hex; to: (typeof chains)[number] }[] = []
  for (const from of chains)
    for (const to of chains.filter((chain) => chain !== from)) {
      const message = { destination: to.chainId, recipient: user.address, value: 7n }
      const { id } = from.chainId === 703n ? await sendByApp(from.rpcUrl, message) : await from.walletOf(user).sendMessage(message)
      sent.push({ id, to })
    }
  for (const { id, to } of sent) await to.client.waitForMessage({ id, until: 'executed', timeout: 400_000 })
  for (const { client } of chains) await expect.poll(async () => (await client.getChainStatus()).settled.height, { timeout: 400_000, interval: 1_000 }).toBeGreaterThan(0n)
  expect(sent).toHaveLength(20)
})

/** The bank of an app chain sends what `sendMessage` does on an EVM chain. */
async function sendByApp(rpcUrl: string, { destination, recipient, value }: { destination: bigint; recipient: Hex; value: bigint }): Promise<{ id: Hex }> {
  const client = createWalletClient({ account: user, transport: http(rpcUrl), pollingInterval: 100 }).extend(publicActions).extend(appActions([]))
  const hash = await client.write.bank.send({ destination, recipient, refundTo: user.address, chain: 31337n, token: zeroAddress, amount: value, gasLimit: 0n, expiry: 0n, payload: '0x' })
  await client.waitForTransactionReceipt({ hash })
  return { id: (await client.getActionReceipt({ hash }))?.sent[0] as Hex }
}
