import { CausewayError, RUNGS, type Clock, type Rung, systemClock } from '@causeway/core'
import { HttpRequestError, SocketClosedError, TimeoutError, WebSocketRequestError, type Hex } from 'viem'
import type { AnyClient } from '../request.js'
import type { MessageStatus } from '../rpc.js'
import { getMessageStatus, type GetMessageStatusErrorType } from './getMessageStatus.js'

export type WaitForMessageParameters = {
  /** Message id: what `sendMessage` returns. */
  id: Hex
  /** Rung to wait for; see `MessageStatus`. @default 'executed' */
  until?: Rung
  /** ms. @default 180_000 */
  timeout?: number
  /** How often (ms) to ask. @default client.pollingInterval */
  pollingInterval?: number
  /** Called with each new rung, also when the message falls back after a rollback or a reorg of L1, and when only `sourceRung` changed. */
  onRung?: (rung: Rung, status: MessageStatus) => void
  /** A client of the destination, which is asked too and believed about the execution. */
  destinationClient?: AnyClient
  /** Ends the waiting with `MESSAGE_WAIT_ABORTED`. */
  signal?: AbortSignal
  /** @default real time */
  clock?: Clock
}
export type WaitForMessageReturnType = MessageStatus
export type WaitForMessageErrorType = CausewayError | GetMessageStatusErrorType

/**
 * Waits until a message has reached a rung. A call that failed on the destination still counts as executed: see `execution.ok`.
 * While the node is out of reach it goes on asking until the timeout.
 *
 * - JSON-RPC: `causeway_getMessageStatus`
 *
 * @throws CausewayError `BAD_RUNG`, `MESSAGE_TIMEOUT`, `MESSAGE_FAILED` (it will never be executed), `MESSAGE_WAIT_ABORTED`, `NOT_CAUSEWAY`
 *
 * @example
 * import { sendMessage, waitForMessage } from '@causeway/client'
 *
 * const { id } = await sendMessage(client, { destination: 102n, recipient: '0x…', value: 1n })
 * const { execution } = await waitForMessage(client, { id, onRung: (rung) => console.log(rung) })
 */
export async function waitForMessage(client: AnyClient, parameters: WaitForMessageParameters): Promise<WaitForMessageReturnType> {
  const { id, until = 'executed', timeout = 180_000, pollingInterval = client.pollingInterval, onRung, destinationClient, signal, clock = systemClock } = parameters
  if (!RUNGS.includes(until)) throw new CausewayError(`There is no rung ${String(until)}.`, { code: 'BAD_RUNG', fix: `wait for one of: ${RUNGS.join(', ')}` })
  const end = clock.now() + BigInt(timeout)
  let last: MessageStatus | null = null
  let lastError: unknown
  while (!signal?.aborted) {
    try {
      const status = await ask(client, destinationClient, id)
      if (status && !sameRungs(status, last)) onRung?.(status.rung, status)
      last = status ?? last
      if (status && reached(status.rung, until)) return status
      if (status?.failure) throw new CausewayError(`Message ${id} will not be executed: ${status.failure}`, { code: 'MESSAGE_FAILED', docs: 'protocol.md#7-certificate-and-statement' })
      lastError = undefined
    } catch (error) {
      if (!isOutOfReach(error)) throw error
      lastError = error
    }
    const left = end - clock.now()
    if (left <= 0n) throw timedOut(id, until, timeout, last, lastError)
    await clock.sleep(Math.min(pollingInterval, Number(left)), signal)
  }
  throw new CausewayError(`Waiting for message ${id} was aborted.`, { code: 'MESSAGE_WAIT_ABORTED', cause: signal.reason })
}

async function ask(client: AnyClient, destinationClient: AnyClient | undefined, id: Hex): Promise<MessageStatus | null> {
  if (!destinationClient) return getMessageStatus(client, { id })
  const [here, there] = await Promise.all([getMessageStatus(client, { id }), getMessageStatus(destinationClient, { id })])
  if (!here || !there) return here ?? there
  const sourceRung = reached(there.sourceRung, here.sourceRung) ? there.sourceRung : here.sourceRung
  const { withdrawal } = here
  // A message to L1 has no destination that could know more than its source.
  return withdrawal ? { ...here, sourceRung } : { ...there, sourceRung }
}

function reached(rung: Rung, wanted: Rung): boolean {
  return RUNGS.indexOf(rung) >= RUNGS.indexOf(wanted)
}

function sameRungs(a: MessageStatus, b: MessageStatus | null): boolean {
  return b !== null && a.rung === b.rung && a.sourceRung === b.sourceRung
}

function isOutOfReach(error: unknown): boolean {
  return error instanceof HttpRequestError || error instanceof WebSocketRequestError || error instanceof SocketClosedError || error instanceof TimeoutError
}

function timedOut(id: Hex, until: Rung, timeout: number, last: MessageStatus | null, cause: unknown): CausewayError {
  const where = last
    ? `it is ${last.rung} (its sending is ${last.sourceRung})${last.waitingFor ? ` and waits: ${last.waitingFor}` : ''}`
    : cause === undefined
      ? 'the node has not heard of it'
      : 'the node did not answer'
  return new CausewayError(`Message ${id} is not ${until} after ${timeout} ms: ${where}.`, {
    code: 'MESSAGE_TIMEOUT',
    fix: last ? nextStep(last, until) : cause === undefined ? 'check the id, and that the client belongs to the source or the destination' : 'check the RPC URL of the client, and that the node runs',
    ...(cause !== undefined && { cause }),
  })
}

/** Who has to act for the message to go on. */
function nextStep({ rung }: MessageStatus, until: Rung): string {
  if (until === 'executed') return 'wait longer, and check that the destination is a chain of this cluster and that the nodes of both run: nothing is lost'
  if (!reached(rung, 'certified')) return 'wait longer, and check that the nodes of both chains and an aggregator run (a chain closes its next certificate once the last has settled): nothing is lost'
  return `wait longer, and check that an aggregator runs${until === 'final' ? ' and that L1 finalizes' : ''}: nothing is lost`
}
