/**
 * Completes package-lock.json with the packages for other platforms (`@rollup/rollup-darwin-arm64` …) that the registry it was made with
 * does not carry. `npm ci` refuses a lock file without them, on every platform; with them it skips those that are not for the machine.
 * Added entries have no integrity hash: nobody could compute one here. With `--check` it changes nothing and fails if one is missing.
 *
 *     node --import tsx scripts/lock-platforms.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

type Entry = { version?: string; dev?: boolean; optionalDependencies?: Record<string, string>; [key: string]: unknown }

const FILE = fileURLToPath(new URL('../package-lock.json', import.meta.url))
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS: Readonly<Record<string, string>> = { amd64: 'x64', arm: 'arm', arm64: 'arm64', ia32: 'ia32', loong64: 'loong64', mips64el: 'mips64el', ppc64: 'ppc64', riscv64: 'riscv64', s390x: 's390x', x64: 'x64' }

/** Where a package looks for its dependency, nearest folder first. */
function places(from: string, name: string): string[] {
  const found: string[] = []
  for (let folder = from; ; folder = folder.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    found.push(`${folder}${folder ? '/' : ''}node_modules/${name}`)
    if (!folder.includes('node_modules/')) return folder ? [...found, `node_modules/${name}`] : found
  }
}

/** The platform in a package's name, as npm's `os`, `cpu` and `libc`. */
function platform(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const words = name.split(/[/-]/)
  const os = words.find((word) => SYSTEMS.includes(word))
  const cpu = words.find((word) => word in PROCESSORS)
  if (os === undefined || cpu === undefined) throw new Error(`${name} names no platform: give it an entry in package-lock.json by hand`)
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined
  return { cpu: [PROCESSORS[cpu] as string], ...(os === 'linux' && libc && { libc: [libc] }), os: [os] }
}

const lock = JSON.parse(readFileSync(FILE, 'utf8')) as { packages: Record<string, Entry> }
const missing: Record<string, Entry> = {}
for (const [from, { dev, optionalDependencies = {} }] of Object.entries(lock.packages))
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (places(from, name).some((place) => lock.packages[place]?.version)) continue
    const version = /\d+\.\d+\.\d+\S*/.exec(range)?.[0]
    if (version === undefined) throw new Error(`${from} wants ${name} ${range}: no exact version`)
    missing[`node_modules/${name}`] = { version, ...platform(name), ...(dev && { dev }), optional: true }
  }

const names = Object.keys(missing)
if (process.argv.includes('--check')) {
  if (names.length > 0) {
    console.error(`package-lock.json lacks ${names.length} packages for other platforms, so npm ci will fail:\n${names.join('\n')}\nRun: node --import tsx scripts/lock-platforms.ts`)
    process.exitCode = 1
  }
} else if (names.length > 0) {
  lock.packages = Object.fromEntries(Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en')))
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${names.length}:\n${names.join('\n')}`)
}
