import { readFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { look, makeProject, type Overwrite } from './folder.js'
import { DEFAULT_FOLDER, DEFAULT_NAME, LOCAL, packageNameOf, parseChainName, randomChainId } from './names.js'
import { help, parseOptions, type Options } from './options.js'
import { packageManagerOf, speak, type PackageManager } from './package-manager.js'
import { askChain, askCluster, askOverwrite, askTemplate, Cancelled, type Terminal } from './questions.js'
import { listTemplates, projectFiles, type ProjectFile, type Template } from './templates.js'

/** What {@link create} works in. */
export type World = {
  /** The folder that somebody is in. */
  cwd: string
  /** `npm_config_user_agent` */
  userAgent?: string | undefined
  /** Left out where there is none: then nothing is asked. */
  terminal?: Terminal
  print(text: string): void
  /** Called before the first write, after which it is too late to cancel. */
  writing?(): void
}

type Choice = { target: string; template: Template; name: string; chainId: bigint; cluster: string; overwrite: Overwrite }

/**
 * Makes a project, as the arguments and the answers say.
 * @throws CausewayError with what to do; `Cancelled`
 */
export async function create(args: readonly string[], world: World): Promise<void> {
  const options = parseOptions(args)
  if (options.help) return world.print(help())
  if (options.version) return world.print(`${version()}\n`)
  const choice = await choose(options, world)
  const { target, template, name, chainId, cluster, overwrite } = choice
  const manager = packageManagerOf(world.userAgent)
  const files = speak(projectFiles(template.name, { packageName: packageNameOf(basename(target)), chainName: name, chainId, cluster }), manager)
  if (options.dryRun) return world.print(plan(choice, files))
  world.writing?.()
  const { kept } = makeProject(target, files, overwrite)
  world.print(report(choice, files, kept, manager, world.cwd))
}

async function choose({ folder, ...options }: Options, { cwd, terminal }: World): Promise<Choice> {
  const ask = options.yes ? undefined : terminal
  const template = options.template ?? (ask ? await askTemplate(ask) : (listTemplates()[0] as Template))
  const fallback = { name: options.name ?? nameOf(folder === undefined ? undefined : basename(resolve(cwd, folder))), chainId: options.chainId ?? randomChainId() }
  const isSaid = options.name !== undefined && options.chainId !== undefined
  const { name, chainId } = ask && !isSaid ? await askChain(ask, fallback) : fallback
  const cluster = options.cluster ?? (ask ? await askCluster(ask) : LOCAL)
  const target = resolve(cwd, folder ?? (name === DEFAULT_NAME ? DEFAULT_FOLDER : packageNameOf(name)))
  let { overwrite = 'cancel' } = options
  if (ask && options.overwrite === undefined && !options.dryRun && look(target) === 'full') {
    overwrite = await askOverwrite(ask, place(cwd, target))
    if (overwrite === 'cancel') throw new Cancelled()
  }
  return { target, template, name, chainId, cluster, overwrite }
}

/** The chain is named like the folder, if that is a name. */
function nameOf(folder: string | undefined): string {
  try {
    return parseChainName(folder ?? DEFAULT_NAME)
  } catch {
    return DEFAULT_NAME
  }
}

const about = ({ template, name, chainId, cluster }: Choice): string =>
  `${template.title}, chain ${name} (${chainId}), ${cluster === LOCAL ? 'in a cluster on this machine' : `in the cluster at ${cluster}`}`

function plan(choice: Choice, files: readonly ProjectFile[]): string {
  const found = look(choice.target)
  const lines = files.map(({ path, content }) => `  ${path}  ${content.split('\n').length - 1} lines`)
  const fate = { cancel: 'is not empty, so nothing would be made', ignore: 'would get them besides what is in it', remove: 'would lose all that is in it, but .git' }[choice.overwrite]
  return `${about(choice)}\n${choice.target}${found === 'full' ? ` ${fate}` : ''}\n${lines.join('\n')}\nNothing was written (--dry-run).\n`
}

function report(choice: Choice, files: readonly ProjectFile[], kept: readonly string[], manager: PackageManager, cwd: string): string {
  const steps = [...(choice.target === cwd ? [] : [`cd ${quoted(place(cwd, choice.target))}`]), manager.install, manager.run('dev')]
  const ignored = kept.includes('.gitignore') ? files.find(({ path }) => path === '.gitignore')?.content.split('\n').filter((line) => line !== '' && !line.startsWith('#')).join(' ') : undefined
  return [
    `${about(choice)}: ${files.length - kept.length} files in ${choice.target}`,
    ...(kept.length > 0 ? [`Was there, and is as it was: ${kept.join(', ')}`] : []),
    ...(ignored === undefined ? [] : [`Your .gitignore should have: ${ignored}`]),
    '',
    'Next:',
    ...steps.map((step) => `  ${step}`),
    '',
    `${manager.run('test')} tries the chain in one process. The README has the rest.`,
    '',
  ].join('\n')
}

/** How somebody in `cwd` names a path. */
function place(cwd: string, target: string): string {
  const path = relative(cwd, target) || '.'
  return path.startsWith(join('..', '..')) ? target : path
}

/** As a shell takes it. */
const quoted = (path: string): string => (/^[\p{L}\p{N}_./-]+$/u.test(path) && !path.startsWith('-') ? path : `'${(path.startsWith('-') ? `./${path}` : path).replaceAll("'", `'\\''`)}'`)

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
