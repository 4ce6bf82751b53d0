import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compileContracts } from './compile.js'
import type { Output } from './output.js'
import type { Project } from './project.js'

/** Compiles a project's contracts, if it has any. @throws CausewayError of {@link compileContracts} */
export async function compileProject({ root }: Project, output: Output): Promise<void> {
  if (!existsSync(join(root, 'contracts'))) return
  const { contracts, warnings } = await compileContracts(root)
  for (const warning of warnings) output.line(warning)
  const changed = contracts.filter((contract) => contract.changed)
  output.line(changed.length === 0 ? `the contracts are compiled: ${contracts.map(({ name }) => name).join(', ') || 'none'}` : `compiled ${changed.map(({ name, file }) => `${name} (${file})`).join(', ')}`)
}
