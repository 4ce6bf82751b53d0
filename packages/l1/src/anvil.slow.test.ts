import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTestClient, http, publicActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { anvilBinary, devAccounts, startAnvil } from './index.js'

const client = (url: string) => createTestClient({ mode: 'anvil', transport: http(url, { retryCount: 0 }) }).extend(publicActions)

/** Resolves when nothing answers on the port any more. */
async function untilClosed(url: string, pid: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const answers = await client(url).getBlockNumber().then(() => true, () => false)
    if (!answers && !alive(pid)) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`anvil ${pid} is still there`)
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Runs a process that starts anvil and does as told; gives anvil's url and pid once it is up. */
async function parent(then: string): Promise<{ url: string; pid: number; child: ReturnType<typeof spawn> }> {
  const script = `
    import { startAnvil } from ${JSON.stringify(new URL('./anvil.ts', import.meta.url).href)}
    const { url, pid } = await startAnvil({ blockTime: 'manual' })
    console.log(JSON.stringify({ url, pid }))
    ${then}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Its own group, so that a test can signal the whole of it as a terminal does.
    detached: true,
  })
  for await (const line of createInterface({ input: child.stdout })) return { ...(JSON.parse(line) as { url: string; pid: number }), child }
  throw new Error('the parent said nothing')
}

describe('startAnvil', () => {
  it('answers, mines on demand, finalizes two blocks behind, and ends', async () => {
    const anvil = await startAnvil({ blockTime: 'manual', genesisTime: 1_700_000_000n })
    const l1 = client(anvil.url)
    await l1.mine({ blocks: 5 })
    expect(await l1.getChainId()).toBe(31337)
    expect((await l1.getBlock({ blockNumber: 0n })).timestamp).toBe(1_700_000_000n)
    const at = async (blockTag: 'latest' | 'safe' | 'finalized') => (await l1.getBlock({ blockTag })).number
    expect([await at('latest'), await at('safe'), await at('finalized')]).toEqual([5n, 4n, 3n])
    await anvil.stop()
    await anvil.stop()
    expect(await anvil.exited).toEqual({ code: 0, signal: null })
    expect(alive(anvil.pid)).toBe(false)
  })

  it('keeps the chain in a state file over a stop', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-'))
    const statePath = join(folder, 'new', 'l1.json')
    const first = await startAnvil({ blockTime: 'manual', statePath })
    await client(first.url).mine({ blocks: 3 })
    const { hash } = await client(first.url).getBlock()
    await first.stop()
    const second = await startAnvil({ blockTime: 'manual', statePath })
    expect((await client(second.url).getBlock({ blockNumber: 3n })).hash).toBe(hash)
    await second.stop()
    rmSync(folder, { recursive: true })
  })

  it('says what to do about a taken port, an unreadable state and a platform without a binary', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.on('listening', resolve))
    const { port } = server.address() as { port: number }
    await expect(startAnvil({ port })).rejects.toMatchObject({ code: 'ANVIL_PORT_TAKEN' })
    server.close()
    const folder = mkdtempSync(join(tmpdir(), 'causeway-'))
    writeFileSync(join(folder, 'l1.json'), '{ "block"')
    await expect(startAnvil({ statePath: join(folder, 'l1.json') })).rejects.toMatchObject({ code: 'ANVIL_STATE_UNREADABLE' })
    rmSync(folder, { recursive: true })
    expect(() => anvilBinary('sunos', 'x64')).toThrow(/no binary for sunos/)
    expect(() => anvilBinary('win32', 'arm64')).toThrow(/no binary for win32/)
  })

  it.each([
    ['kill -9', 'SIGKILL'],
    ['SIGTERM', 'SIGTERM'],
  ] as const)('leaves no anvil behind after %s of the parent', async (_, signal) => {
    const { url, pid, child } = await parent('setInterval(() => {}, 1000)')
    process.kill(child.pid as number, signal)
    await untilClosed(url, pid)
  })

  it('leaves no anvil behind after Ctrl-C and after kill -9 of the whole process group', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const { url, pid, child } = await parent('setInterval(() => {}, 1000)')
      process.kill(-(child.pid as number), signal)
      await untilClosed(url, pid)
    }
  })

  it('leaves no anvil behind when the parent crashes or exits', async () => {
    for (const then of ['setTimeout(() => process.exit(0), 50)', `process.on('uncaughtException', () => process.exit(7)); setTimeout(() => { throw new Error('crash') }, 50)`]) {
      const { url, pid } = await parent(then)
      await untilClosed(url, pid)
    }
  })

  it('reports when anvil ends by itself, and when its guard does', async () => {
    const errors: string[] = []
    const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) }
    const anvil = await startAnvil({ blockTime: 'manual', log })
    process.kill(anvil.pid, 'SIGKILL')
    expect(await anvil.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(errors).toHaveLength(1)
    await anvil.stop()

    const second = await startAnvil({ blockTime: 'manual', log })
    const guard = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(second.pid)], { encoding: 'utf8' }))
    process.kill(guard, 'SIGKILL')
    expect(await second.exited).toEqual({ code: null, signal: 'SIGKILL' })
    await untilClosed(second.url, second.pid)
  })

  it('funds the accounts of the well-known mnemonic', async () => {
    devAccounts.forEach(({ address }, addressIndex) =>
      expect(mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex }).address).toBe(address),
    )
    const anvil = await startAnvil({ blockTime: 'manual' })
    for (const { address } of anvil.accounts) expect(await client(anvil.url).getBalance({ address })).toBe(10_000n * 10n ** 18n)
    await anvil.stop()
  })
})
