/**
 * What a newcomer does, measured: publishes all packages to a registry of this process, and in an empty folder outside of the repository, with a space
 * and an umlaut in its name and a cold cache of npm, makes a project of each template, installs it, checks its types and runs its tests; of `evm` also
 * `npm run dev`, a transaction, and a message to the neighbour until it has settled on L1.
 *
 *     npm run build && npm run try:registry [-- template …] [--keep]
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { devAccounts as DevAccounts } from '@causeway/l1'
import { startRegistry } from './local-registry.js'

type Row = { template: string; files: number; lines: number; made?: number; installed?: number; megabytes?: number; types?: number; tests?: number; block?: number; ready?: number; executed?: number; settled?: number; failed?: string }

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Names that come from here alone. */
const OURS = /^(@causeway\/.*|create-rollup)$/
/** The template whose chain is run, too. */
const RUN = 'evm'
const PATIENCE = { command: 300_000, ready: 180_000, settled: 600_000 }

const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'boolean' } } })
const all = readdirSync(join(ROOT, 'templates'))
const wanted = positionals.length > 0 ? positionals : [RUN, ...all.filter((name) => name !== RUN)]
for (const name of wanted) if (!all.includes(name)) throw new Error(`there is no template ${name}: ${all.join(', ')}`)
if (!existsSync(join(ROOT, 'create-rollup/dist')) || !existsSync(join(ROOT, 'packages/cli/dist'))) throw new Error('the packages are not built: npm run build')

const folder = mkdtempSync(join(tmpdir(), 'causeway-registry-'))
const place = join(folder, 'Mein Übergang')
mkdirSync(place)
const upstream = spawnSync('npm', ['config', 'get', 'registry'], { cwd: folder, encoding: 'utf8' }).stdout.trim()
const registry = await startRegistry({ folder: join(folder, 'registry'), upstream: upstream.endsWith('/') ? upstream : `${upstream}/`, ours: OURS })
/** As a newcomer's shell has it: nothing of the `npm run` that runs this. */
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_(proxy|https_proxy|noproxy|cafile|ca)$)|NODE_ENV|NODE_OPTIONS|INIT_CWD|VITEST)/i.test(name)))
const env = (cache: string): NodeJS.ProcessEnv => ({ ...clean, CI: '', npm_config_registry: registry.url, npm_config_cache: join(folder, cache), npm_config_update_notifier: 'false', npm_config_audit: 'false', npm_config_fund: 'false', npm_config_yes: 'true' })

