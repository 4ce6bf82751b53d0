/**
 * Compiles the AssemblyScript sources of the packages into modules of base64, which are committed:
 *
 *     npm run build:wasm              # write
 *     npm run build:wasm -- --check   # compare only
 */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))

/** No start-up code, no allocator; a module has the pages (64 kB) of memory that are named here, and they never grow. */
const MODULES = [
  { source: 'packages/core/wasm/poseidon2.ts', target: 'packages/core/src/generated/poseidon2-module.ts', name: 'poseidon2Module', what: 'Poseidon2', pages: 1 },
  { source: 'packages/execution-evm/wasm/interpreter.ts', target: 'packages/execution-evm/src/generated/interpreter-module.ts', name: 'interpreterModule', what: "the EVM's interpreter", pages: 8_192 },
  { source: 'packages/execution-evm/wasm/blake2.ts', target: 'packages/execution-evm/src/generated/blake2-module.ts', name: 'blake2Module', what: "BLAKE2b's compression", pages: 1 },
  { source: 'packages/execution-evm/wasm/modexp.ts', target: 'packages/execution-evm/src/generated/modexp-module.ts', name: 'modexpModule', what: 'powers of short numbers', pages: 1 },
] as const

async function compile(source: string, pages: number): Promise<Buffer> {
  const out = mkdtempSync(join(tmpdir(), 'causeway-wasm-'))
  try {
    const file = join(out, 'module.wasm')
    const { error, stderr } = await main([join(root, source), '-O3', '--noAssert', '--runtime', 'stub', '--initialMemory', String(pages), '--maximumMemory', String(pages), '--outFile', file])
    if (error) throw new Error(`${source} does not compile:\n${stderr.toString()}`, { cause: error })
    return readFileSync(file)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

for (const { source, target, name, what, pages } of MODULES) {
  const bytes = await compile(source, pages)
  const text = `// Written by scripts/wasm.ts from ${source}; do not edit.

/** The WebAssembly module of ${what}, ${bytes.length} bytes in base64. */
export const ${name} =
  '${bytes.toString('base64')}'
`
  const file = join(root, target)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`${target}: ${bytes.length} bytes`)
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${target} is not what ${source} compiles to: npm run build:wasm`)
    process.exitCode = 1
  }
}
