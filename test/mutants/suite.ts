/** A change to the code that some test should notice. */
export type Mutant = {
  /** Unique in its suite, and the same as long as the code that it changes is: the key of its result. */
  name: string
  /** The file under which it is counted. */
  group: string
  /**
   * Hash of all that decides a verdict: the code, and what killed it, or (for a survivor) everything that did not. A recorded verdict with
   * another hash is stale. Undefined if that killer exists no more.
   */
  decidedBy(killer: string | undefined): string | undefined
}

/** Takes the verdict on a mutant: what killed it, or undefined if nothing did. */
export type Report = (name: string, killer: string | undefined) => void

/** The mutants of one kind of code. */
export type Suite = {
  name: string
  mutants: readonly Mutant[]
  /** Tries these mutants and reports on each at once, until the signal stops it. @throws if the tests fail without any mutant */
  run(names: ReadonlySet<string>, report: Report, signal: AbortSignal): Promise<void>
}
