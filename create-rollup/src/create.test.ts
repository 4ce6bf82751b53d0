import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundle } from '../bundle.js'
import { create } from './create.js'
import { Cancelled } from './questions.js'
import { listTemplates } from './templates.js'

let cwd = ''
const read = (path: string) => readFileSync(join(cwd, path), 'utf8')
const put = (path: string) => {
  mkdirSync(join(cwd, path, '..'), { recursive: true })
  writeFileSync(join(cwd, path), '')
}

/** Runs it without a terminal. Resolves to what it printed. */
async function run(args: readonly string[], userAgent?: string): Promise<string> {
  let printed = ''
  await create(args, { cwd, userAgent, print: (text) => void (printed += text) })
  return printed
}

beforeEach(() => void (cwd = realpathSync(mkdtempSync(join(tmpdir(), 'create rollup ü ')))))
afterEach(() => rmSync(cwd, { recursive: true }))

describe('without a terminal', () => {
  it('has a default for everything', async () => {
    expect(await run([])).toMatch(/^EVM chain, chain My rollup \(1[0-9]{9}\), in a cluster on this machine: 12 files in .*my-rollup\n/)
    expect(readdirSync(cwd)).toEqual(['my-rollup'])
    expect(JSON.parse(read('my-rollup/package.json'))).toMatchObject({ name: 'my-rollup' })
  })
  it('does what every flag says', async () => {
    await run(['Übersee', '--template', 'minimal', '--name', "Mäx' Kette", '--chain-id', '777', '--cluster', 'http://127.0.0.1:4700/', '--yes'])
    expect(read('Übersee/rollup.config.ts')).toContain("chain: { id: 777n, name: 'Mäx\\' Kette' },")
    expect(read('Übersee/rollup.config.ts')).toContain("export const cluster = 'http://127.0.0.1:4700'\n")
    expect(read('Übersee/README.md')).toMatch(/^# Mäx' Kette\n/)
    expect(JSON.parse(read('Übersee/package.json'))).toMatchObject({ name: 'ubersee' })
    expect(existsSync(join(cwd, 'Übersee/contracts'))).toBe(false)
  })
  it('names the folder like the chain, or the chain like the folder', async () => {
    await run(['--name', 'Über allem'])
    expect(readdirSync(cwd)).toEqual(['uber-allem'])
    await run(['here'])
    expect(read('here/rollup.config.ts')).toContain("name: 'here'")
  })
  it('prints the next steps for the package manager, and writes them down', async () => {
    expect(await run(['my chain', '-t', 'evm'], 'npm/11.0.0 node/v20.19.0 linux x64')).toContain("\n  cd 'my chain'\n  npm install\n  npm run dev\n")
    expect(await run(['a', '-t', 'evm'], 'pnpm/10.1.0 npm/? node/v20.19.0 linux x64')).toContain('\n  cd a\n  pnpm install\n  pnpm run dev\n')
    expect(await run(['b', '-t', 'evm'], 'yarn/1.22.22 npm/? node/v20.19.0 linux x64')).toContain('\n  cd b\n  yarn install\n  yarn dev\n')
    expect(read('a/README.md')).toMatch(/\npnpm install\npnpm run dev .*\npnpm test /)
    expect(read('a/README.md')).not.toMatch(/\bnp[mx]\b/)
    expect(read('a/.github/workflows/ci.yml')).toContain('- run: corepack enable && pnpm install --frozen-lockfile\n      - run: pnpm test\n      - run: pnpm run types\n')
    expect(read('my chain/.github/workflows/ci.yml')).toContain('- run: npm ci\n      - run: npm test\n      - run: npm run types\n')
    expect(await run(['.', '--overwrite', 'ignore'], 'npm/11')).toContain('Next:\n  npm install\n')
  })
  it('--dry-run says what would be, and writes nothing', async () => {
    const said = await run(['x', '--dry-run', '--chain-id', '5', '--name', 'Five'])
    expect(said).toMatch(/EVM chain, chain Five \(5\)[^]*\n {2}contracts\/Guestbook\.sol {2}\d+ lines\n[^]*Nothing was written/)
    expect(readdirSync(cwd)).toEqual([])
  })
  it('--help has every flag and every template; --version the version', async () => {
    const said = await run(['--help'])
    for (const flag of ['--template', '--name', '--chain-id', '--cluster', '--overwrite', '--force', '--dry-run', '--yes', '--help', '--version']) expect(said).toContain(flag)
    for (const { name, hint } of listTemplates()) expect(said).toMatch(new RegExp(`${name} .*${hint}`))
    expect(await run(['-v'])).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(readdirSync(cwd)).toEqual([])
  })
  it.each([
    [['--template', 'none'], /no template none.*choose one of evm, minimal/s],
    [['--chain-id', '0'], /chain id 0/],
    [['--name', ''], /name of a chain/],
    [['--cluster', 'there'], /neither local nor/],
    [['--overwrite', 'all'], /one of cancel, remove, ignore/],
    [['--force', '--overwrite', 'ignore'], /leave one of them out/],
    [['--nonsense'], /Unknown option '--nonsense'\..*see --help/s],
    [['my', 'chain'], /put a name with spaces in quotes: 'my chain'/],
    [[''], /name of the folder/],
  ])('refuses %j with something to do', async (args, message) => {
    await expect(run(args)).rejects.toThrow(expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(message) as string, fix: expect.any(String) as string }))
    expect(readdirSync(cwd)).toEqual([])
  })
  it('refuses a folder that is not empty, unless it is told', async () => {
    put('mine/.gitignore')
    await expect(run(['mine'])).rejects.toThrow(expect.objectContaining({ code: 'FOLDER_NOT_EMPTY' }))
    expect(readdirSync(join(cwd, 'mine'))).toEqual(['.gitignore'])
    const said = await run(['mine', '--overwrite', 'ignore'])
    expect(said).toContain('Was there, and is as it was: .gitignore\nYour .gitignore should have: node_modules/ generated/ .causeway/ .env\n')
    expect(read('mine/.gitignore')).toBe('')
    put('mine/old')
    await run(['mine', '--force'])
    expect(existsSync(join(cwd, 'mine/old'))).toBe(false)
    expect(read('mine/.gitignore')).not.toBe('')
  })
})

