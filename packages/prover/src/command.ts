import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** How to start a Node process: `node ...execArgv file ...args`. */
export type WorkerCommand = { file: string; args: readonly string[]; execArgv: readonly string[] }

/**
 * How to start a module of this code base as a process of its own: plain `node` for a built one, and through tsx with the
 * `source` condition when it runs from source.
 * @param url without the extension of the entry, or with it; a missing one is taken from `self`
 * @param self `import.meta.url` of the caller
 */
export function workerCommand(url: string | URL, self: string, args: readonly string[] = []): WorkerCommand {
  const fromSource = new URL(self).pathname.endsWith('.ts')
  const path = fileURLToPath(new URL(url, self))
  const file = /\.(ts|js|mjs)$/.test(path) ? path : `${path}${fromSource ? '.ts' : '.js'}`
  if (!file.endsWith('.ts')) return { file, args, execArgv: [] }
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return { file, args, execArgv: ['--import', tsx, '--conditions=source'] }
}

/**
 * Worker processes for a prover package: it must export `createProver`, `decodeJob` and `encodeProof`.
 * @param module name of the package, or URL of a module
 * @param self `import.meta.url` of the caller, which depends on the package: names are looked up from there, by the worker's own
 * conditions, since a bundler's or a test runner's `import.meta.resolve` knows others
 * @param options passed to `createProver`, as JSON
 */
export function proverWorker(module: string, self: string, options?: Record<string, unknown>): WorkerCommand {
  return workerCommand('./prover-worker', import.meta.url, [module, self, ...(options ? [JSON.stringify(options)] : [])])
}
