/** The `causeway` command as a developer uses it: in a project of its own, each command a process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createPublicClient, http } from 'viem'
import { afterAll, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
const folder = mkdtempSync(join(tmpdir(), 'causeway cli ü-'))
const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function project(name: string, id: bigint): string {
  const root = join(folder, name)
  mkdirSync(join(root, 'scripts'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name, type: 'module' }))
  configure(root, id)
  writeFileSync(join(root, 'scripts/deploy.ts'), `import type { Deploy } from '@causeway/cli'\nexport default (async ({ chain, neighbour, deployed, save }) => {\n  if (deployed('Empty') === undefined) save('Empty', (await chain.wallet().waitForTransactionReceipt({ hash: await chain.wallet().sendTransaction({ data: '0x60015ff3' }) })).contractAddress!)\n  if (neighbour && (await neighbour.client.getBalance({ address: neighbour.wallet().account.address })) === 0n) throw new Error('the neighbour is not funded')\n}) satisfies Deploy\n`)
  return root
}

function configure(root: string, id: bigint, more = ''): void {
  const config = `import { blobs } from '@causeway/da-ethereum'\nimport { evm } from '@causeway/execution-evm'\nimport { defineRollup } from '@causeway/node'\nexport default defineRollup({ chain: { id: ${id}n, name: 'Mine' }, execution: evm({ feeRecipient: '0x${'fe'.repeat(20)}'${more} }), da: blobs() })\n`
  writeFileSync(join(root, 'rollup.config.ts'), config)
}

/** Starts a command. `seen` waits for what it prints. */
function begin(root: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', TSX, '--conditions=source', join(ROOT, 'packages/cli/src/main.ts'), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  child.stdout.on('data', (data) => (output += String(data)))
  child.stderr.on('data', (data) => (output += String(data)))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => (running.delete(child), resolve(code))))
  return {
    child,
    ended,
    output: () => output,
    seen: (text: string | RegExp, timeout = 120_000) => expect.poll(() => output, { timeout, interval: 100 }).toMatch(text),
    async interrupt() {
      child.kill('SIGINT')
      return ended
    },
  }
}
async function call(root: string, ...args: string[]) {
  const { ended, output } = begin(root, ...args)
  return { code: await ended, output: output() }
}
const json = async (root: string, ...args: string[]) => JSON.parse((await call(root, ...args, '--json')).output) as Record<string, string>

const mine = project('mine', 54_321n)
const theirs = project('theirs', 54_322n)
const rpcOf = (output: string) => /RPC +(http:\S+)/.exec(output)?.[1] as string
const heightOf = (output: string) => createPublicClient({ transport: http(rpcOf(output)) }).getBlockNumber()
let cluster: string

