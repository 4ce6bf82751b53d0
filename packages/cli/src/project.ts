import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CausewayError, errorCode } from '@causeway/core'
import { defineRollup, type ChainDefinition } from '@causeway/node'
import { register } from 'tsx/esm/api'

/** Names that a project's definition may have. */
const CONFIGS = ['rollup.config.ts', 'rollup.config.js', 'rollup.config.mjs']

/** A folder with a chain's definition. */
export type Project = {
  root: string
  /** Path of the definition. */
  config: string
  /** Of the package. */
  name: string
  /** Folder of everything that the command keeps: keys, databases, logs. */
  state: string
}

/** The project of a folder or of one above it. @throws CausewayError `NO_PROJECT` */
export function findProject(from: string): Project {
  for (let root = from; ; root = dirname(root)) {
    const file = CONFIGS.find((name) => existsSync(join(root, name)))
    if (file !== undefined) return { root, config: join(root, file), name: nameOf(root), state: join(root, '.causeway') }
    if (dirname(root) === root)
      throw new CausewayError(`There is no ${CONFIGS[0]} in ${from}, or in a folder above it.`, { code: 'NO_PROJECT', fix: 'go to a project, make one (`npm create rollup`), or write the file: export default defineRollup({ … })' })
  }
}

function nameOf(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown }
    if (typeof name === 'string' && name !== '') return name
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return 'my-chain'
}

/** What a project's `rollup.config` says: its default export, and `cluster`. */
export type ProjectConfig = { definition: ChainDefinition; /** `local`, or a URL. */ cluster: string }

let typescript = false

/** Loads TypeScript from now on, in this thread. */
function loadTypeScript(): void {
  if (!typescript) register()
  typescript = true
}

/** A module of the project, TypeScript or not. */
export async function loadModule(path: string): Promise<Record<string, unknown>> {
  loadTypeScript()
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>
}

/** Loads and checks a project's definition. @throws CausewayError `BAD_CONFIG`, `BAD_ROLLUP` */
export async function loadConfig({ config }: Project): Promise<ProjectConfig> {
  const { default: definition, cluster = 'local', ...rest } = await loadModule(config).catch((cause: unknown) => {
    if (errorCode(cause) !== undefined) throw cause
    throw new CausewayError(`${config} cannot be loaded: ${(cause as Error).message}`, { code: 'BAD_CONFIG', fix: 'see the error; if a package is missing, run the install of your package manager', cause })
  })
  if (definition === undefined) throw new CausewayError(`${config} has no default export.`, { code: 'BAD_CONFIG', fix: 'write: export default defineRollup({ … })' })
  const unknown = Object.keys(rest).filter((name) => name !== '__esModule')
  if (unknown.length > 0) throw new CausewayError(`${config} exports ${unknown.join(', ')}, which means nothing here.`, { code: 'BAD_CONFIG', fix: 'it exports the definition by default, and `cluster`; keep what else you need in another file' })
  return { definition: defineRollup(definition as ChainDefinition), cluster: checkedCluster(cluster, '`cluster` of rollup.config') }
}

/** `local`, or an http(s) URL. @throws CausewayError `BAD_CONFIG` */
export function checkedCluster(cluster: unknown, where: string): string {
  if (cluster === 'local' || (typeof cluster === 'string' && /^https?:\/\//.test(cluster) && URL.canParse(cluster))) return cluster
  throw new CausewayError(`${where} is ${JSON.stringify(cluster)}; it has to be 'local' or the URL of a cluster.`, { code: 'BAD_CONFIG', fix: "e.g. 'http://127.0.0.1:4700', as `causeway cluster` prints it" })
}
