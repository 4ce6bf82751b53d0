import { CausewayError } from '@causeway/core'
import { parseArgs } from 'node:util'
import { OVERWRITE, type Overwrite } from './folder.js'
import { DEFAULT_FOLDER, parseChainId, parseChainName, parseCluster } from './names.js'
import { findTemplate, listTemplates, type Template } from './templates.js'

/** What somebody has said; what is undefined is asked for, or has a default. */
export type Options = {
  folder: string | undefined
  template: Template | undefined
  name: string | undefined
  chainId: bigint | undefined
  cluster: string | undefined
  overwrite: Overwrite | undefined
  dryRun: boolean
  yes: boolean
  help: boolean
  version: boolean
}

const FLAGS = {
  template: { type: 'string', short: 't' },
  name: { type: 'string' },
  'chain-id': { type: 'string' },
  cluster: { type: 'string' },
  overwrite: { type: 'string' },
  force: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

export function help(): string {
  const templates = listTemplates()
  const width = Math.max(...templates.map(({ name }) => name.length))
  return `Makes a project with a chain of its own in a Causeway cluster.

  npm create rollup@latest [folder] -- [options]
  npx create-rollup [folder] [options]

  folder               where the project goes; default ./${DEFAULT_FOLDER}, or as the chain is named
  -t, --template NAME  ${templates.map(({ name }) => name).join(', ')}; default ${templates[0]?.name}
      --name NAME      of the chain; default: the folder's
      --chain-id ID    of the chain; default: one that nobody else is likely to have
      --cluster WHICH  local (the default: one on this machine), or the URL of one that runs
      --overwrite HOW  if the folder is not empty: cancel (the default), remove what is in it (but .git), or
                       ignore it: add the project to it, and write over nothing
      --force          the same as --overwrite remove
      --dry-run        says what would be made, and makes nothing
  -y, --yes            asks nothing: what is not said has its default
  -h, --help           this
  -v, --version        the version

Without a terminal nothing is asked either. Exit codes: 0 made, 1 refused, 130 cancelled.

Templates
${templates.map(({ name, title, hint }) => `  ${name.padEnd(width)}  ${title}: ${hint}`).join('\n')}

For example
  npm create rollup@latest my-chain -- --template evm --cluster local --yes
`
}

/** @throws CausewayError `BAD_OPTION` */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = read(args)
  const [folder, ...rest] = positionals
  if (rest.length > 0) throw new CausewayError(`There is one folder, not ${positionals.length}: ${positionals.join(', ')}.`, { code: 'BAD_OPTION', fix: `put a name with spaces in quotes: '${positionals.join(' ')}'` })
  if (folder !== undefined && (folder.trim() === '' || /\p{Cc}/u.test(folder))) throw new CausewayError('The name of the folder is empty, or has characters that one cannot see.', { code: 'BAD_OPTION', fix: `name it like ${DEFAULT_FOLDER}` })
  const overwrite = values.force ? 'remove' : values.overwrite
  if (values.force && values.overwrite !== undefined && values.overwrite !== 'remove') throw new CausewayError(`--force is --overwrite remove, and not ${values.overwrite}.`, { code: 'BAD_OPTION', fix: 'leave one of them out' })
  if (overwrite !== undefined && !(OVERWRITE as readonly string[]).includes(overwrite)) throw new CausewayError(`--overwrite cannot be ${overwrite}.`, { code: 'BAD_OPTION', fix: `choose one of ${OVERWRITE.join(', ')}` })
  return {
    folder,
    template: values.template === undefined ? undefined : findTemplate(values.template),
    name: values.name === undefined ? undefined : parseChainName(values.name),
    chainId: values['chain-id'] === undefined ? undefined : parseChainId(values['chain-id']),
    cluster: values.cluster === undefined ? undefined : parseCluster(values.cluster),
    overwrite: overwrite as Overwrite | undefined,
    dryRun: values['dry-run'] ?? false,
    yes: values.yes ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
  }
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true })
  } catch (cause) {
    // Its advice after the first sentence is about positional arguments that begin with `-`.
    throw new CausewayError((cause as Error).message.replace(/\. .*$/s, '.'), { code: 'BAD_OPTION', fix: 'see --help', cause })
  }
}
