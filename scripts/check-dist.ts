/**
 * Checks what was built, as somebody who installed the packages would use it: every import is declared, every export exists, the types
 * resolve, and plain Node, without the `source` condition, runs a chain from it.
 *
 *     npm run build && npm run build:check
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

type Manifest = { name: string; dependencies?: Record<string, string>; exports: Record<string, string | Record<string, string>>; sideEffects: boolean | string[] }

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const problems: string[] = []
const packages = readdirSync(join(ROOT, 'packages')).sort()

/** Names of packages that a file imports. */
function importsOf(file: string): string[] {
  const specifiers = ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName)
  const bare = specifiers.filter((name) => !/^(\.|node:)/.test(name) && !builtinModules.includes(name))
  return [...new Set(bare.map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')))]
}

const modules: string[] = []
for (const name of packages) {
  const folder = join(ROOT, 'packages', name)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const files = existsSync(join(folder, 'dist')) ? readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' }).filter((file) => /\.(js|d\.ts)$/.test(file)) : []
  if (files.length === 0) problems.push(`${name}: not built`)
  for (const file of files)
    for (const used of importsOf(join(folder, 'dist', file)))
      if (used !== manifest.name && !manifest.dependencies?.[used])
        problems.push(`${name}: dist/${file} imports ${used}, which is not among its dependencies`)
  // Programs are found by path, so nothing else would miss them.
  const programs = Array.isArray(manifest.sideEffects) ? manifest.sideEffects : []
  for (const program of programs) if (!existsSync(join(folder, program))) problems.push(`${name}: ${program} was not built`)
  const targets = Object.entries(manifest.exports).flatMap(([path, target]) => (typeof target === 'string' ? [] : [[path, target] as const]))
  for (const [path, { source: _, ...target }] of targets) {
    for (const file of Object.values(target)) if (!existsSync(join(folder, file))) problems.push(`${name}: exports ${file}, which was not built`)
    // A program: importing it would run it.
    if (programs.includes(target['default'] ?? '')) continue
    modules.push(join(manifest.name, path))
  }
}

/** The types, as a project with Node's own module resolution sees them. */
function checkTypes(): void {
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.check-dist-'))
  try {
    const file = join(folder, 'consumer.ts')
    writeFileSync(file, modules.map((name, i) => `import * as module${i} from '${name}'\nexport const keys${i}: PropertyKey[] = Object.keys(module${i})\n`).join(''))
    const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2023, strict: true, skipLibCheck: true, noEmit: true, types: ['node'] })
    for (const { messageText } of ts.getPreEmitDiagnostics(program)) problems.push(`types: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
    const sources = program.getSourceFiles().map(({ fileName }) => fileName).filter((name) => /\/packages\/[^/]+\/src\//.test(name))
    if (sources.length > 0) problems.push(`types: ${sources[0]} is read from source`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (problems.length === 0) {
  checkTypes()
  const { status, signal } = spawnSync(process.execPath, [fileURLToPath(new URL('./dist-smoke.js', import.meta.url)), ...modules], { stdio: 'inherit', timeout: 180_000, env: { ...process.env, NODE_OPTIONS: '' } })
  if (status !== 0) problems.push(`plain Node did not run the built packages (${signal ?? `exit code ${status}`})`)
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log(`dist is good: ${packages.length} packages, ${modules.length} modules`)
