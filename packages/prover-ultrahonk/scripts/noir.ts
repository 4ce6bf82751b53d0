import { compile, createFileManager } from '@noir-lang/noir_wasm'

/** A compiled program; the part of noir_wasm's result that we use. */
export type Program = Awaited<ReturnType<typeof compile>> extends { program: infer P } ? P : never

/** Compiles the Noir package in a directory, with what it depends on beside it, without listing the files that are read. */
export async function compileCircuit(directory: string): Promise<{ program: Program }> {
  return compile(createFileManager(directory), undefined, () => {}, () => {})
}
