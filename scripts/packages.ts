/**
 * Checks every package as it would be published: `publint` (files, exports) and `attw` (whether its types resolve as its code does). Prints sizes.
 *
 *     npm run build && npm run packages
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Packed = { name: string; filename: string; size: number; unpackedSize: number; entryCount: number }

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name)
const folder = mkdtempSync(join(tmpdir(), 'causeway-packages-'))
let failed = 0

function check(what: string, command: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  if (status === 0) return
  failed++
  console.error(`${what}\n${stdout}${stderr}`)
}

try {
  const packed = spawnSync('npm', ['pack', '--json', '--workspaces', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 })
  const list = JSON.parse(packed.stdout) as Packed[]
  for (const { name, size, unpackedSize, entryCount } of list) console.log(`${name.padEnd(28)} ${String(Math.ceil(size / 1024)).padStart(5)} kB packed, ${String(Math.ceil(unpackedSize / 1024)).padStart(5)} kB installed, ${entryCount} files`)
  for (const tarball of readdirSync(folder)) {
    check(`publint ${tarball}`, bin('publint'), '--strict', join(folder, tarball))
    // A program, which nobody imports.
    if (!tarball.startsWith('create-rollup-')) check(`attw ${tarball}`, bin('attw'), '--profile', 'esm-only', join(folder, tarball))
  }
  if (list.length === 0) failed++
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed > 0) process.exitCode = 1
