import { encodeJson, type ClusterLink, type LinkEvent, type Log, systemClock as clock } from '@causeway/core'
import type { Hex } from 'viem'
import { afterEach, expect } from 'vitest'
import { WebSocket } from 'ws'
import { CAST_KEYS, CAST_RELAY } from './cast.js'
import { connectLink } from './connect.js'
import { SUBPROTOCOL } from './frame.js'
import { createLinkHub } from './hub.js'
import { proveKeys, type KeyProof, type LinkKeys } from './identity.js'
import { serveLink, type ServeLinkParameters } from './serve.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** What the relay of the test logs. */
export const lines: { message: string; fields: Record<string, unknown> | undefined }[] = []
const record = (message: string, fields?: Record<string, unknown>) => void lines.push({ message, fields })
const log: Log = { debug: record, info: record, warn: record, error: record }

export async function relay(options: Partial<ServeLinkParameters> = {}) {
  lines.length = 0
  const hub = createLinkHub({ log })
  const server = await serveLink({ hub, clock, log, ...CAST_RELAY, ...options })
  cleanups.push(server.close)
  return { hub, server }
}

export function connect(url: string, options: Partial<Parameters<typeof connectLink>[0]> = {}) {
  const link = connectLink({ url, clock, log, keys: CAST_KEYS, backoff: { first: 10, longest: 50 }, ...options })
  cleanups.push(link.close)
  return link
}

export function hear(link: ClusterLink) {
  const heard: LinkEvent[] = []
  link.subscribe((event) => void heard.push(event))
  return heard
}

export type Raw = { protocol?: string; autoPong?: boolean; keys?: LinkKeys | 'silent'; proofs?: KeyProof[]; headers?: Record<string, string>; host?: string }

/** A peer that says hello, with keys, and then writes what it likes. */
export async function raw(url: string, { protocol = SUBPROTOCOL, autoPong = true, keys = CAST_KEYS, headers = {}, host = new URL(url).host, proofs: given }: Raw = {}) {
  const socket = new WebSocket(url, protocol, { autoPong, headers })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const received: string[] = []
  const own = { proofs: [] as KeyProof[], may: '' }
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    socket.on('close', () => resolve())
    socket.on('message', (data) => {
      const text = (data as Buffer).toString()
      const frame = JSON.parse(text) as { type: string; nonce: Hex; may: string }
      if (frame.type === 'challenge') {
        if (keys === 'silent') return resolve()
        void proveKeys(keys, { nonce: frame.nonce, host }).then((made) => {
          own.proofs = given ?? made
          socket.send(encodeJson({ type: 'hello', host, proofs: own.proofs }))
        })
      } else if (frame.type === 'welcome') {
        own.may = frame.may
        resolve()
      }
      else received.push(text)
    })
  })
  cleanups.push(async () => socket.terminate())
  return { socket, closed, received, own }
}

export async function until(condition: () => boolean, patience = 3_000) {
  const end = Date.now() + patience
  while (!condition() && Date.now() < end) await clock.sleep(5)
  expect(condition()).toBe(true)
}
