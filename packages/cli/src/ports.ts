import { createServer } from 'node:net'

/** Ports that are used unless others are named or these are taken. */
export const PORTS = { cluster: 4700, l1: 4701, chain: 4710, neighbour: 4711 } as const

/** Whether a port of this machine is free. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** The port, or the next one that is free and nobody else was given. */
export async function freePort(wanted: number, given: Set<number>): Promise<number> {
  for (let port = wanted; port < wanted + 200; port += 20)
    if (!given.has(port) && (await isFree(port))) {
      given.add(port)
      return port
    }
  return 0
}
