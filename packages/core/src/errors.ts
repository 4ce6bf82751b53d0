/** Options of {@link CausewayError}. */
export type CausewayErrorOptions = {
  /** Stable machine-readable code, SCREAMING_SNAKE_CASE. */
  code: string
  /** What the reader should do next, one sentence. */
  fix?: string
  /** Page in `docs/` that explains more, e.g. `protocol.md#8-l1-inbox`. */
  docs?: string
  cause?: unknown
}

/** The only error class of Causeway: a short message, a code, what to do, and the cause. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError'
  readonly code: string
  readonly shortMessage: string
  readonly fix: string | undefined
  readonly docs: string | undefined

  constructor(shortMessage: string, options: CausewayErrorOptions) {
    const lines = [shortMessage]
    if (options.fix) lines.push(`  To fix: ${options.fix}`)
    if (options.docs) lines.push(`  Docs: docs/${options.docs}`)
    lines.push(`  Code: ${options.code}`)
    super(lines.join('\n'), options.cause === undefined ? {} : { cause: options.cause })
    this.shortMessage = shortMessage
    this.code = options.code
    this.fix = options.fix
    this.docs = options.docs
  }
}

/** The code of an error if it is a {@link CausewayError}, else undefined. Works across realms and copies of the package. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'CausewayError' ? (error as CausewayError).code : undefined
}
