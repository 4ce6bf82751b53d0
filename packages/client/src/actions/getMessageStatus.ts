import type { CausewayError } from '@causeway/core'
import type { Hex } from 'viem'
import type { RequestErrorType } from 'viem/utils'
import { parseMessageStatus } from '../answers.js'
import { causewayRequest, type AnyClient } from '../request.js'
import type { MessageStatus } from '../rpc.js'

export type GetMessageStatusParameters = {
  /** Message id: what `sendMessage` returns, or core's `messageId`. */
  id: Hex
}
/** Null: the node never heard of the message. */
export type GetMessageStatusReturnType = MessageStatus | null
export type GetMessageStatusErrorType = CausewayError | RequestErrorType

/**
 * How far a message has come, as the node behind the client knows. The source's node and the destination's both answer; only the
 * destination's is sure to know of the execution.
 *
 * - JSON-RPC: `causeway_getMessageStatus`
 *
 * @throws CausewayError `NOT_CAUSEWAY`, `MALFORMED`
 *
 * @example
 * import { createPublicClient, http } from 'viem'
 * import { getMessageStatus } from '@causeway/client'
 *
 * const client = createPublicClient({ transport: http('http://127.0.0.1:8545') })
 * const status = await getMessageStatus(client, { id: '0x…' })
 * // { rung: 'included', sourceRung: 'certified', … }
 */
export async function getMessageStatus(client: AnyClient, { id }: GetMessageStatusParameters): Promise<GetMessageStatusReturnType> {
  return parseMessageStatus(await causewayRequest(client, 'causeway_getMessageStatus', [id]))
}
