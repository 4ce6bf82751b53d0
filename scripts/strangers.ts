/**
 * What a stranger does: installs the packages' tarballs in an empty project, checks the types of programs that are written with the documentation
 * alone (`test/strangers`, each under 40 lines), and runs them with plain Node.
 *
 *     npm run build && npm run strangers [-- name …]
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAMS = join(ROOT, 'test/strangers')
/** Packages that live outside the workspace, as a stranger's would. */
const PLUGINS = join(ROOT, 'test/plugins')
const MAX_LINES = 40

const wanted = process.argv.slice(2)
const programs = readdirSync(PROGRAMS)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((name) => wanted.length === 0 || wanted.includes(name))

/** @throws if the command fails, with what it printed */
function run(folder: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} ended with ${status}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  return stdout
}

/** Versions that the workspace has, so that the lock file's tarballs are taken. */
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'packages/node/package.json'), 'utf8')) as { dependencies: Record<string, string> }

const folder = mkdtempSync(join(tmpdir(), 'causeway-stranger-'))
const failed: string[] = []
try {
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs)
  run(ROOT, 'npm', 'pack', '--silent', '--workspaces', '--pack-destination', tarballs)
  for (const name of readdirSync(PLUGINS).filter((name) => existsSync(join(PLUGINS, name, 'package.json')))) run(join(PLUGINS, name), 'npm', 'pack', '--silent', '--pack-destination', tarballs)
  const project = join(folder, 'my project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'my-project', private: true, type: 'module' }))
  const packages = readdirSync(tarballs).map((file) => join(tarballs, file))
  run(project, 'npm', 'install', '--silent', '--no-audit', '--ignore-scripts', ...packages, `viem@${dependencies['viem']}`, `typescript@${devDependencies['typescript']}`, `@types/node@${devDependencies['@types/node']}`)
  const compilerOptions = { target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', strict: true, skipLibCheck: true, outDir: 'dist', rootDir: '.', types: ['node'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  for (const name of programs) copyFileSync(join(PROGRAMS, `${name}.ts`), join(project, `${name}.ts`))
  run(project, join(project, 'node_modules/.bin/tsc'))
  console.log(`${packages.length} packages installed in an empty project; the types of ${programs.length} programs hold`)
  for (const name of programs) {
    const start = performance.now()
    const lines = readFileSync(join(project, `${name}.ts`), 'utf8').trimEnd().split('\n').length
    try {
      if (lines >= MAX_LINES) throw new Error(`it has ${lines} lines, and a stranger has no patience for ${MAX_LINES}`)
      console.log(`${name}, ${lines} lines: ${run(project, process.execPath, `dist/${name}.js`).trim()} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
    } catch (error) {
      failed.push(name)
      console.error(`${name} failed: ${(error as Error).message}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed.length > 0) process.exitCode = 1
