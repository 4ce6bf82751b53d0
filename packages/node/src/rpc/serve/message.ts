import { RPC_CODE } from '@causeway/core'
import { JsonNumber } from '../json-number.js'
import type { Rpc } from '../rpc.js'
import type { RpcCaller } from '@causeway/core'
import { scanRequests } from './scan.js'

/** What answering a text takes besides the text. */
export type MessageOptions = {
  rpc: Rpc
  /** JSON values it may hold. */
  maxValues: number
  /** Asks for the memory (bytes) of its parsed form; false refuses it. */
  reserve(bytes: number): boolean
  caller: RpcCaller
}

/** Memory of a parsed JSON value besides its text, bytes: about that of an empty object in an array. */
const VALUE_BYTES = 64

/** Answers the text of a request or batch with text; undefined if there is nothing to answer. */
export async function answerMessage(text: string, { rpc, maxValues, reserve, caller }: MessageOptions): Promise<string | undefined> {
  const scanned = scanRequests(text, maxValues)
  if (scanned === 'too large') return refusal(RPC_CODE.limitExceeded, `request too large: it holds more than ${maxValues} JSON values`)
  if (!reserve(scanned.values * VALUE_BYTES)) return refusal(RPC_CODE.limitExceeded, 'too many requests are under way: try again in a moment')
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return refusal(RPC_CODE.parse, 'parse error')
  }
  const items = Array.isArray(body) ? (body as unknown[]) : [body]
  for (const [index, id] of scanned.ids) (items[index] as { id: unknown }).id = new JsonNumber(id)
  return rpc.handle(body, caller)
}

function refusal(code: number, message: string): string {
  return JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } })
}