const rows: Row[] = []
try {
  const published = await seconds(publish)
  console.log(`published ${registry.names().length} packages in ${published.toFixed(1)} s: ${registry.names().join(', ')}`)
  for (const template of wanted) {
    const row: Row = { template, files: 0, lines: 0 }
    rows.push(row)
    try {
      await tryTemplate(template, row)
    } catch (error) {
      row.failed = (error as Error).message
      console.error(`${template}: ${row.failed}`)
      process.exitCode = 1
    }
  }
  await run(place, env('cache-scoped'), 'npm', 'create', '@causeway/rollup@latest', 'scoped', '--', '--template', 'minimal')
  console.log(`npm create @causeway/rollup makes the same: ${readdirSync(join(place, 'scoped')).length} entries`)
  console.log(table())
} finally {
  await registry.close()
  if (flags.keep) console.log(`everything is in ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}

async function publish(): Promise<void> {
  // Any token will do.
  const publishing = { ...env('cache-publish'), [`npm_config_${registry.url.replace('http:', '')}:_authToken`]: 'local', npm_config_provenance: 'false' }
  await run(ROOT, publishing, 'npm', 'publish', '--workspaces', '--access', 'public')
  const scoped = join(folder, 'scoped')
  cpSync(join(ROOT, 'create-rollup'), scoped, { recursive: true, filter: (source) => !/[\\/](node_modules|src)$/.test(source) })
  const manifest = JSON.parse(readFileSync(join(scoped, 'package.json'), 'utf8')) as Record<string, unknown>
  writeFileSync(join(scoped, 'package.json'), JSON.stringify({ ...manifest, name: '@causeway/create-rollup' }))
  await run(scoped, publishing, 'npm', 'publish', '--access', 'public')
}

async function tryTemplate(template: string, row: Row): Promise<void> {
  const name = `${template} Kette`
  const project = join(place, name)
  const cold = env(`cache-${template}`)
  row.made = await seconds(() => run(place, cold, 'npm', 'create', 'rollup@latest', name, '--', '--template', template))
  for (const file of filesOf(project)) {
    row.files++
    row.lines += readFileSync(file, 'utf8').split('\n').length - 1
  }
  row.installed = await seconds(() => run(project, cold, 'npm', 'install'))
  row.megabytes = filesOf(join(project, 'node_modules')).reduce((bytes, file) => bytes + lstatSync(file).size, 0) / 1e6
  row.types = await seconds(() => run(project, cold, 'npm', 'run', 'types'))
  row.tests = await seconds(() => run(project, cold, 'npm', 'test'))
  console.log(`${template}: made, installed, checked and tested`)
  if (template === RUN) await develop(project, cold, row)
}

/** Runs the chain, and sends a transaction and a message. Times are seconds from `npm run dev`; those of the message from its sending. */
async function develop(project: string, shell: NodeJS.ProcessEnv, row: Row): Promise<void> {
  const start = performance.now()
  const since = () => (performance.now() - start) / 1000
  const child = spawn('npm', ['run', 'dev'], { cwd: project, env: shell, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const seen = async (pattern: RegExp, patience: number): Promise<RegExpExecArray> => {
    for (const until = performance.now() + patience; performance.now() < until && child.exitCode === null; await sleep(50)) {
      const found = pattern.exec(output)
      if (found) return found
    }
    throw new Error(`npm run dev never said ${pattern.source}:\n${output}`)
  }
  try {
    await seen(/first block/, PATIENCE.ready)
    row.block = since()
    await seen(/ready/, PATIENCE.ready)
    row.ready = since()
    const rpcUrl = (await seen(/RPC +(http:\S+)/, PATIENCE.ready))[1] as string
    const [, neighbourUrl = '', neighbourId = ''] = await seen(/neighbour +(http:\S+) +chain (\d+)/, PATIENCE.ready)
    // What the project has installed, as a program in it would import it.
    const installed = async <T>(packageName: string): Promise<T> => (await import(pathToFileURL(createRequire(join(project, 'package.json')).resolve(packageName)).href)) as T
    const { createPublicClient, createWalletClient, http, publicActions } = await installed<typeof import('viem')>('viem')
    const { privateKeyToAccount } = await installed<typeof import('viem/accounts')>('viem/accounts')
    const { causewayActions } = await installed<typeof import('@causeway/client')>('@causeway/client')
    const { devAccounts } = await installed<{ devAccounts: typeof DevAccounts }>('@causeway/l1')
    const account = privateKeyToAccount((devAccounts.at(-1) as { privateKey: `0x${string}` }).privateKey)
    const wallet = createWalletClient({ account, transport: http(rpcUrl) }).extend(publicActions).extend(causewayActions())
    const receipt = await wallet.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ chain: null, to: account.address, value: 1n }) })
    if (receipt.status !== 'success') throw new Error('the transaction failed')
    const sent = performance.now()
    const { id } = await wallet.sendMessage({ destination: BigInt(neighbourId), recipient: account.address, value: 5n })
    const neighbour = createPublicClient({ transport: http(neighbourUrl) }).extend(causewayActions())
    await neighbour.waitForMessage({ id, until: 'executed', timeout: PATIENCE.settled })
    row.executed = (performance.now() - sent) / 1000
    await neighbour.waitForMessage({ id, until: 'settled', timeout: PATIENCE.settled })
    row.settled = (performance.now() - sent) / 1000
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${output}`, { cause: error })
  } finally {
    // npm and the command, as Ctrl-C in a terminal.
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGINT')
    await ended
  }
}

/** Asynchronous, because the registry is in this process. @throws if the command fails, with what it printed */
async function run(cwd: string, shell: NodeJS.ProcessEnv, command: string, ...args: string[]): Promise<void> {
  const child = spawn(command, args, { cwd, env: shell, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
  const timer = setTimeout(() => child.kill(), PATIENCE.command)
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearTimeout(timer)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${output}`)
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

function filesOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function table(): string {
  const columns: [string, (row: Row) => string][] = [
    ['template', ({ template }) => template],
    ['files', ({ files }) => String(files)],
    ['lines', ({ lines }) => String(lines)],
    ['project', ({ made }) => time(made)],
    ['install', ({ installed }) => time(installed)],
    ['installed', ({ megabytes }) => (megabytes === undefined ? '' : `${megabytes.toFixed(0)} MB`)],
    ['types', ({ types }) => time(types)],
    ['tests', ({ tests }) => time(tests)],
    ['first block', ({ block }) => time(block)],
    ['ready', ({ ready }) => time(ready)],
    ['message executed', ({ executed }) => time(executed)],
    ['settled', ({ settled }) => time(settled)],
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns.map(([name]) => name)), line(columns.map(() => '---')), ...rows.map((row) => line(columns.map(([, cell]) => cell(row))))].join('\n')
}

function time(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(1)} s`
}
