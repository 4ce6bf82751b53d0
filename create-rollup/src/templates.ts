import { CausewayError } from '@causeway/core'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What can be chosen: a folder of `templates/` with its `template.json`. */
export type Template = { name: string; title: string; hint: string }
/** What is put into a template's files in place of `PACKAGE_NAME`, `CHAIN_NAME`, `CHAIN_IDn` and `CLUSTER`. */
export type Values = { packageName: string; chainName: string; chainId: bigint; cluster: string }
/** A file of a project; `path` has slashes. */
export type ProjectFile = { path: string; content: string }

const DESCRIPTION = 'template.json'
/** Where the templates are: beside the built program, or from source in the repository. */
export const TEMPLATES = ['./templates', '../../templates'].map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path)) as string
/** What working in a template's folder leaves there. */
const LEFT = ['node_modules', 'generated', 'dist', '.causeway']
/** What npm and checks of packages take for their own has another name in the published package. */
const RENAMED: Readonly<Record<string, string>> = { _gitignore: '.gitignore', '_package.json': 'package.json' }
/** The order in which they are offered; others follow by name. */
const FIRST = ['evm', 'minimal', 'app', 'plugin']

/** All templates, the default first. */
export function listTemplates(folder = TEMPLATES): Template[] {
  const rank = ({ name }: Template) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, ...(JSON.parse(readFileSync(join(folder, name, DESCRIPTION), 'utf8')) as Omit<Template, 'name'>) }))
    .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

/** @throws CausewayError `BAD_OPTION` if there is none of the name */
export function findTemplate(name: string, templates = listTemplates()): Template {
  const template = templates.find((each) => each.name === name)
  if (!template) throw new CausewayError(`There is no template ${name}.`, { code: 'BAD_OPTION', fix: `choose one of ${templates.map((each) => each.name).join(', ')}` })
  return template
}

/** The files of a project, by path. `package.json` is the last: a folder that has it has the others, too. */
export function projectFiles(template: string, values: Values, folder = TEMPLATES): ProjectFile[] {
  const root = join(folder, template)
  const isMain = (path: string) => Number(path === 'package.json')
  return filesIn(root)
    .filter((path) => path !== DESCRIPTION)
    .map((path) => ({ path: RENAMED[path] ?? path, content: fill(path, readFileSync(join(root, ...path.split('/')), 'utf8'), values) }))
    .sort((a, b) => isMain(a.path) - isMain(b.path) || (a.path < b.path ? -1 : 1))
}

/** Paths with slashes of a template's own files. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => LEFT.includes(part)))
    .sort()
}

function fill(path: string, text: string, { packageName, chainName, chainId, cluster }: Values): string {
  // In programs the names stand in single quotes.
  const quoted = (value: string) => (path.endsWith('.ts') ? value.replace(/[\\']/g, '\\$&') : value)
  const replacements: Readonly<Record<string, string>> = { PACKAGE_NAME: packageName, CHAIN_NAME: quoted(chainName), CHAIN_IDn: `${chainId}n`, CLUSTER: quoted(cluster) }
  return text.replace(/\b(PACKAGE_NAME|CHAIN_NAME|CHAIN_IDn|CLUSTER)\b/g, (placeholder) => replacements[placeholder] as string)
}
