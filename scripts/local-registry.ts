import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

type Version = { name: string; version: string; dist: { tarball: string; [key: string]: unknown }; [key: string]: unknown }
type Packument = { name: string; 'dist-tags': Record<string, string>; versions: Record<string, Version> }
/** What `npm publish` sends. */
type Publication = Packument & { _attachments: Record<string, { data: string }> }

/** A registry of this process. */
export type LocalRegistry = {
  url: string
  /** Names that were published. */
  names(): string[]
  close(): Promise<void>
}

/**
 * As much of an npm registry as publishing and installing needs, on a free port of this machine: packages whose names are `ours` are those that were
 * published to it, and never others; for all else it sends npm to the `upstream` registry.
 */
export async function startRegistry({ folder, upstream, ours }: { folder: string; upstream: string; ours: RegExp }): Promise<LocalRegistry> {
  mkdirSync(folder, { recursive: true })
  const packages = new Map<string, Packument>()
  const tarballs = new Map<string, Buffer>()

  function publish({ _attachments, ...packument }: Publication): void {
    const { name } = packument
    const known = packages.get(name)
    for (const [version, manifest] of Object.entries(packument.versions)) {
      const attachment = Object.values(_attachments)[0]
      if (!attachment) throw new Error(`${name} has no tarball`)
      if (known?.versions[version]) throw new Error(`${name} ${version} is published already`)
      const file = `${name.replace(/\W+/g, '-')}-${version}.tgz`
      const bytes = Buffer.from(attachment.data, 'base64')
      writeFileSync(join(folder, file), bytes)
      tarballs.set(`/-/${file}`, bytes)
      manifest.dist.tarball = `${url}-/${file}`
    }
    packages.set(name, { ...packument, versions: { ...known?.versions, ...packument.versions } })
  }

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    const name = path.slice(1)
    const tell = (status: number, body: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const tarball = tarballs.get(path)
    if (request.method === 'PUT')
      read(request).then(
        (body) => {
          publish(JSON.parse(body) as Publication)
          tell(201, { ok: true })
        },
      ).catch((error: unknown) => tell(409, { error: String(error) }))
    else if (tarball) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball)
    else if (packages.has(name)) tell(200, packages.get(name))
    else if (ours.test(name)) tell(404, { error: `${name} was not published here` })
    else response.writeHead(302, { location: new URL((request.url ?? '/').slice(1), upstream).href }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url,
    names: () => [...packages.keys()].sort(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
