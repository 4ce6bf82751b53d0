/** A mistake in what somebody has written: where, what, and what to do. `path` is as in JavaScript: `interop.allow[0].cap`. */
export type Issue = { path: string; message: string; fix: string }

/** Options of {@link CausewayError}. */
export type CausewayErrorOptions = {
  /** Stable machine-readable code, SCREAMING_SNAKE_CASE. */
  code: string
  /** What the reader should do next, one sentence. */
  fix?: string
  /** Page in `docs/` that explains more, e.g. `protocol.md#8-l1-inbox`. */
  docs?: string
  cause?: unknown
  /** All that is wrong, if it is found at once. */
  issues?: readonly Issue[]
}

/** The only error class of Causeway: a short message, a code, what to do, and the cause. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError'
  readonly code: string
  readonly shortMessage: string
  readonly fix: string | undefined
  readonly docs: string | undefined
  readonly issues: readonly Issue[]

  constructor(shortMessage: string, options: CausewayErrorOptions) {
    const { issues = [] } = options
    const lines = [shortMessage, ...issues.map(({ path, message, fix }) => `  ${path}: ${message}\n    To fix: ${fix}`)]
    if (options.fix) lines.push(`  To fix: ${options.fix}`)
    if (options.docs) lines.push(`  Docs: docs/${options.docs}`)
    lines.push(`  Code: ${options.code}`)
    super(lines.join('\n'), options.cause === undefined ? {} : { cause: options.cause })
    this.shortMessage = shortMessage
    this.code = options.code
    this.fix = options.fix
    this.docs = options.docs
    this.issues = issues
  }
}

/** The code of an error if it is a {@link CausewayError}, else undefined. Works across realms and copies of the package. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'CausewayError' ? (error as CausewayError).code : undefined
}

/** Tells all that is wrong with something at once, e.g. `The options of evm() have 2 mistakes.` @throws CausewayError with these `issues`, if there is any */
export function refuseIssues(what: string, issues: readonly Issue[], { code, docs }: { code: string; docs?: string }): void {
  if (issues.length === 0) return
  throw new CausewayError(`${what} ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}.`, { code, issues, ...(docs !== undefined && { docs }) })
}
