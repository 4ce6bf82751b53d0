import type { SentMessage } from '@causeway/core'
import { decodeEventLog, encodeEventTopics, parseAbi, type Hex } from 'viem'
import { MESSENGER } from './constants.js'
import type { EvmLog } from './types.js'

/** What the engine uses of `ICausewayMessenger`. */
export const messengerAbi = parseAbi([
  'struct DeliveredMessage { uint64 source; uint64 nonce; address sender; address recipient; address refundTo; uint64 tokenChain; address token; uint128 amount; uint64 gasLimit; bytes payload; }',
  'function deliver(DeliveredMessage message) payable',
  'event MessageExported(uint64 indexed nonce, uint64 indexed destination, address indexed sender, address recipient, address refundTo, uint64 tokenChain, address token, uint128 amount, uint128 fee, uint64 gasLimit, uint64 expiry, bytes payload)',
  'event MessageDelivered(bytes32 indexed id, uint64 indexed source, uint64 indexed nonce, bool success)',
])

const [EXPORTED] = encodeEventTopics({ abi: messengerAbi, eventName: 'MessageExported' })
const [DELIVERED] = encodeEventTopics({ abi: messengerAbi, eventName: 'MessageDelivered' })
const MESSENGER_KEY = MESSENGER.toLowerCase()

/** The messages that a transaction sent: the messenger's `MessageExported` logs, in order, and no other contract's. */
export function sentMessages(logs: readonly EvmLog[]): SentMessage[] {
  return logs.filter((log) => isFrom(log, EXPORTED)).map((log) => {
    const { args } = decodeEventLog({ abi: messengerAbi, eventName: 'MessageExported', topics: topicsOf(log), data: log.data })
    const { destination, sender, recipient, refundTo, amount, fee, gasLimit, expiry, payload } = args
    return { destination, sender, recipient, refundTo, token: { chain: args.tokenChain, address: args.token }, amount, fee, gasLimit, expiry, payload }
  })
}

/** Did the messenger say that the message with this id was delivered and its call succeeded? */
export function deliverySucceeded(logs: readonly EvmLog[], id: Hex): boolean {
  const log = logs.find((l) => isFrom(l, DELIVERED) && l.topics[1] === id)
  return log !== undefined && BigInt(log.data) === 1n
}

function isFrom(log: EvmLog, selector: Hex): boolean {
  return log.topics[0] === selector && log.address.toLowerCase() === MESSENGER_KEY
}

function topicsOf(log: EvmLog): [Hex, ...Hex[]] {
  return [log.topics[0] ?? '0x', ...log.topics.slice(1)]
}
