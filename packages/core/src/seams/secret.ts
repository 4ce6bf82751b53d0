import { CausewayError } from '../errors.js'

/** A secret by its name: what a definition holds in place of the value. */
export type SecretReference = { readonly secret: string }

/** The value of a secret, or undefined if whoever runs the node has not set it. */
export type Secrets = (name: string) => string | undefined | Promise<string | undefined>

/**
 * Names a secret, e.g. `secret('BATCHER_KEY')`. Whoever runs a node says where its values are (`secrets`), by default the environment.
 * @throws CausewayError `BAD_SECRET` for what is not a name: a value, say
 */
export function secret(name: string): SecretReference {
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name))
    throw new CausewayError('A secret is named by capital letters, digits and _, and this is not such a name.', { code: 'BAD_SECRET', fix: "write secret('BATCHER_KEY'), and set BATCHER_KEY where the node runs" })
  return { secret: name }
}

/** Is this a {@link SecretReference}? */
export function isSecret(value: unknown): value is SecretReference {
  return typeof value === 'object' && value !== null && 'secret' in value && typeof value.secret === 'string'
}

/** The value of a secret. @throws CausewayError `SECRET_MISSING` naming what uses it */
export async function readSecret({ secret: name }: SecretReference, secrets: Secrets | undefined, use: string): Promise<string> {
  const value = await secrets?.(name)
  if (value === undefined || value === '') throw new CausewayError(`The secret ${name} is not set; it is ${use}.`, { code: 'SECRET_MISSING', fix: `set ${name} where the node runs, in its environment say` })
  return value
}
