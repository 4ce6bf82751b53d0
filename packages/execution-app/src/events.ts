import { encodeAbiParameters, hexToBytes, pad, toEventSelector, type AbiEvent, type AbiParameter, type Address, type Hex } from 'viem'
import { decodeWhole, sortedNames, t, type Fields, type FieldType } from './fields.js'
import { moduleAddress, type Module } from './module.js'
import type { Emitted } from './run.js'

/** Indexed fields of an event, as many as logs have topics for. */
const INDEXED = 3

const parameter = (name: string, { eip712 }: FieldType<unknown>): AbiParameter =>
  typeof eip712 === 'string' ? { name, type: eip712 } : { name, type: 'tuple', components: sortedNames(eip712).map((field) => parameter(field, eip712[field] as FieldType<unknown>)) }

/** An event as Solidity would declare it, so that every tool for Ethereum's logs reads it: fields in the order of their names, the first three addresses indexed. */
export function eventAbi(name: string, fields: Fields): AbiEvent {
  const names = sortedNames(fields)
  const indexed = new Set(names.filter((field) => fields[field]?.eip712 === 'address').slice(0, INDEXED))
  return { type: 'event', name, inputs: names.map((field) => ({ ...parameter(field, fields[field] as FieldType<unknown>), ...(indexed.has(field) && { indexed: true }) })) }
}

/** The events of a module, for viem's `getContractEvents` and the like at {@link moduleAddress}. */
export const moduleAbi = ({ events }: Pick<Module, 'events'>): AbiEvent[] => sortedNames(events).map((name) => eventAbi(name, events[name] as Fields))

/** An event as an Ethereum log. */
export type EventLog = { address: Address; topics: readonly Hex[]; data: Hex }

/** What makes logs of the events of modules. */
export function eventLogs(modules: ReadonlyMap<string, Module>): (emitted: Emitted) => EventLog {
  const makers = new Map<string, (data: Hex) => EventLog>()
  for (const { name, events } of modules.values())
    for (const [event, fields] of Object.entries(events)) {
      const abi = eventAbi(event, fields)
      const [address, selector, type] = [moduleAddress(name), toEventSelector(abi), t.struct(fields)]
      const [indexed, others] = [abi.inputs.filter((input) => input.indexed), abi.inputs.filter((input) => !input.indexed)]
      makers.set(`${name}.${event}`, (data) => {
        const values = decodeWhole(type, hexToBytes(data)) as { [field: string]: unknown }
        const at = ({ name: field }: AbiParameter) => values[field as string]
        return { address, topics: [selector, ...indexed.map((input) => pad(at(input) as Address))], data: encodeAbiParameters(others, others.map(at)) }
      })
    }
  return ({ module, event, data }) => (makers.get(`${module}.${event}`) as (data: Hex) => EventLog)(data)
}

/** The data of an event, as it is stored, of what a tool has decoded by {@link eventAbi}; and so in this engine's own form: lower-case hex. */
export const eventValues = (fields: Fields, args: { readonly [name: string]: unknown }): unknown => decodeWhole(t.struct(fields), t.struct(fields).encode(args as never))
