import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attestationSigner, CausewayError, type AttestationSigner } from '@causeway/core'
import { bytesToHex, hexToBytes, isHex, type Hex } from 'viem'

/** Keys that this machine has, by name; made on first use and kept in `keys.json` (mode 600) of a folder. */
export function keysIn(directory: string, names: readonly string[]): Record<string, Hex> {
  const file = join(directory, 'keys.json')
  const held = existsSync(file) ? readKeys(file) : {}
  const keys = Object.fromEntries(names.map((name) => [name, held[name] ?? bytesToHex(randomBytes(32))]))
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${file}.partial`, JSON.stringify({ ...held, ...keys }, null, 2), { mode: 0o600 })
  renameSync(`${file}.partial`, file)
  return keys
}

/** The signer of a key in hex. */
export function signerOf(key: Hex): AttestationSigner {
  return attestationSigner(hexToBytes(key))
}

function readKeys(file: string): Record<string, Hex> {
  const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (entries.length === 0 || !entries.every(([, key]) => isHex(key) && key.length === 66))
    throw new CausewayError(`${file} does not hold keys.`, { code: 'BAD_KEYS', fix: 'restore it from a backup; without these keys the registered policies cannot be met' })
  return Object.fromEntries(entries) as Record<string, Hex>
}
