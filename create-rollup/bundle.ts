import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { filesIn, listTemplates } from './src/templates.js'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const TEMPLATES = join(ROOT, '../templates')

type Metafile = { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }>; imports: { path: string }[] }> }

/** Makes `create-rollup.js`, which needs nothing but Node, with `templates/` beside it. Resolves to the folders of the packages that are in it. */
export async function bundle(folder: string): Promise<string[]> {
  await build({
    config: false,
    entry: [join(ROOT, 'src/create-rollup.ts')],
    outDir: folder,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    removeNodeProtocol: false,
    splitting: false,
    clean: true,
    metafile: true,
    silent: true,
    tsconfig: join(ROOT, '../tsconfig.json'),
    // Of core it needs the error class alone.
    esbuildOptions: (options) => void Object.assign(options, { alias: { '@causeway/core': join(ROOT, '../packages/core/src/errors.ts') }, absWorkingDir: ROOT, legalComments: 'none' }),
  })
  chmodSync(join(folder, 'create-rollup.js'), 0o755)
  for (const { name } of listTemplates(TEMPLATES))
    for (const path of filesIn(join(TEMPLATES, name))) {
      const target = join(folder, 'templates', name, path === 'package.json' ? '_package.json' : path)
      mkdirSync(dirname(target), { recursive: true })
      copyFileSync(join(TEMPLATES, name, path), target)
    }

  const metafile = join(folder, 'metafile-esm.json')
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile
  rmSync(metafile)
  const [output] = Object.values(outputs)
  const imported = output?.imports.filter(({ path }) => !isBuiltin(path)).map(({ path }) => path) ?? []
  if (imported.length > 0) throw new Error(`create-rollup.js imports ${imported.join(', ')}, and has no dependencies`)
  const inputs = Object.entries(output?.inputs ?? {}).filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('node_modules/'))
  return [...new Set(inputs.map(([path]) => join(ROOT, path.replace(/(.*node_modules\/(?:@[^/]+\/)?[^/]+).*/, '$1'))))].sort()
}