describe('with a terminal', () => {
  const ENTER = '\r'
  const DOWN = '\u001b[B'
  const CTRL_C = '\u0003'

  /** Answers each question, as it comes, with the next keys. Resolves to the questions and to what was printed. */
  async function converse(args: readonly string[], ...keys: string[]): Promise<{ questions: number; shown: string; printed: string; error?: unknown }> {
    const [input, output] = [new PassThrough(), new PassThrough()]
    Object.assign(input, { isTTY: true, setRawMode: () => input })
    Object.assign(output, { isTTY: true, columns: 200, rows: 50 })
    let [questions, shown, printed] = [0, '', '']
    output.on('data', (data: Buffer) => {
      const text = data.toString()
      shown += text
      // The sign of a question that is open.
      if (!/◆/.test(text) || questions >= keys.length) return
      const next = keys[questions++] as string
      setImmediate(() => next.split(/(?=[\r\u0003\u001b])/).forEach((key) => input.write(key)))
    })
    const error: unknown = await create(args, { cwd, terminal: { input, output }, print: (text) => void (printed += text) }).then(() => undefined, (reason: unknown) => reason)
    return { questions, shown, printed, ...(error !== undefined && { error }) }
  }

  it('asks three questions, and Enter is an answer to each', async () => {
    const { questions, error } = await converse([], ENTER, ENTER, ENTER)
    expect([questions, error]).toEqual([3, undefined])
    expect(read('my-rollup/rollup.config.ts')).toMatch(/export const cluster = 'local'[^]*id: 1\d{9}n, name: 'My rollup'/)
  })
  it('does what is answered', async () => {
    await converse([], DOWN + ENTER, `Neu, 4321${ENTER}`, `http://10.0.0.1:4700${ENTER}`)
    expect(read('neu/rollup.config.ts')).toMatch(/export const cluster = 'http:\/\/10\.0\.0\.1:4700'[^]*id: 4321n, name: 'Neu'/)
    expect(existsSync(join(cwd, 'neu/contracts'))).toBe(false)
  })
  it('does not ask what was said, and nothing with --yes', async () => {
    expect((await converse(['one', '--template', 'app'], ENTER, ENTER)).questions).toBe(2)
    expect((await converse(['two', '--template', 'app', '--name', 'Two', '--chain-id', '2', '--cluster', 'local'])).questions).toBe(0)
    expect((await converse(['three', '-y'])).questions).toBe(0)
    expect(readdirSync(cwd).sort()).toEqual(['one', 'three', 'two'])
  })
  it('Ctrl-C at any question leaves nothing', async () => {
    for (const answers of [[], [ENTER], [ENTER, ENTER]]) {
      const { error } = await converse([], ...answers, CTRL_C)
      expect(error, `after ${answers.length}`).toBeInstanceOf(Cancelled)
      expect(readdirSync(cwd)).toEqual([])
    }
  })
  it('asks what to do with a folder that is not empty', async () => {
    put('mine/notes')
    const args = ['mine', '-t', 'minimal', '--name', 'Mine', '--chain-id', '9', '--cluster', 'local']
    expect((await converse(args, ENTER)).error).toBeInstanceOf(Cancelled)
    expect(readdirSync(join(cwd, 'mine'))).toEqual(['notes'])
    await converse(args, DOWN + ENTER)
    expect(readdirSync(join(cwd, 'mine'))).toEqual(expect.arrayContaining(['notes', 'rollup.config.ts']))
    await converse(args, DOWN + DOWN + ENTER)
    expect(existsSync(join(cwd, 'mine/notes'))).toBe(false)
    expect(existsSync(join(cwd, 'mine/rollup.config.ts'))).toBe(true)
  })
})

