import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import { checkCluster, isRunning, openMembership, readCluster } from '@causeway/cluster'
import { errorCode, systemClock } from '@causeway/core'
import { anvilBinary } from '@causeway/l1'
import { checkBarretenberg } from '@causeway/prover-ultrahonk'
import { formatEther } from 'viem'
import { describeError, style, type Output } from '../output.js'
import { isFree, PORTS } from '../ports.js'
import { findProject, loadConfig, type Project, type ProjectConfig } from '../project.js'
import { findRunning } from '../running.js'
import type { ClusterChoice } from './membership.js'

/** What was looked at: `bad` does not work, `note` does, and may surprise. */
export type Finding = { what: string; state: 'good' | 'note' | 'bad'; detail: string; fix?: string }

const GB = 1024 ** 3
/** ms by which this machine's clock and L1's may differ: a certificate lives for minutes. */
const MOST_SKEW = 30_000n

/** Looks for what is wrong, and ends with 1 if something is. */
export async function doctor(choice: ClusterChoice, output: Output): Promise<void> {
  const findings: Finding[] = [...machine()]
  const project = attempt(findings, 'project', () => findProject(process.cwd()), (found) => found.root)
  const config = project && (await attemptAsync(findings, 'configuration', () => loadConfig(project), ({ definition }) => `chain ${definition.chain.id}, ${definition.execution.name} over ${definition.da.name}`))
  if (project) findings.push(...(await leftovers(project)))
  if (project && config) findings.push(...(await cluster(project, config, choice)))
  const bad = findings.filter(({ state }) => state === 'bad').length
  output.result({ findings }, [
    ...findings.map(({ what, state, detail, fix }) => `${{ good: style('green', '✓'), note: style('yellow', '!'), bad: style('red', '✗') }[state]} ${what}: ${detail}${fix ? `\n    ${style('dim', 'to fix:')} ${fix}` : ''}`),
    bad === 0 ? 'nothing is wrong' : `${bad} ${bad === 1 ? 'thing is' : 'things are'} wrong`,
  ])
  if (bad > 0) process.exitCode = 1
}

function machine(): Finding[] {
  const findings: Finding[] = []
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNew = major > 20 || (major === 20 && minor >= 19)
  findings.push({ what: 'Node', state: isNew ? 'good' : 'bad', detail: process.versions.node, ...(!isNew && { fix: 'install 20.19 or newer' }) })
  const { bavail, bsize } = statfsSync(process.cwd())
  const free = (bavail * bsize) / GB
  findings.push({ what: 'disk', state: free < 0.5 ? 'bad' : free < 2 ? 'note' : 'good', detail: `${free.toFixed(1)} GB are free`, ...(free < 2 && { fix: 'make room: a local cluster takes some 100 MB, and more each day that it runs' }) })
  const memory = freemem() / GB
  findings.push({ what: 'memory', state: memory < 2 ? 'note' : 'good', detail: `${memory.toFixed(1)} GB are free`, ...(memory < 2 && { fix: 'a local cluster with its prover takes 2 GB' }) })
  attempt(findings, 'prover', checkBarretenberg, () => 'barretenberg is here')
  attempt(findings, 'L1', anvilBinary, () => 'anvil is here')
  return findings
}

/** What other runs have left, and who is on the ports. */
async function leftovers(project: Project): Promise<Finding[]> {
  const findings: Finding[] = []
  const running = findRunning(project)
  findings.push({ what: 'this chain', state: 'good', detail: running ? `runs at ${running.rpcUrl}, started by process ${running.pid}` : 'does not run' })
  for (const [name, port] of Object.entries(PORTS))
    if (!running && !(await isFree(port))) findings.push({ what: `port ${port}`, state: 'note', detail: `something else has it (${name})`, fix: `\`causeway dev\` takes the next one; to have this one, stop what uses it: lsof -i :${port}` })
  const keys = join(project.state, 'chain', 'keys.json')
  if (existsSync(keys)) {
    const mode = statSync(keys).mode & 0o777
    const open = (mode & 0o077) !== 0
    findings.push({ what: 'keys', state: open ? 'bad' : 'good', detail: open ? `${keys} can be read by others (mode ${mode.toString(8)})` : 'readable by you only', ...(open && { fix: `chmod 600 ${keys}` }) })
  }
  for (const folder of ['cluster', 'chain'])
    for (const name of existsSync(join(project.state, folder)) ? readdirSync(join(project.state, folder)).filter((file) => file.endsWith('.pid')) : []) {
      const file = join(project.state, folder, name)
      const pid = Number(readFileSync(file, 'utf8'))
      if (running) continue
      findings.push({ what: `${folder} of another run`, state: isRunning(pid) ? 'bad' : 'note', detail: isRunning(pid) ? `process ${pid} has it` : `process ${pid} died with it; it is taken over`, ...(isRunning(pid) && { fix: `stop process ${pid}; if it is something else, delete ${file}` }) })
    }
  return findings
}

