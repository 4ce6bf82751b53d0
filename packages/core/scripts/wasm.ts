/**
 * Compiles `wasm/poseidon2.ts` (AssemblyScript) into `src/generated/poseidon2-module.ts`, which is committed:
 *
 *     npm run build:wasm              # write
 *     npm run build:wasm -- --check   # compare only
 */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const folder = fileURLToPath(new URL('..', import.meta.url))
const target = join(folder, 'src', 'generated', 'poseidon2-module.ts')

/** The module that the source gives: no start-up code, no allocator, one page of memory that never grows. */
async function compile(): Promise<Buffer> {
  const out = mkdtempSync(join(tmpdir(), 'causeway-wasm-'))
  try {
    const file = join(out, 'module.wasm')
    const { error, stderr } = await main([join(folder, 'wasm', 'poseidon2.ts'), '-O3', '--noAssert', '--runtime', 'stub', '--initialMemory', '1', '--maximumMemory', '1', '--outFile', file])
    if (error) throw new Error(`the source does not compile:\n${stderr.toString()}`, { cause: error })
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const bytes = await compile()
const text = `// Written by scripts/wasm.ts from wasm/poseidon2.ts; do not edit.

/** The WebAssembly module of Poseidon2, ${bytes.length} bytes in base64. */
export const poseidon2Module =
  '${bytes.toString('base64')}'
`
if (!process.argv.includes('--check')) {
  mkdirSync(join(folder, 'src', 'generated'), { recursive: true })
  writeFileSync(target, text)
  console.log(`${bytes.length} bytes`)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/generated/poseidon2-module.ts is not what wasm/poseidon2.ts compiles to: npm run build:wasm')
  process.exitCode = 1
}
