/**
 * Lists the licences of everything that the published packages install, and fails on one that is not permissive or not known. Reads
 * package-lock.json, so that packages for other platforms count too; what the lock file does not say is read from node_modules.
 *
 *     npm run licences
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Entry = { version?: string; license?: string; link?: boolean; dev?: boolean; devOptional?: boolean; optionalDependencies?: Record<string, string> }

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** MPL-2.0 binds changes to its own files only; EthereumJS has it. */
const ACCEPTED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MPL-2.0', 'Unlicense', 'Zlib']

/** Whether an SPDX expression of AND, OR and brackets can be met with accepted licences. */
function accepted(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? []
  const either = (): boolean => {
    let value = both()
    while (tokens[0] === 'OR') {
      tokens.shift()
      value = both() || value
    }
    return value
  }
  const both = (): boolean => {
    let value = one()
    while (tokens[0] === 'AND') {
      tokens.shift()
      value = one() && value
    }
    return value
  }
  const one = (): boolean => {
    const token = tokens.shift()
    if (token !== '(') return token !== undefined && ACCEPTED.includes(token)
    const value = either()
    return tokens.shift() === ')' && value
  }
  return either() && tokens.length === 0
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, Entry> }

/** As package.json or the lock file says; a package for one platform that is neither installed nor described has its parent's. */
function licenceOf(path: string, entry: Entry): string | undefined {
  if (entry.license !== undefined) return entry.license
  const manifest = join(ROOT, path, 'package.json')
  if (existsSync(manifest)) {
    const { license, licenses } = JSON.parse(readFileSync(manifest, 'utf8')) as { license?: string | { type: string }; licenses?: { type: string }[] }
    return typeof license === 'string' ? license : (license?.type ?? licenses?.map(({ type }) => type).join(' OR '))
  }
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  return Object.values(packages).find((parent) => parent.license !== undefined && parent.optionalDependencies?.[name] === entry.version)?.license
}

const byLicence = new Map<string, string[]>()
for (const [path, entry] of Object.entries(packages)) {
  // `devOptional`: for development, or optional; the latter may be installed.
  if (path === '' || entry.link || entry.dev) continue
  const licence = licenceOf(path, entry) ?? 'unknown'
  byLicence.set(licence, [...(byLicence.get(licence) ?? []), path])
}
for (const [licence, paths] of [...byLicence].sort(([, a], [, b]) => b.length - a.length)) {
  const good = accepted(licence)
  console.log(`${good ? 'ok ' : 'BAD'} ${String(paths.length).padStart(4)} ${licence}`)
  if (good) continue
  console.error(paths.map((path) => `         ${path}`).join('\n'))
  process.exitCode = 1
}
