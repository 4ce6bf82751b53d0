/** Host and port as in a URL: an IPv6 address in brackets. */
export function urlAuthority(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