/** The cluster, seen from here. */
async function cluster(project: Project, { definition, cluster: configured }: ProjectConfig, choice: ClusterChoice): Promise<Finding[]> {
  const running = findRunning(project)
  const url = choice.cluster ?? running?.cluster ?? configured
  if (url === 'local') return [{ what: 'cluster', state: 'good', detail: 'a local one, which `causeway dev` starts' }]
  const findings: Finding[] = []
  const info = await attemptAsync(findings, 'cluster', () => readCluster(url), ({ contracts, l1 }) => `${url}: hub ${contracts.hub} on L1 ${l1.chainId}`)
  const l1 = info && (await attemptAsync(findings, 'its contracts and keys', () => checkCluster(info, choice.l1), () => "are this version's: protocol, verification key and addresses"))
  if (!info || !l1) return findings
  const { timestamp } = await l1.getBlock()
  const skew = systemClock.now() - timestamp * 1000n
  // A chain that makes no blocks at night is no clock: only one that is ahead of us says something.
  const off = skew < -MOST_SKEW
  findings.push({ what: 'clock', state: off ? 'bad' : 'good', detail: off ? `it is ${-skew / 1000n} s behind L1` : `L1's last block is ${skew / 1000n} s old`, ...(off && { fix: 'set the clock of this machine (NTP)' }) })
  if (running) return findings
  const membership = await attemptAsync(
    findings,
    'registration',
    () => openMembership({ cluster: url, name: 'chain', definition, directory: join(project.state, 'chain'), roles: ['join'], ...(choice.l1 && { l1Url: choice.l1 }) }),
    ({ isRegistered }) => (isRegistered ? `chain ${definition.chain.id} is a member` : `chain ${definition.chain.id} is free; \`causeway join\` registers it`),
  )
  if (!membership) return findings
  try {
    for (const [who, address] of [['owner', membership.owner], ['batcher', membership.batcher]] as const) {
      const balance = await l1.getBalance({ address })
      const poor = balance === 0n && who === 'batcher' && membership.isRegistered
      findings.push({ what: `ETH of the ${who}`, state: poor ? 'bad' : 'good', detail: `${formatEther(balance)} on L1, ${address}`, ...(poor && { fix: 'send it some, or run `causeway join` again, which does' }) })
    }
  } finally {
    membership.close()
  }
  return findings
}

const failure = (what: string, error: unknown): Finding => {
  if (errorCode(error) === undefined) throw error
  const { message, fix, issues = [] } = describeError(error)
  return { what, state: 'bad', detail: [message, ...issues.map((issue) => `${issue.path}: ${issue.message}`)].join(' '), fix: fix ?? issues.map((issue) => `${issue.path}: ${issue.fix}`).join('; ') }
}

function attempt<T>(findings: Finding[], what: string, look: () => T, detail: (found: T) => string): T | undefined {
  try {
    const found = look()
    findings.push({ what, state: 'good', detail: detail(found) })
    return found
  } catch (error) {
    findings.push(failure(what, error))
    return undefined
  }
}

async function attemptAsync<T>(findings: Finding[], what: string, look: () => Promise<T>, detail: (found: T) => string): Promise<T | undefined> {
  try {
    const found = await look()
    findings.push({ what, state: 'good', detail: detail(found) })
    return found
  } catch (error) {
    findings.push(failure(what, error))
    return undefined
  }
}