describe('the program', () => {
  let dist = ''
  beforeAll(async () => {
    dist = mkdtempSync(join(tmpdir(), 'create-rollup-dist-'))
    expect(await bundle(dist)).toEqual(expect.arrayContaining([expect.stringMatching(/@clack\/prompts$/)]))
  })
  afterAll(() => rmSync(dist, { recursive: true }))
  const start = (...args: string[]) => spawn(process.execPath, [join(dist, 'create-rollup.js'), ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, npm_config_user_agent: '' } })
  const ended = (child: ChildProcess) =>
    new Promise<{ code: number | null; signal: string | null; out: string; err: string }>((resolve) => {
      let [out, err] = ['', '']
      child.stdout?.on('data', (data: Buffer) => (out += data.toString()))
      child.stderr?.on('data', (data: Buffer) => (err += data.toString()))
      child.once('close', (code, signal) => resolve({ code, signal, out, err }))
    })

  it('ends with 0, or with 1 and what to do', async () => {
    expect(await ended(start('x'))).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Next:') as string })
    expect(await ended(start('x'))).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/x is not empty\.\n {2}To fix: .*\n {2}Code: FOLDER_NOT_EMPTY\n$/) as string })
  })
  it('twice at once: one makes the project, the other says so', async () => {
    const both = await Promise.all([ended(start('x', '--chain-id', '5')), ended(start('x', '--chain-id', '6'))])
    expect(both.map(({ code }) => code).sort()).toEqual([0, 1])
    expect(readdirSync(cwd)).toEqual(['x'])
    expect(readdirSync(join(cwd, 'x'))).toHaveLength(11)
  })
  it('killed at any moment, it has made all of the project or nothing, and can be run again', async () => {
    const began = performance.now()
    await ended(start('x'))
    const took = performance.now() - began
    const whole = readdirSync(join(cwd, 'x')).sort()
    const clear = () => readdirSync(cwd).forEach((name) => rmSync(join(cwd, name), { recursive: true }))
    const ends = new Set<string>()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
      for (const part of [0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1]) {
        clear()
        const child = start('x')
        const timer = setTimeout(() => child.kill(signal), took * part)
        const { code, out } = await ended(child)
        clearTimeout(timer)
        const left = readdirSync(cwd)
        ends.add(left.includes('x') ? 'made' : 'nothing')
        if (left.includes('x')) expect(readdirSync(join(cwd, 'x')).sort()).toEqual(whole)
        else expect([out, code === 0]).toEqual(['', false])
        // Only who could not clean up has left something beside it, and the next run removes it.
        if (signal !== 'SIGKILL') expect(left.filter((name) => name !== 'x')).toEqual([])
        rmSync(join(cwd, 'x'), { recursive: true, force: true })
        expect((await ended(start('x'))).code).toBe(0)
        expect(readdirSync(cwd)).toEqual(['x'])
      }
    expect(ends).toContain('nothing')
  }, 120_000)
})
