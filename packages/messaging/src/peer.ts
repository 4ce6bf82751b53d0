import { createFairQueue, encodeJson, type Clock, type ClusterDomain, type LinkAnswer, type LinkEvent, type LinkQuery, type Log } from '@causeway/core'
import type { Hex } from 'viem'
import type { WebSocket } from 'ws'
import { costOf, type Admission } from './admission.js'
import { firstOf } from './answers.js'
import type { createBudgets, PeerAllowance, PeerBudget } from './budgets.js'
import { encodeFrame, eventFrame, type ControlFrame } from './frame.js'
import type { HubPort, LinkHub } from './hub.js'
import { provenKeys, type KeyName } from './identity.js'
import type { Place } from './places.js'
import { openSession, type Session } from './session.js'
import type { SessionLimits } from './session-limits.js'

/** What peers of a relay may use: `member` for each proven key, `reader` and `hello` (what proves keys) for each address. */
export type PeerAllowances = { member: PeerAllowance; reader: PeerAllowance; hello: PeerAllowance }

/** A node sends some ten frames a second; a certificate has 100 kB at most, and an answer 2 MB. `work` is ms. */
export const ALLOWANCES: PeerAllowances = {
  member: { frames: { perSecond: 200, burst: 2_000 }, bytes: { perSecond: 2e6, burst: 32e6 }, work: { perSecond: 250, burst: 2_000 }, queries: { perSecond: 50, burst: 500 } },
  reader: { frames: { perSecond: 10, burst: 40 }, bytes: { perSecond: 64e3, burst: 4e6 }, work: { perSecond: 0, burst: 0 }, queries: { perSecond: 1, burst: 5 } },
  hello: { frames: { perSecond: 50, burst: 200 }, bytes: { perSecond: 1e6, burst: 1e6 }, work: { perSecond: 200, burst: 2_000 }, queries: { perSecond: 0, burst: 0 } },
}

/** ms in which a peer has to say who it is. */
const HELLO_TIME = 5_000
/** Events of one peer that wait to be checked. */
const WAITING = 512
/** Events with a wrong signature, and frames over the budget, after which a peer is cut off. */
const MAX_FORGED = 3
const MAX_OVER = 1_000
/** RFC 6455, section 7.4.1: try again later. */
const NO_PLACE = 1013
/** About ms for a proof of a key. */
const PROOF_COST = 3

/** What {@link openPeer} works with. */
export type PeerParameters = {
  socket: WebSocket
  name: string
  address: string
  place: Place
  challenge: { nonce: Hex; hosts: ReadonlySet<string> }
  hub: LinkHub
  domain: ClusterDomain
  admission: Admission
  budgetOf: ReturnType<typeof createBudgets>
  allowances: PeerAllowances
  limits: SessionLimits
  clock: Clock
  log: Log
}

