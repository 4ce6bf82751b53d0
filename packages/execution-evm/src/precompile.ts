import { CausewayError } from '@causeway/core'
import type { Address } from 'viem'

/**
 * A precompile of a chain's own: code of the node at an address. It decides state, so it is named in the genesis, and every node needs the same.
 * It is given as a module, which the threads that simulate load too.
 */
export type Precompile = {
  /** Above `0x…ffff`, below which are Ethereum's. */
  address: Address
  /** What it is called in the genesis: lower-case letters, digits and `-`. */
  name: string
  /** Another answer, price or weight for any input is another version, and another chain. */
  version: number
  /** An ES module that exports {@link PrecompileModule}: `new URL('./precompile.js', import.meta.url)`. */
  module: URL
}

/**
 * What the module of a precompile exports: pure functions, without promises. They get a copy of the input. What they throw fails the call, as
 * out of gas does, and so does an answer that is none.
 */
export type PrecompileModule = {
  /** The gas of a call, a whole number. Called before anything is paid, so it looks at the length of the input or at its first bytes. */
  gas(input: Uint8Array): number
  /** The work of a call in ns of the reference machine (docs/gas.md). Without it, 25 a gas. */
  work?(input: Uint8Array): number
  /** What it returns; undefined if the call fails. */
  run(input: Uint8Array): Uint8Array | undefined
}

/** Imports the module of a precompile. @throws `BAD_PRECOMPILE` */
export async function loadPrecompile({ name, module }: Precompile): Promise<PrecompileModule> {
  const loaded = (await import(module.href).catch((cause: unknown) => {
    throw bad(name, `The module ${module.href} cannot be loaded`, 'see its cause', cause)
  })) as Partial<PrecompileModule>
  if (typeof loaded.gas !== 'function' || typeof loaded.run !== 'function' || !['function', 'undefined'].includes(typeof loaded.work))
    throw bad(name, `The module ${module.href} is not one of a precompile`, 'export gas(input) and run(input), and work(input) if it weighs other than its gas')
  return loaded as PrecompileModule
}

function bad(name: string, what: string, fix: string, cause?: unknown): CausewayError {
  return new CausewayError(`${what}: the precompile ${name} needs it.`, { code: 'BAD_PRECOMPILE', fix, docs: 'plugins.md', cause })
}
