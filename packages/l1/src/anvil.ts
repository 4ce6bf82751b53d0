import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { CausewayError, silentLog, type Log } from '@causeway/core'
import { anvilBinary } from './anvil-binary.js'
import { GUARD, type GuardMessage } from './anvil-guard.js'
import { devAccounts, type DevAccount } from './dev-accounts.js'

/** Options of {@link startAnvil}. */
export type AnvilOptions = {
  /** TCP port on 127.0.0.1; by default one that the operating system picks. */
  port?: number
  /** Seconds between blocks, default 1; `'manual'` mines only on `anvil_mine` / `evm_mine`. */
  blockTime?: number | 'manual'
  /** File that keeps the chain over restarts, saved every second and on stop. `anvil_reorg` fails on a chain loaded from it. */
  statePath?: string
  /** Default 31337. */
  chainId?: number
  /** Default `osaka`, where blobs carry cell proofs; on `prague` they carry blob proofs. */
  hardfork?: 'osaka' | 'prague'
  /** Time of the genesis block, seconds since 1970; by default now. */
  genesisTime?: bigint
  /** Gets anvil's output at debug level and an unexpected end as an error. Default silent. */
  log?: Log
}

/** How anvil ended: an exit code, or the signal that ended it. */
export type AnvilExit = { code: number | null; signal: string | null }

/** A running anvil. */
export type Anvil = {
  url: string
  chainId: number
  port: number
  /** Process id of anvil itself. */
  pid: number
  /** Ten funded development accounts. */
  accounts: readonly DevAccount[]
  /** Resolves when anvil has ended, for whatever reason. */
  exited: Promise<AnvilExit>
  /** Saves the state (with `statePath`) and ends anvil; resolves when it has ended. Calling it again does nothing more. */
  stop(): Promise<void>
}

const START_TIMEOUT = 30_000

/**
 * Starts an Ethereum development node of ours and resolves when it answers. It ends with this process, however that ends.
 * Blocks are `safe` one block behind `latest` and `finalized` two behind (one slot an epoch).
 * @throws CausewayError `ANVIL_UNSUPPORTED`, `ANVIL_MISSING`, `ANVIL_PORT_TAKEN`, `ANVIL_STATE_UNREADABLE`, `ANVIL_EXITED`, `ANVIL_TIMEOUT`
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { port = 0, chainId = 31337, log = silentLog } = options
  const binary = anvilBinary()
  if (options.statePath) mkdirSync(dirname(options.statePath), { recursive: true })
  // NODE_OPTIONS may hold loaders of the host, which the guard neither needs nor should wait for.
  const { NODE_OPTIONS: _, ...env } = process.env
  const guard = spawn(process.execPath, ['-e', GUARD, '--', binary, ...anvilArguments(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    windowsHide: true,
    env,
  })

  const lastLines: string[] = []
  let stopping = false
  let pid: number | undefined
  let ended: AnvilExit | undefined
  let listening: (port: number) => void
  const ready = new Promise<number>((resolve) => (listening = resolve))
  for (const stream of [guard.stdout, guard.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() === '') return
      if (lastLines.push(line) > 20) lastLines.shift()
      const found = /^Listening on [^ ]*:(\d+)$/.exec(line)
      if (found) listening(Number(found[1]))
      log.debug(line.trim(), { process: 'anvil' })
    })
  }

  guard.on('message', (message: GuardMessage) => {
    if ('pid' in message) pid = message.pid
    else if ('failed' in message) lastLines.push(message.failed)
    else ended = message
  })
  const exited = new Promise<AnvilExit>((resolve) => {
    guard.on('error', (error) => {
      lastLines.push(String(error))
      resolve({ code: null, signal: null })
    })
    // Without a word about anvil's end the guard was killed, and anvil is still there.
    guard.on('exit', () => {
      if (!ended && pid !== undefined) killIfAlive(pid)
    })
    // `close` comes when the output was read to its end and nobody holds it any more, anvil included.
    guard.on('close', (code, signal) => resolve(ended ?? { code, signal }))
  })
  const stop = async (): Promise<void> => {
    stopping = true
    if (guard.connected) guard.send('stop')
    await exited
  }

  const timer = new AbortController()
  const outcome = await Promise.race([ready, exited, after(START_TIMEOUT, timer.signal)])
  timer.abort()
  if (typeof outcome !== 'number') {
    await stop()
    throw startError(outcome, lastLines, options)
  }
  void exited.then((exit) => {
    if (!stopping) log.error('anvil, the embedded L1, ended unexpectedly', { ...exit, output: lastLines.slice(-5) })
  })
  log.info('embedded L1 is up', { url: `http://127.0.0.1:${outcome}`, chainId })
  return { url: `http://127.0.0.1:${outcome}`, chainId, port: outcome, pid: pid ?? -1, accounts: devAccounts, exited, stop }

  function anvilArguments({ blockTime = 1, hardfork = 'osaka', statePath, genesisTime }: AnvilOptions): string[] {
    return [
      ...['--port', String(port), '--chain-id', String(chainId), '--hardfork', hardfork, '--color', 'never'],
      // With 32 slots an epoch `finalized` would stay at genesis for the whole of a short run.
      ...['--slots-in-an-epoch', '1'],
      ...(blockTime === 'manual' ? ['--no-mining'] : ['--block-time', String(blockTime)]),
      ...(statePath ? ['--state', statePath, '--state-interval', '1'] : []),
      ...(genesisTime === undefined ? [] : ['--timestamp', String(genesisTime)]),
    ]
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function after(ms: number, signal: AbortSignal): Promise<'timeout'> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

function startError(outcome: AnvilExit | 'timeout', lines: readonly string[], { port, statePath }: AnvilOptions): CausewayError {
  const output = lines.join('\n')
  if (outcome === 'timeout')
    return new CausewayError(`anvil did not answer within ${START_TIMEOUT / 1000} s.`, {
      code: 'ANVIL_TIMEOUT',
      fix: 'See whether the machine is overloaded, or use the RPC URL of another Ethereum node.',
      cause: output,
    })
  if (/Address already in use/i.test(output))
    return new CausewayError(`Port ${port} is taken, so anvil, the embedded L1, cannot listen on it.`, {
      code: 'ANVIL_PORT_TAKEN',
      fix: 'End the process that holds the port, choose another port, or leave the port out to get a free one.',
      cause: output,
    })
  if (statePath && /'--state|load state|state file/i.test(output))
    return new CausewayError(`anvil, the embedded L1, cannot read its state file ${statePath}.`, {
      code: 'ANVIL_STATE_UNREADABLE',
      fix: 'Restore the file from a copy, or delete it to start with an empty L1 (chains settled on the old one must start afresh too).',
      cause: output,
    })
  return new CausewayError(`anvil, the embedded L1, ended while starting (exit code ${outcome.code}, signal ${outcome.signal}): ${output}`, {
    code: 'ANVIL_EXITED',
    fix: 'Correct the option that its output names, or reinstall @foundry-rs/anvil if the binary itself cannot run here.',
  })
}
