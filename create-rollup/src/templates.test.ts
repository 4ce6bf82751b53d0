import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { packageManagerOf, speak } from './package-manager.js'
import { findTemplate, listTemplates, projectFiles, TEMPLATES } from './templates.js'

type Manifest = { version: string; scripts: Record<string, string>; dependencies?: Record<string, string>; devDependencies?: Record<string, string>; peerDependencies?: Record<string, string> }

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MOST_FILES = 15
const VALUES = { packageName: 'a-name', chainName: 'A name', chainId: 5n, cluster: 'local' }
const manifest = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest

it('offers all that is there', () => {
  expect(readdirSync(TEMPLATES).sort()).toEqual(listTemplates().map(({ name }) => name).sort())
  expect(listTemplates()[0]?.name).toBe('evm')
})

it('refuses a template without a description, so that none is forgotten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'templates-'))
  try {
    mkdirSync(join(folder, 'zk'))
    expect(() => listTemplates(folder)).toThrow('template.json')
    writeFileSync(join(folder, 'zk/template.json'), '{ "title": "ZK", "hint": "proofs" }')
    expect(findTemplate('zk', listTemplates(folder))).toEqual({ name: 'zk', title: 'ZK', hint: 'proofs' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Versions that the workspace has, by name: projects get what is tested here. */
const versions = new Map<string, string>()
for (const path of ['package.json', ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/package.json`)]) {
  const { dependencies = {}, devDependencies = {}, ...own } = manifest(path) as Manifest & { name: string }
  for (const [name, version] of Object.entries({ ...devDependencies, ...dependencies })) if (!name.startsWith('@causeway/')) versions.set(name, version)
  versions.set(own.name, own.version)
}

describe.each(listTemplates())('$name', ({ name }) => {
  const files = projectFiles(name, VALUES)
  const paths = files.map(({ path }) => path)
  const own = manifest(`templates/${name}/package.json`)

  it(`has at most ${MOST_FILES} files, and those that every project has`, () => {
    expect(paths.length).toBeLessThanOrEqual(MOST_FILES)
    expect(paths).toEqual(expect.arrayContaining(['.env.example', '.github/workflows/ci.yml', '.gitignore', 'AGENTS.md', 'README.md', 'package.json', 'rollup.config.ts', 'test/neighbour.test.ts', 'tsconfig.json']))
    expect(paths.at(-1)).toBe('package.json')
    for (const script of ['dev', 'test', 'types', 'doctor']) expect(own.scripts).toHaveProperty(script)
  })
  it('has no placeholder left, and speaks of files that it has', () => {
    for (const { path, content } of files) expect(content, path).not.toMatch(/\b(PACKAGE_NAME|CHAIN_NAME|CHAIN_IDn?|CLUSTER)\b/)
    for (const text of files.filter(({ path }) => path.endsWith('.md')))
      for (const [, path = ''] of text.content.matchAll(/`([\w./]+\.(?:ts|sol))`/g)) expect(paths, `${text.path}: ${path}`).toContain(path)
    for (const text of files.filter(({ path }) => /\.(md|yml)$/.test(path)))
      for (const [, script = ''] of text.content.matchAll(/npm run ([a-z]+)/g)) expect(own.scripts, `${text.path}: ${script}`).toHaveProperty(script)
  })
  it('depends on exactly the versions that are tested here', () => {
    const wanted = { ...own.dependencies, ...own.devDependencies, ...own.peerDependencies }
    expect(wanted).toEqual(Object.fromEntries(Object.keys(wanted).map((each) => [each, versions.get(each)])))
  })
  it('depends on all that it imports, and on nothing else but tools', () => {
    const imported = files.flatMap(({ path, content }) => (/\.(ts|sol)$/.test(path) ? [...content.matchAll(/(?:from|import) ['"]((?:@[^/'"]+\/)?[^./'"][^/'"]*)/g)].map(([, each]) => each as string) : []))
    const tools = ['@causeway/cli', '@types/node', 'typescript', ...(paths.some((path) => path.endsWith('.sol')) ? ['solc'] : [])]
    expect([...new Set([...imported, ...tools])].sort()).toEqual(Object.keys({ ...own.dependencies, ...own.devDependencies }).sort())
  })
  it('is said to every package manager', () => {
    for (const manager of ['pnpm', 'yarn', 'bun'] as const)
      for (const { path, content } of speak(files, packageManagerOf(`${manager}/9.0.0`)))
        if (/\.(md|ts|gitignore|example)$/.test(path)) expect(content, `${manager} ${path}`).not.toMatch(/\bnp[mx] (?!publish)/)
  })
})

it('every template is tried: it has tests, which templates.world.test.ts runs for each one', () => {
  for (const { name } of listTemplates()) expect(readdirSync(join(TEMPLATES, name, 'test')).filter((file) => file.endsWith('.test.ts')).length, name).toBeGreaterThanOrEqual(2)
  expect(readFileSync(fileURLToPath(new URL('./templates.world.test.ts', import.meta.url)), 'utf8')).toContain('describe.each(listTemplates())')
})
