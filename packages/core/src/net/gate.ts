/** Which names a server answers to, and which web pages may speak to it. */
export type WebAccess = {
  /**
   * Host names under which the server may be asked, without port, besides `localhost` and IP addresses: a page that has its own name
   * resolve to 127.0.0.1 (DNS rebinding) is told by that name. `*`: any.
   */
  hosts?: readonly string[] | '*'
  /**
   * Whose pages may: origins like `https://app.example`; `localhost` for pages that this machine serves, at any port; `extensions` for
   * browser extensions. `*`: any. Default {@link DEFAULT_ORIGINS}; `[]` is no browser at all.
   */
  origins?: readonly string[] | '*'
}

/** The headers by which a browser says where a request comes from. */
export type WebHeaders = { host?: string | undefined; origin?: string | undefined }

/** Why a request is refused, in one line for whoever sent it. */
export type WebRefusal = { header: 'host' | 'origin'; reason: string }

/** What a developer's dapp and wallet need: pages of this machine, and extensions, which a user has installed. */
export const DEFAULT_ORIGINS: readonly string[] = ['localhost', 'extensions']

const LOCALHOST = /^(?:[a-z0-9-]+\.)*localhost$/
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const IPV6 = /^\[[0-9a-f:.]+\]$/
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\,]+)(?::\d{1,5})?$/
const EXTENSION = /^(?:chrome|moz|safari-web)-extension:\/\/[a-z0-9-]+$/

/**
 * The check that a server makes before it answers anything, over HTTP and at a WebSocket's handshake. Browsers send both headers and let
 * no page change them; whoever is no browser may send what it likes, so this keeps out web pages and nobody else.
 * @returns undefined if the request may pass
 */
export function webGate({ hosts = [], origins = DEFAULT_ORIGINS }: WebAccess): (headers: WebHeaders) => WebRefusal | undefined {
  const names = hosts === '*' ? hosts : new Set(hosts.map((name) => name.toLowerCase()))
  const pages = origins === '*' ? origins : new Set(origins.map((origin) => origin.toLowerCase()))

  function servesHost(host: string): boolean {
    if (names === '*') return true
    const name = AUTHORITY.exec(host)?.[1]
    return name !== undefined && (LOCALHOST.test(name) || IPV4.test(name) || IPV6.test(name) || names.has(name))
  }
  function servesOrigin(origin: string): boolean {
    if (pages === '*') return true
    if (isLocalOrigin(origin)) return pages.has('localhost') || pages.has(origin)
    if (EXTENSION.test(origin)) return pages.has('extensions') || pages.has(origin)
    return !DEFAULT_ORIGINS.includes(origin) && pages.has(origin)
  }
  return ({ host, origin }) => {
    // Every browser names the host; without one it is an old tool.
    if (host !== undefined && !servesHost(host.toLowerCase())) return { header: 'host', reason: `not served under the name ${shown(host)}: list it in the option \`hosts\`` }
    if (origin !== undefined && !servesOrigin(origin.toLowerCase())) return { header: 'origin', reason: `not open to pages of ${shown(origin)}: list it in the option \`origins\`` }
    return undefined
  }
}

function isLocalOrigin(origin: string): boolean {
  const [, authority] = /^https?:\/\/(.*)$/.exec(origin) ?? []
  const name = authority === undefined ? undefined : AUTHORITY.exec(authority)?.[1]
  return name !== undefined && (LOCALHOST.test(name) || name === '[::1]' || (IPV4.test(name) && name.startsWith('127.')))
}

/** A header in an error: whatever it holds, one short printable word. */
function shown(header: string): string {
  return JSON.stringify(header.slice(0, 100))
}
