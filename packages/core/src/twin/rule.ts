import { CausewayError } from '../errors.js'

/** Fails with code `RULE_Rn`; the numbers are those of docs/protocol.md, section 7. */
export function rule(n: number, holds: boolean, message: string): asserts holds {
  if (!holds) throw new CausewayError(`Certificate refused by rule R${n}: ${message}.`, { code: `RULE_R${n}`, docs: 'protocol.md#7-certificate-and-statement' })
}
