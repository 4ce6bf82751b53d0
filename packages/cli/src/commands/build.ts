import { compileProject } from '../build.js'
import type { Output } from '../output.js'
import { findProject } from '../project.js'

/** Compiles the contracts of the project. */
export async function buildCommand(_: { json?: boolean }, output: Output): Promise<void> {
  await compileProject(findProject(process.cwd()), output)
}
