import { CausewayError } from '@causeway/core'
import { randomInt } from 'node:crypto'

export const DEFAULT_FOLDER = 'my-rollup'
export const DEFAULT_NAME = 'My rollup'
export const LOCAL = 'local'

const MAX_NAME = 60
const MAX_PACKAGE_NAME = 214
/** npm takes no package of these names. */
const RESERVED = ['node_modules', 'favicon.ico']
/** They are L1s, which no chain of a cluster can be: Ethereum, Sepolia, Hoodi, Holesky, and anvil of a local cluster. */
const L1_IDS = [1n, 11155111n, 560048n, 17000n, 31337n]
/** Default ids: of nobody known, and below 2^31, so that every wallet takes them. */
const IDS = { from: 1_000_000_000, to: 2_000_000_000 }

/** A chain id that no other project is likely to have. */
export const randomChainId = (): bigint => BigInt(randomInt(IDS.from, IDS.to))

/** A chain id as somebody wrote it. @throws CausewayError `BAD_OPTION` */
export function parseChainId(text: string): bigint {
  const id = /^[1-9][0-9]*$/.test(text.trim()) ? BigInt(text.trim()) : 0n
  const refuse = (why: string): CausewayError => new CausewayError(`The chain id ${text} ${why}.`, { code: 'BAD_OPTION', fix: 'leave it out for one that nobody else is likely to have' })
  if (id < 1n || id > BigInt(Number.MAX_SAFE_INTEGER)) throw refuse(`is no whole number from 1 to ${Number.MAX_SAFE_INTEGER}`)
  if (L1_IDS.includes(id)) throw refuse('is that of an L1')
  return id
}

/** The name of a chain as somebody wrote it. @throws CausewayError `BAD_OPTION` */
export function parseChainName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > MAX_NAME || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name))
    throw new CausewayError(`The name of a chain has 1 to ${MAX_NAME} characters that one can see.`, { code: 'BAD_OPTION', fix: `name it like --name '${DEFAULT_NAME}'` })
  return name
}

/** `local`, or the URL of a cluster. @throws CausewayError `BAD_OPTION` */
export function parseCluster(text: string): string {
  const cluster = text.trim()
  if (cluster === LOCAL) return LOCAL
  const url = URL.canParse(cluster) ? new URL(cluster) : undefined
  const fix = `give ${LOCAL} for one on this machine, or a URL like http://127.0.0.1:4700`
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new CausewayError(`The cluster ${cluster} is neither ${LOCAL} nor an http or https URL.`, { code: 'BAD_OPTION', fix })
  if (url.username !== '' || url.password !== '') throw new CausewayError('The URL of the cluster has a user or a password in it, which would stand in rollup.config.ts.', { code: 'BAD_OPTION', fix })
  return url.href.replace(/\/+$/, '')
}

/** A name that npm takes for a package, from any text: `Übersee Kette` → `ubersee-kette`. */
export function packageNameOf(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_PACKAGE_NAME)
    .replace(/^-+|-+$/g, '')
  return name === '' || RESERVED.includes(name) ? DEFAULT_FOLDER : name
}
