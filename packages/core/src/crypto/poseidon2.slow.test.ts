import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { poseidon2, TAG } from './poseidon2.js'

const cwd = fileURLToPath(new URL('../../../..', import.meta.url))
const node = (...args: string[]) => spawnSync(process.execPath, ['--import', 'tsx', ...args], { cwd, encoding: 'utf8' })

it('the committed modules are what their AssemblyScript compiles to', () => {
  const { status, stderr } = node('scripts/wasm.ts', '--check')
  expect(status, stderr).toBe(0)
})

it('the reference takes over where there is no WebAssembly', () => {
  const program = `console.log(typeof WebAssembly, (await import(${JSON.stringify(new URL('./poseidon2.ts', import.meta.url).href)})).poseidon2(1n, [1n, 2n, 3n, 4n]))`
  const { stdout, stderr } = node('--no-expose-wasm', '--conditions=source', '--input-type=module', '-e', program)
  expect(stdout.trim(), stderr).toBe(`undefined ${poseidon2(TAG.message, [1n, 2n, 3n, 4n])}n`)
})
