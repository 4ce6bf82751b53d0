import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCode } from '@causeway/core'
import { afterEach, expect, it } from 'vitest'
import { openDeployments } from './deployments.js'
import { checkedCluster, findProject, loadConfig } from './project.js'

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

/** A project with a space and an umlaut in its name. */
function project(config: string | undefined, name = 'rollup.config.ts'): string {
  const root = join(mkdtempSync(join(tmpdir(), 'causeway-')), 'mein schönes Projekt')
  folders.push(join(root, '..'))
  mkdirSync(join(root, 'src/deep'), { recursive: true })
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(root, 'node_modules'))
  if (config !== undefined) writeFileSync(join(root, name), config)
  return root
}
const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'ok'
  } catch (error) {
    return errorCode(error)
  }
}
const load = (config: string) => loadConfig(findProject(project(config))).then(({ cluster }) => cluster, (error: { code: string; message: string }) => `${error.code} ${error.message}`)
/** As a definition looks, whose engine is never made. */
const definition = `{ chain: { id: 7n }, execution: { name: 'none', spec: {}, create: () => undefined }, da: { name: 'none', kind: 1, create: () => undefined } }`

it('is found from any folder within, and has its folder and its name', () => {
  const root = project('export default 1')
  writeFileSync(join(root, 'package.json'), '{"name":"mine"}')
  expect(findProject(join(root, 'src/deep'))).toEqual({ root, config: join(root, 'rollup.config.ts'), name: 'mine', state: join(root, '.causeway') })
  writeFileSync(join(root, 'package.json'), '{')
  expect(findProject(root).name).toBe('my-chain')
  expect(codeOf(() => findProject(project(undefined)))).toBe('NO_PROJECT')
})

it('says what is wrong with a configuration', async () => {
  expect(await load(`export const cluster = 'http://127.0.0.1:4700'\nexport default ${definition} as unknown`)).toBe('http://127.0.0.1:4700')
  expect(await load(`export default ${definition}`)).toBe('local')
  expect(await load('export const x = 1')).toMatch(/^BAD_CONFIG .* has no default export/)
  expect(await load(`export const more = 1\nexport default ${definition}`)).toMatch(/^BAD_CONFIG .* exports more, which means nothing/)
  expect(await load(`export const cluster = 'there'\nexport default ${definition}`)).toMatch(/^BAD_CONFIG .*"there"/)
  expect(await load(`import 'no-such-package'`)).toMatch(/^BAD_CONFIG .*no-such-package/)
  expect(await load('export default {')).toMatch(/^BAD_CONFIG .*cannot be loaded/)
  expect(await load('export default { chain: { id: 7 } }')).toMatch(/^BAD_ROLLUP [^]*chain\.id: it is 7 \(number\)/)
})

it('knows a cluster by its URL', () => {
  for (const cluster of ['local', 'http://127.0.0.1:4700', 'https://cluster.example']) expect(checkedCluster(cluster, 'it')).toBe(cluster)
  for (const cluster of ['', 'ws://127.0.0.1:1', '127.0.0.1:4700', 7, undefined, 'http://']) expect(codeOf(() => checkedCluster(cluster, 'it'))).toBe('BAD_CONFIG')
})

it('keeps deployments by chain, and takes what cannot be read for none', () => {
  const state = join(project(undefined), '.causeway')
  const address = `0x${'11'.repeat(20)}` as const
  openDeployments({ state }, 7n).save('Inbox', address)
  expect(openDeployments({ state }, 7n).all()).toEqual([['Inbox', address]])
  expect(openDeployments({ state }, 7n).find('toString')).toBe(undefined)
  expect(openDeployments({ state }, 8n).find('Inbox')).toBe(undefined)
  writeFileSync(join(state, 'deployments.json'), '{"7":{"Inbox":"0x12"}}')
  expect(openDeployments({ state }, 7n).all()).toEqual([])
  writeFileSync(join(state, 'deployments.json'), '{"7":')
  expect(openDeployments({ state }, 7n).all()).toEqual([])
})
