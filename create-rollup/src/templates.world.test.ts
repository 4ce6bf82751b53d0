/** Every template, made into a project, as its user finds it: its types hold, and its own tests pass, both against the workspace. */
import { compileContracts } from '@causeway/cli'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { create } from './create.js'
import { listTemplates } from './templates.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
/** Inside of the repository, so that packages are found. */
let folder = ''

beforeAll(() => {
  mkdirSync(join(ROOT, '.causeway'), { recursive: true })
  folder = mkdtempSync(join(ROOT, '.causeway/templates-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(listTemplates())('$name', ({ name }) => {
  const project = () => join(folder, name)

  it('is made, and its contracts compile without a warning', async () => {
    await create([name, '--template', name, '--name', "Mäx' chain"], { cwd: folder, print: () => undefined })
    // A project has packages, and no need of this.
    writeFileSync(join(project(), 'vitest.config.mjs'), "const resolve = { conditions: ['source'] }\nexport default { resolve, ssr: { resolve } }\n")
    expect((await compileContracts(project())).warnings).toEqual([])
  })

  it('has the types that it says', () => {
    const { config } = ts.readConfigFile(join(project(), 'tsconfig.json'), (file) => ts.sys.readFile(file)) as { config: object }
    const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, project())
    const program = ts.createProgram(fileNames, { ...options, customConditions: ['source'] })
    const ours = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(project()))
    expect(ours.length).toBeGreaterThan(2)
    const found = ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)])
    expect(ts.formatDiagnostics(found, { getCanonicalFileName: (file) => file, getCurrentDirectory: project, getNewLine: () => '\n' })).toBe('')
  })

  it('passes its own tests', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [VITEST, 'run', '--root', project()], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '', NODE_OPTIONS: '' } })
    expect(status, `${stdout}${stderr}`).toBe(0)
  })
})
