import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong with blobs, each a probability from 0 to 1. */
export type BlobFaults = {
  /** The beacon node answers 503. */
  error: number
  /** It does not have the blobs (404). */
  missing: number
  /** A byte of what it answers is another one. */
  corrupted: number
}

/** A beacon API in front of another, whose answers fail, are missing or are corrupted. */
export async function faultyBeacon(url: string, { random, rates }: { random: () => number; rates: () => BlobFaults }): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, response) => {
    const answer = (status: number, body: string) => response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    const { error, missing, corrupted } = rates()
    const [first, second, third, at] = [random(), random(), random(), random()]
    if (first < error) return answer(503, '{"code":503,"message":"fault: busy"}')
    if (second < missing) return answer(404, '{"code":404,"message":"fault: no blobs"}')
    fetch(`${url}${incoming.url ?? ''}`)
      .then(async (real) => answer(real.status, third < corrupted ? corrupt(await real.text(), at) : await real.text()))
      .catch((cause: unknown) => answer(502, JSON.stringify({ code: 502, message: String(cause) })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Another hex digit somewhere in the longest run of them. */
function corrupt(text: string, at: number): string {
  const run = [...text.matchAll(/0x[0-9a-f]{64,}/g)].sort((a, b) => b[0].length - a[0].length)[0]
  if (!run) return text
  // Low digits only: the field element stays canonical, and only its commitment tells.
  const position = run.index + 2 + 64 * Math.floor((at * (run[0].length - 2)) / 64) + 63
  const digit = text[position] === '0' ? '1' : '0'
  return text.slice(0, position) + digit + text.slice(position + 1)
}
