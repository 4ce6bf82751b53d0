import { CausewayError } from '@causeway/core'
import { hexToBigInt, hexToBytes, type AbiEvent, type BlockTag, type Client, type Hex, type Log } from 'viem'
import { getLogs, watchEvent } from 'viem/actions'
import { eventAbi, eventValues } from '../events.js'
import { decodeWhole, own, t, type Fields } from '../fields.js'
import { moduleAddress, type Module } from '../module.js'
import type { Emitted } from '../run.js'
import { requestOf, type EventOf } from './types.js'

/** Where an event stands; `removed` if its block is no longer one of the chain's. */
export type Place = { blockNumber: bigint; blockHash: Hex; transactionHash: Hex; logIndex: number; removed: boolean }

/** Which events: `where` holds for addresses among their fields, of which the first three (by name) can be asked for. */
export type EventQuery<All extends { module: string; event: string; data: unknown }, N extends All['module'], E extends Extract<All, { module: N }>['event']> = {
  module: N
  event: E
  where?: Partial<Extract<All, { module: N; event: E }>['data']>
}

/** What became of an action or a delivery. */
export type ActionReceipt<All> = {
  hash: Hex
  kind: 'action' | 'delivery'
  from: Hex
  /** `module.action`; of a delivery, who it was for. */
  to: string
  /** Why it failed; null if it did what it was to do. */
  code: string | null
  gasUsed: bigint
  /** wei */
  fee: bigint
  /** Those of modules that the client knows. */
  events: readonly All[]
  /** Ids of the messages that left, for `waitForMessage`. */
  sent: readonly Hex[]
  blockNumber: bigint
  blockHash: Hex
}

/** Events and receipts, typed by the modules' events `All`. */
export type EventActions<All extends { module: string; event: string; data: unknown }> = {
  /** Past events, from `fromBlock` to `toBlock` (default: the head's). @throws CausewayError `BAD_EVENT_QUERY` */
  getEvents<N extends All['module'], E extends Extract<All, { module: N }>['event']>(query: EventQuery<All, N, E> & { fromBlock?: bigint | BlockTag; toBlock?: bigint | BlockTag }): Promise<(Extract<All, { module: N; event: E }> & Place)[]>
  /** Events as they come, until the function that it returns is called. @throws CausewayError `BAD_EVENT_QUERY` */
  watchEvents<N extends All['module'], E extends Extract<All, { module: N }>['event']>(
    query: EventQuery<All, N, E> & { onEvents(events: (Extract<All, { module: N; event: E }> & Place)[]): void; onError?(error: Error): void; pollingInterval?: number },
  ): () => void
  /** What became of an action (by the hash that `write` answers) or a delivery; null while no block has it. */
  getActionReceipt(parameters: { hash: Hex }): Promise<ActionReceipt<All> | null>
}

type Query = { module: string; event: string; where?: { readonly [field: string]: unknown } }
type DecodedLog = Log<bigint, number, false, AbiEvent, true>

/** {@link EventActions} of a client. */
export function eventActions(client: Client, modules: readonly Module[]) {
  const byName = new Map(modules.map((module) => [module.name, module]))

  function asked({ module, event, where }: Query) {
    const fields = own(byName.get(module)?.events, event)
    if (!fields) throw new CausewayError(`There is no event ${module}.${event}.`, { code: 'BAD_EVENT_QUERY', fix: 'give appActions the module that tells it' })
    const abi = eventAbi(event, fields)
    const indexed = abi.inputs.filter((input) => input.indexed).map(({ name }) => name as string)
    for (const name of Object.keys(where ?? {}))
      if (!indexed.includes(name)) throw new CausewayError(`Events ${module}.${event} cannot be asked for by ${name}.`, { code: 'BAD_EVENT_QUERY', fix: indexed.length > 0 ? `ask by ${indexed.join(', ')}, and choose among the answers` : 'choose among the answers' })
    const told = (log: DecodedLog) => {
      const { args, blockNumber, blockHash, transactionHash, logIndex, removed } = log as DecodedLog & { args: { [name: string]: unknown } }
      return { module, event, data: eventValues(fields, args), blockNumber, blockHash, transactionHash, logIndex, removed }
    }
    return { query: { address: moduleAddress(module), event: abi, strict: true as const, ...(where && { args: where }) }, told }
  }

  return {
    async getEvents({ fromBlock, toBlock, ...query }: Query & { fromBlock?: bigint | BlockTag; toBlock?: bigint | BlockTag }) {
      const { query: logs, told } = asked(query)
      const found = await getLogs(client, { ...logs, fromBlock: fromBlock ?? 'latest', toBlock: toBlock ?? 'latest' })
      return (found as unknown as DecodedLog[]).map(told)
    },
    watchEvents({ onEvents, onError, pollingInterval, ...query }: Query & { onEvents(events: unknown[]): void; onError?(error: Error): void; pollingInterval?: number }) {
      const { query: logs, told } = asked(query)
      return watchEvent(client, { ...logs, ...(onError && { onError }), ...(pollingInterval !== undefined && { pollingInterval }), onLogs: (found: unknown) => onEvents((found as DecodedLog[]).map(told)) } as never)
    },
    async getActionReceipt({ hash }: { hash: Hex }) {
      const found = (await requestOf(client)({ method: 'app_getReceipt', params: [hash] })) as (Omit<ActionReceipt<unknown>, 'gasUsed' | 'fee' | 'blockNumber' | 'events' | 'sent'> & { gasUsed: Hex; fee: Hex; blockNumber: Hex; events: Emitted[] }) | null
      if (!found) return null
      const events = decodeEvents(byName, found.events)
      const sent = events.flatMap(({ module, event, data }) => (module === 'bank' && event === 'Sent' ? [(data as { id: Hex }).id] : []))
      return { ...found, events, sent, gasUsed: hexToBigInt(found.gasUsed), fee: hexToBigInt(found.fee), blockNumber: hexToBigInt(found.blockNumber) }
    },
  }
}

/** The events of modules that are known. */
export function decodeEvents(modules: ReadonlyMap<string, Module>, events: readonly Emitted[]): EventOf<Module>[] {
  return events.flatMap(({ module, event, data }) => {
    const fields: Fields | undefined = own(modules.get(module)?.events, event)
    return fields ? [{ module, event, data: decodeWhole(t.struct(fields), hexToBytes(data)) } as EventOf<Module>] : []
  })
}