/** One peer of a relay: it says who it is, and then what it may say goes to the hub, once it has been checked. */
export function openPeer({ socket, name, address, place, challenge, hub, domain, admission, budgetOf, allowances, limits, clock, log }: PeerParameters): Session {
  const waiting = createFairQueue<{ event: LinkEvent; text: string }>({ perKey: WAITING, keys: 1 })
  /** Certificates and proposals are said again and again; the last good ones are not checked again. */
  const good = new Map<string, string>()
  const hello = new AbortController()
  let budget: PeerBudget = budgetOf(`hello/${address}`, allowances.hello)
  let keys: ReadonlySet<KeyName> = new Set()
  /** The key that it is known by, if L1 has registered one of its keys. */
  let identity: KeyName | undefined
  let port: HubPort | undefined
  let checking = false
  let forged = 0
  let over = 0
  const told = new Set<string>()

  /** Says once what is done with the peer's words. */
  function notice(text: string): void {
    if (told.has(text)) return
    told.add(text)
    log.warn(`a link peer: ${text}`, { peer: name })
    session.send(encodeFrame({ type: 'notice', text }))
  }
  function spend(what: keyof PeerAllowance, amount: number): boolean {
    if (budget.spend(what, amount)) return true
    notice(`it is over what it may use (${what}); what it sends is dropped until it is slower`)
    if (++over >= MAX_OVER) session.cutOff('too much')
    return false
  }

  /** A place and a budget by what the keys are registered for now. False if there is none. */
  function takePlace(): boolean {
    identity = [...keys].find((key) => admission.isMember(new Set([key])))
    budget = identity ? budgetOf(identity, allowances.member) : budgetOf(`reader/${address}`, allowances.reader)
    if (!budget.banned && place.settle(identity ? { member: identity } : 'reader')) return true
    log.debug('a link peer was sent away', { peer: name, identity })
    socket.close(NO_PLACE, identity ? 'no place for this key now' : 'no place for readers now: prove a key')
    return false
  }

  function welcome({ host, proofs }: Extract<ControlFrame, { type: 'hello' }>): void {
    if (!challenge.hosts.has(host.toLowerCase())) return session.cutOff(`this relay is not ${host}`)
    if (!spend('work', proofs.length * PROOF_COST)) return session.cutOff('too many proofs')
    keys = provenKeys(domain, proofs, { nonce: challenge.nonce, host })
    if (!takePlace()) return
    hello.abort()
    port = hub.attach({ name, speaksFor: (chainId) => admission.speaksFor(keys, chainId), deliver: (text) => session.send(eventFrame(text)), ask: (query) => firstOf(session.ask(query)) })
    log.debug('a link peer connected', { peer: name, keys: [...keys] })
    session.send(encodeFrame({ type: 'welcome', may: identity ? 'publish' : 'read' }))
  }

  function check(): void {
    checking = false
    // One at a time, so that no peer takes a whole turn of the event loop.
    const next = waiting.shift()
    if (!next) return
    pass(next.event, next.text)
    schedule()
  }
  function schedule(): void {
    if (checking || waiting.size === 0) return
    checking = true
    setImmediate(check)
  }
  function pass(event: LinkEvent, text: string): void {
    const repeated = event.kind === 'certificate' || event.kind === 'proposal' ? event.kind : undefined
    if (!(repeated && good.get(repeated) === text)) {
      if (!spend('work', costOf(event))) return
      if (!admission.isGenuine(event)) {
        notice(`a ${event.kind} that is not signed as it has to be; it was dropped`)
        if (++forged >= MAX_FORGED) session.cutOff('wrong signatures')
        return
      }
      if (repeated) good.set(repeated, text)
    }
    port?.publish(text)
  }

  async function* ask(query: LinkQuery): AsyncIterable<LinkAnswer> {
    if (!port || !spend('queries', query.kind === 'heads' ? 1 + query.limit / 64 : 1)) return
    // Whoever asks pays for the answers.
    for await (const answer of port.ask(query)) if (spend('bytes', encodeJson(answer).length)) yield answer
  }

  const session = openSession({
    ...{ socket, peer: name, clock, log, limits },
    handlers: {
      admits: (bytes, asked) => asked || (spend('frames', 1) && spend('bytes', bytes)),
      event(event, text) {
        if (!port) return session.cutOff('say hello first')
        if (!admission.mayPublish(keys, event)) return notice(`its keys may publish no ${event.kind} of this chain; it was dropped`)
        // L1 has registered the key since.
        if (!identity && !takePlace()) return
        waiting.push('', { event, text })
        if (waiting.takeLost() > 0) notice('it sends faster than can be checked; the oldest was dropped')
        schedule()
      },
      query: ask,
      control(frame) {
        if (frame.type !== 'hello' || port) return session.cutOff('not now')
        welcome(frame)
      },
      cutOff: () => budget.ban(),
    },
  })
  session.send(encodeFrame({ type: 'challenge', nonce: challenge.nonce }))
  void clock.sleep(HELLO_TIME, hello.signal).then(() => {
    if (!hello.signal.aborted) socket.terminate()
  })
  socket.on('close', (code) => {
    hello.abort()
    waiting.clear()
    port?.detach()
    log.debug('a link peer left', { peer: name, code })
  })
  return session
}
