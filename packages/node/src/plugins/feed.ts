import { messageId, type Clock, type HookCall, type Log, type Plugin, type PluginBlock, type PluginHooks } from '@causeway/core'
import type { Chain } from '../chain.js'
import type { SettledPoint } from '../l1/settlement.js'
import { messagesIn, type BlockRecord, type CertificateRecord } from '../store/records.js'
import { bounded } from './bounded.js'
import type { Cursor, CursorRows } from './cursor.js'

/** What happens on a node that its plugins are told of. */
export type Happenings = {
  chain: Pick<Chain, 'head' | 'block' | 'subscribe'>
  /** What L1 has settled for good. */
  final(): Pick<SettledPoint, 'block' | 'epoch'> & { header: Pick<SettledPoint['header'], 'height'> }
  /** Certificates of this node from a height on. */
  certificates(from: bigint): Iterable<Pick<CertificateRecord, 'height' | 'fromBlock' | 'toBlock' | 'statement'>>
}

/** What {@link createFeed} works with. */
export type FeedParameters = { plugin: Pick<Plugin, 'name' | 'begin'>; hooks: PluginHooks; rows: CursorRows; happenings: Happenings; clock: Clock; log: Log }

/** Tells one plugin what happens, at its own pace: nobody waits for it, and it waits for nobody. */
export type Feed = {
  /** Tells all that there is to tell. @throws what a hook throws; what it was told is told again */
  deliver(stopped: AbortSignal): Promise<void>
  /** Tells whatever happens until it is stopped; a hook that fails is called again after a pause. */
  run(stopped: AbortSignal): Promise<void>
  /** How far it is, and how often a hook has failed. */
  state(): { block: bigint; failures: number }
}

/** ms that a hook may take. */
const HOOK_MS = 30_000
/** ms between two looks at what is not announced by a block. */
const IDLE_MS = 500
/** ms of the first and of the longest pause after a failure; each is twice the one before. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000]

/** Makes a feed that goes on where the plugin's cursor is. */
export async function createFeed({ plugin, hooks, rows, happenings, clock, log }: FeedParameters): Promise<Feed> {
  const { chain, final, certificates } = happenings
  const newest = () => [...certificates(0n)].at(-1)
  const start = (): Cursor =>
    plugin.begin === 'now' ? { block: chain.head.number, certificate: newest() ?? { height: 0n, statement: 0n }, settled: final().block } : { block: 0n, certificate: { height: 0n, statement: 0n }, settled: 0n }
  let cursor = rows.read() ?? start()
  await rows.write(cursor)
  /** Whether nothing was told of blocks after the cursor. Who was here before a restart may have been cut off in the middle of one. */
  let isClean = false
  let failures = 0

  async function call<K extends keyof PluginHooks>(name: K, run: (hook: NonNullable<PluginHooks[K]>, call: HookCall) => unknown, stopped: AbortSignal): Promise<unknown> {
    const hook = hooks[name]
    return hook && bounded((signal) => run(hook, { signal }), { what: `The hook ${name} of the plugin ${plugin.name}`, ms: HOOK_MS, clock, stopped })
  }

  async function tellBlock(record: BlockRecord, stopped: AbortSignal): Promise<void> {
    const { number, hash, parentHash, timestamp, stateRoot, transactions } = record
    const block: PluginBlock = { number, hash, parentHash, timestamp, stateRoot, transactions }
    const messages = messagesIn(record)
    await call('block', (hook, how) => hook(block, how), stopped)
    for (const { message, ok } of messages.filter(({ kind }) => kind !== 'export')) await call('messageDelivered', (hook, how) => hook({ id: messageId(message), message, block, ok }, how), stopped)
    for (const { message } of messages.filter(({ kind }) => kind === 'export')) await call('messageSent', (hook, how) => hook({ id: messageId(message), message, block }, how), stopped)
  }

  /** The newest certificate that was not told, if the plugin has its blocks. */
  function nextCertificate() {
    if (!hooks.certificateClosed) return undefined
    const { height, statement } = cursor.certificate
    for (const record of certificates(height)) if (record.height > height || record.statement !== statement) return record.toBlock <= cursor.block ? record : undefined
    return undefined
  }

  /** Tells one thing; false if there is none. */
  async function step(stopped: AbortSignal): Promise<boolean> {
    const common = least(rows.common(cursor.block, (number) => chain.block(number)?.hash), chain.head.number)
    if (!isClean || common < cursor.block) {
      const earlier = await call('rolledBack', (hook, how) => hook({ to: common }, how), stopped)
      const from = cursor.block
      cursor = { ...cursor, block: typeof earlier === 'bigint' && earlier >= 0n ? least(common, earlier) : common }
      await rows.retreat(cursor, from)
      isClean = true
      return true
    }
    const { block: settled, epoch, header } = final()
    if (settled > cursor.settled && settled <= cursor.block) {
      await call('settled', (hook, how) => hook({ block: settled, height: header.height, epoch }, how), stopped)
      await rows.write((cursor = { ...cursor, settled }))
      return true
    }
    const next = chain.block(cursor.block + 1n)
    if (next) {
      isClean = false
      await tellBlock(next, stopped)
      const told = { ...cursor, block: next.number }
      await rows.advance(told, next.hash, settled)
      cursor = told
      isClean = true
      return true
    }
    const certificate = nextCertificate()
    if (!certificate) return false
    const { height, fromBlock, toBlock, statement } = certificate
    await call('certificateClosed', (hook, how) => hook({ height, fromBlock, toBlock, statement }, how), stopped)
    await rows.write((cursor = { ...cursor, certificate: { height, statement } }))
    return true
  }

  /** With a turn of the event loop for others between any two. */
  async function deliver(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted && (await step(stopped))) await new Promise(setImmediate)
  }

  return {
    state: () => ({ block: cursor.block, failures }),
    deliver,
    async run(stopped) {
      let happened = new AbortController()
      const wake = () => happened.abort()
      const unsubscribe = chain.subscribe(wake)
      stopped.addEventListener('abort', wake, { once: true })
      for (let [before, pause] = [cursor.block, FIRST_PAUSE_MS]; !stopped.aborted; ) {
        happened = new AbortController()
        try {
          await deliver(stopped)
          pause = FIRST_PAUSE_MS
          if (!stopped.aborted) await clock.sleep(IDLE_MS, happened.signal)
        } catch (error) {
          if (stopped.aborted) break
          failures++
          if (cursor.block > before) pause = FIRST_PAUSE_MS
          log.error('a hook failed and will be called again', { after: cursor.block, pause, error })
          await clock.sleep(pause, stopped)
          ;[before, pause] = [cursor.block, Math.min(2 * pause, LONGEST_PAUSE_MS)]
        }
      }
      unsubscribe()
    },
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
