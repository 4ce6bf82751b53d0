/** Builds the package: its program, and the licences of what is in it. `npm run build -w create-rollup`. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const LICENCES = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']

/** What the licence of a package asks whoever copies it to say. */
function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string }
  const file = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE'].map((each) => join(folder, each)).find((each) => existsSync(each))
  if (!LICENCES.includes(license ?? '') || file === undefined) throw new Error(`${name} is bundled, with the licence ${license} and ${file ?? 'no text of it'}`)
  return `## ${name} ${version}, ${license}\n\n${readFileSync(file, 'utf8').trim()}\n`
}

const packages = await bundle(join(ROOT, 'dist'))
copyFileSync(join(ROOT, '../LICENSE'), join(ROOT, 'LICENSE'))
writeFileSync(join(ROOT, 'THIRD-PARTY.md'), `# What is in dist besides our own code\n\n${packages.map(notice).join('\n')}`)
console.log(`built create-rollup: ${(readFileSync(join(ROOT, 'dist/create-rollup.js')).length / 1024).toFixed(0)} kB, with ${packages.length} packages in it`)
