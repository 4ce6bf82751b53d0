/** What ends an action or a delivery: its code is in the receipt, nothing else of it is anywhere. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** SCREAMING_SNAKE_CASE. */
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** Ends the action. @throws Failure */
export function fail(code: string): never {
  throw new Failure(code)
}