it('dev starts a local cluster and a chain that is a member of it, funds, deploys, bridges; after Ctrl-C and kill -9 it carries on', async () => {
  const first = begin(mine, 'dev')
  await first.seen(/ready; changes/)
  await first.seen(/first block/)
  expect(first.output()).toMatch(/have ETH, on the neighbour too[^]*Empty is at 0x/)
  cluster = /cluster +(http:\S+)/.exec(first.output())?.[1] as string

  const { id = '' } = await json(mine, 'bridge', 'send', '1.5', '--to', '42001')
  expect((await call(mine, 'message', id, '--until', 'executed')).output).toMatch(/included[^]*executed/)
  expect((await call(mine, 'bridge', 'deposit', '2')).output).toContain('2 ETH are 0x976EA74026E726554dB657fA54763abd0C3a0aa9')
  expect(await json(mine, 'status')).toMatchObject({ members: [{ chainId: '42001n' }, { chainId: '54321n' }], chain: { chainId: '54321n' } })
  expect((await call(mine, 'trust')).output).toMatch(/Mine: `attested` 2 of 2 \(enough of its keys, sequencer and follower, are in/)

  // A second one on the same folder, and one of another project in the same cluster.
  const second = await call(mine, 'dev', '--no-watch')
  expect(second).toMatchObject({ code: 1, output: expect.stringContaining('DIRECTORY_IN_USE') as string })
  const other = begin(theirs, 'dev', '--cluster', cluster)
  await other.seen(/ready; changes/)
  expect(other.output()).not.toContain('on the neighbour too')
  expect(rpcOf(other.output())).not.toBe(rpcOf(first.output()))
  const across = await json(theirs, 'bridge', 'send', '0.5', '--to', '54321')
  expect(across['id']).toMatch(/^0x/)
  expect(await other.interrupt()).toBe(130)

  // A change that the chain cannot take, and back.
  configure(mine, 54_321n, ', gasLimit: 60_000_000n')
  await first.seen(/OTHER_REGISTRATION[^]*--reset/)
  configure(mine, 54_321n)
  await expect.poll(() => first.output().split('ready; changes').length, { timeout: 60_000 }).toBe(3)
  const before = await heightOf(first.output())
  expect(await first.interrupt()).toBe(130)
  expect(first.output()).toMatch(/ends in order/)

  const again = begin(mine, 'dev')
  await again.seen(/ready; changes/)
  expect(await heightOf(again.output())).toBeGreaterThanOrEqual(before)
  expect(again.output()).not.toContain('Empty is at')
  again.child.kill('SIGKILL')
  await again.ended
  const third = begin(mine, 'dev')
  await third.seen(/ready; changes/)
  await third.seen(/settled on L1 up to block/, 300_000)
  expect(await third.interrupt()).toBe(130)
  expect(existsSync(join(mine, '.causeway/running.json'))).toBe(false)
})

it('commands say what is wrong, with an exit code of their own for wrong arguments', async () => {
  expect(await call(mine, 'doctor')).toMatchObject({ code: 0, output: expect.stringContaining('nothing is wrong') as string })
  expect(await call(mine, 'status')).toMatchObject({ code: 1, output: expect.stringContaining('NO_CLUSTER') as string })
  expect(await call(mine, 'join', '--cluster', 'http://127.0.0.1:1')).toMatchObject({ code: 1, output: expect.stringContaining('CLUSTER_UNREACHABLE') as string })
  expect(await json(mine, 'join', '--cluster', 'nowhere')).toMatchObject({ error: { code: 'BAD_CONFIG' } })
  expect(await call(mine, 'bridge', 'steal', '1')).toMatchObject({ code: 2 })
  expect(await call(folder, 'dev')).toMatchObject({ code: 1, output: expect.stringContaining('NO_PROJECT') as string })
  const { output } = await call(mine, 'config', 'print', '--resolved')
  expect(JSON.parse(output)).toMatchObject({ rollup: { chain: { id: '54321n' }, sequencing: { maxBacklog: 8 }, specDigest: expect.stringMatching(/^0x/) as string } })
  for (const key of Object.values(JSON.parse(readFileSync(join(mine, '.causeway/chain/keys.json'), 'utf8')) as Record<string, string>)) expect(output).not.toContain(key)
})

it('join shows what it does, start runs one role a process, leave revokes', async () => {
  const service = begin(theirs, 'cluster', '--port', '0', '--directory', join(folder, 'service'))
  await service.seen(/cluster +http/)
  const at = ['--cluster', /cluster +(http:\S+)/.exec(service.output())?.[1] as string]
  const solo = project('solo', 54_323n)
  expect(await call(solo, 'start', ...at)).toMatchObject({ code: 1, output: expect.stringContaining('NOT_JOINED') as string })
  expect((await call(solo, 'join', '--dry-run', ...at)).output).toMatch(/✓ keys[^]*· ETH[^]*· chain 54323 registered[^]*nothing was changed/)
  expect(await call(solo, 'join', ...at)).toMatchObject({ code: 0, output: expect.stringContaining('chain 54323 is a member') as string })
  expect((await json(solo, 'join', ...at))['steps'] as unknown).toMatchObject([{ done: true }, { done: true }, { done: true }, { done: true }])
  const sequencer = begin(solo, 'start', 'sequencer', ...at, '--port', '0')
  await sequencer.seen(/chain 54323 runs/)
  const follower = begin(solo, 'start', 'follower', ...at, '--port', '0')
  await follower.seen(/chain 54323 runs/)
  expect(await call(solo, 'start', 'follower', ...at, '--port', '0')).toMatchObject({ code: 1, output: expect.stringContaining('DIRECTORY_IN_USE') as string })
  expect(await call(solo, 'leave', ...at)).toMatchObject({ code: 0, output: expect.stringContaining('To do it: causeway leave --yes') as string })
  expect((await call(solo, 'leave', '--yes', ...at)).output).toContain('chain 54323 has left')
  expect((await call(solo, 'leave', ...at)).output).toContain('it has left')
  for (const process of [follower, sequencer, service]) await process.interrupt()
})
