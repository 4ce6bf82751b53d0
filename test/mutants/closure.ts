import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sha256, stringToHex } from 'viem'

/** A short hash of texts. */
export function hashOf(...texts: readonly string[]): string {
  return sha256(stringToHex(texts.join('\n'))).slice(2, 18)
}

/** A file without its comments: what they say decides no verdict. */
export function codeOf(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/\s+/g, ' ')
}

/** Files, and all that they import by relative paths (TypeScript or Solidity), but for those that are left out. */
export function withImports(files: readonly string[], leaveOut: (path: string) => boolean = () => false): Set<string> {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path) || leaveOut(path)) return
    found.add(path)
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:from|import) ['"](\.[^'"]+)['"]/g)) visit(join(dirname(path), (target as string).replace(/\.js$/, '.ts')))
  }
  files.forEach(visit)
  return found
}
