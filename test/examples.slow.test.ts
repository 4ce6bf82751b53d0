import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DaDefinition } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { devAccounts } from '@causeway/l1'
import { defineRollup } from '@causeway/node'
import { memoryDa } from '@causeway/testing'
import { createTestCluster } from '@causeway/testing/cluster'
import { daConformance, pluginConformance } from '@causeway/testing/conformance'
import { createPublicClient, http, parseEther, zeroAddress, type LocalAccount } from 'viem'
import { describe, expect, it } from 'vitest'
import { archived } from './examples/archive.js'
import { mailbox } from './examples/plugin.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** Code blocks of a page, by language. */
const blocks = (page: string, language: string) => [...text(page).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code]) => (name === language ? [code as string] : []))

/** Runs an example in a process of its own, from source; resolves to what it printed. */
function run(example: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', join('test/examples', example)], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (data) => (output += String(data)))
  child.stderr.on('data', (data) => (output += String(data)))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

it('shows the examples as they are', () => {
  expect(blocks('README.md', 'ts')).toEqual([text('test/examples/cluster.ts')])
  expect(blocks('docs/compose.md', 'ts')).toEqual(['compose', 'definition', 'archive', 'app'].map((name) => text(`test/examples/${name}.ts`)))
  expect(blocks('docs/embed.md', 'ts')).toEqual([text('test/examples/embed.ts')])
  expect(text('test/examples/embed.ts').split('\n').length).toBeLessThan(60)
  expect(blocks('docs/plugins.md', 'ts')).toEqual([text('test/examples/plugin.ts')])
  expect(blocks('docs/programs.md', 'ts')).toEqual(['evm-over-calldata', 'app-chain', 'plugins', 'own-da'].map((name) => text(`test/strangers/${name}.ts`)))
  expect(readdirSync(join(ROOT, 'test/strangers'))).toHaveLength(4)
})

it('runs the example of README', async () => {
  expect(await run('cluster.ts')).toEqual({ code: 0, output: '' })
})

it('serves a guestbook from a chain of its own', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', 'test/examples/embed.ts'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    const [url] = (await once(child.stdout, 'data')) as [Buffer]
    const at = String(url).trim()
    expect(await (await fetch(`${at}/?text=hello`, { method: 'POST' })).text()).toBe('success\n')
    expect(await (await fetch(at)).text()).toMatch(/^block \d+: hello\n$/)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
})

it('composes a chain that certifies a deposit, and ends', async () => {
  const { code, output } = await run('compose.ts')
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^credited: 1 ETH\n(the deposit is executed\n)?the deposit is certified\n$/) as string })
})

it('keeps batches: a follower whose L1 has no blobs any more derives from the archive', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-archive-'))
  let gone = false
  const forgetful: DaDefinition = {
    ...blobs(),
    create(host) {
      const da = blobs().create(host)
      return { ...da, retrieve: async (reference) => (gone ? Promise.reject(new Error('the blobs are gone')) : da.retrieve(reference)) }
    },
  }
  const rollup = defineRollup({ chain: { id: 42001n }, execution: evm({ feeRecipient: `0x${'fe'.repeat(20)}` }), da: archived(forgetful, folder) })
  const cluster = await createTestCluster({ chains: [{ name: 'a', rollup }] })
  try {
    const [a] = cluster.chains
    await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('1'), recipient: cluster.users[0].address })
    gone = true
    await a.advance()
    expect(readdirSync(folder).length).toBeGreaterThan(0)
    expect(a.head(a.follower).hash).toBe(a.head().hash)
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true })
  }
})

/** An L1 that nobody asks. */
const nowhere = { client: createPublicClient({ transport: http('http://127.0.0.1:1') }), hub: zeroAddress }

describe('the mailbox', () =>
  pluginConformance({ it, expect }, {
    plugins: () => [mailbox()],
    act: ({ l1, users }, { chainId }, round) => l1.deposit({ chainId, amount: 1n, recipient: (users[round % 3] as LocalAccount).address }),
    observe: ({ rollup }) => Promise.all(devAccounts.map(({ address }) => rollup.rpc.request({ method: 'mailbox_received', params: [address] }))),
  }))

describe('the archive', () =>
  daConformance({ it, expect }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-archive-'))
    const place = memoryDa()
    const part = (chainId: bigint, node: string) => archived(place, join(folder, node)).create({ chainId, ...nowhere })
    // Two chains may share a folder: what is in it is named by its content.
    return { kind: place.kind, da: part(1n, 'a'), otherChain: part(2n, 'a'), reader: part(1n, 'b'), length: async (chain) => place.length(chain === 'own' ? 1n : 2n), close: async () => rmSync(folder, { recursive: true }) }
  }))

it('compiles the receiver of README with solc, found as an installed package', () => {
  const require = createRequire(join(ROOT, 'packages/contracts/package.json'))
  const solc = require('solc') as { compile(input: string, callbacks: { import(path: string): { contents: string } }): string }
  const [content] = blocks('README.md', 'solidity')
  const input = { language: 'Solidity', sources: { 'Greeter.sol': { content } }, settings: { evmVersion: 'cancun', outputSelection: { '*': { '*': ['evm.bytecode.object'] } } } }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') }) })) as {
    errors?: { severity: string; formattedMessage: string }[]
    contracts: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>
  }
  expect(output.errors?.filter(({ severity }) => severity === 'error') ?? []).toEqual([])
  expect(output.contracts['Greeter.sol']?.['Greeter']?.evm.bytecode.object.length).toBeGreaterThan(1000)
})
