/**
 * Builds packages into their `dist`: JavaScript with tsup, and one declaration file for each source file. Types are not checked here
 * (`npm run types` does that), so all declarations come from one TypeScript program in a few seconds.
 *
 *     node --import tsx scripts/build.ts [package …]     # from the root: all packages; from a package's folder: that one
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Programs that run in processes and threads of their own: built, and found by path, but nobody imports them. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  cli: ['src/main.ts', 'src/chain-child.ts'],
  cluster: ['src/node-child.ts'],
  'execution-evm': ['src/simulation-thread.ts'],
  prover: ['src/prover-worker.ts'],
}
/** What a browser may import. */
const BROWSER = ['client', 'contracts', 'core']

type Manifest = { exports: Record<string, { source?: string }> }

function entriesOf(name: string): string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as Manifest
  const sources = Object.values(exports).flatMap(({ source }) => (source === undefined ? [] : [source.replace(/^\.\//, '')]))
  return [...sources, ...(PROGRAMS[name] ?? [])]
}

/** What is imported from other packages, or from npm, stays an import: tsup reads the dependencies in package.json. */
async function bundle(name: string): Promise<void> {
  const folder = join(ROOT, 'packages', name)
  process.chdir(folder)
  // Copies of a package have to carry the licence; npm takes the file from the package's own folder.
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  await build({
    config: false,
    entry: entriesOf(name),
    outDir: 'dist',
    esbuildOptions: (options) => void (options.absWorkingDir = folder),
    tsconfig: join(ROOT, 'tsconfig.json'),
    format: 'esm',
    target: 'es2023',
    platform: BROWSER.includes(name) ? 'neutral' : 'node',
    removeNodeProtocol: false,
    clean: true,
    silent: true,
  })
}

function declarations(names: readonly string[]): void {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as { config: { compilerOptions: object } }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT)
  const ambient = names.flatMap((name) => readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.d.ts')).map((file) => join(ROOT, 'packages', name, 'src', file)))
  const program = ts.createProgram({
    rootNames: [...names.flatMap((name) => entriesOf(name).map((entry) => join(ROOT, 'packages', name, entry))), ...ambient],
    options: { ...options, noEmit: false, declaration: true, emitDeclarationOnly: true, noCheck: true, rootDir: ROOT, outDir: ROOT },
  })
  const { diagnostics } = program.emit(undefined, (file, text) => {
    const [, name = '', , ...path] = relative(ROOT, file).split(sep)
    if (!names.includes(name)) return
    const target = join(ROOT, 'packages', name, 'dist', ...path)
    mkdirSync(dirname(target), { recursive: true })
    // viem has these types too, and is what our packages depend on.
    writeFileSync(target, text.replaceAll('import("abitype")', 'import("viem")'))
  })
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, { getCanonicalFileName: (file) => file, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' }))
}

const here = process.env['npm_package_name']?.startsWith('@causeway/') ? [basename(process.cwd())] : []
const named = process.argv.length > 2 ? process.argv.slice(2) : here
const names = named.length > 0 ? named : readdirSync(join(ROOT, 'packages')).sort()
const start = performance.now()
for (const name of names) await bundle(name)
const bundled = performance.now()
declarations(names)
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
console.log(`built ${names.length} packages: JavaScript in ${seconds(bundled - start)}, declarations in ${seconds(performance.now() - bundled)}`)
