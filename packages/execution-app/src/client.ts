import type { Client } from 'viem'
import { bank } from './bank.js'
import { eventActions, type EventActions } from './client/events.js'
import { readers, viewers, type ReadOf, type ViewOf } from './client/reads.js'
import type { AnyModules, EventOf, Named } from './client/types.js'
import { simulators, writers, type SimulateOf, type WriteOf } from './client/writes.js'
import type { Module } from './module.js'

export * from './module.js'
export { t, type FieldType, type Fields, type ValueOf, type Values } from './fields.js'
export { bank } from './bank.js'
export { moduleAbi } from './events.js'
export { actionTypedData, encodeAction, type Action } from './action.js'
export type { ActionReceipt, EventActions, EventQuery, Place } from './client/events.js'
export type { SendOptions, Simulated } from './client/writes.js'

/** What a client can do with a chain's modules, by name. */
export type AppActions<Modules extends AnyModules> = EventActions<EventOf<Named<Modules>>> & {
  /** A module's state at the head; undefined where there is none. */
  readonly read: { readonly [M in Named<Modules> as M['name']]: ReadOf<M['state']> }
  /** What a module answers at the head. @throws CausewayError `VIEW_FAILED` */
  readonly view: { readonly [M in Named<Modules> as M['name']]: ViewOf<M['views']> }
  /** What an action would do and cost, as the account's next one at the head. Nothing is signed. */
  readonly simulate: { readonly [M in Named<Modules> as M['name']]: SimulateOf<M['actions'], EventOf<Named<Modules>>> }
  /** Signs an action (EIP-712) and sends it. Resolves to its hash, for `waitForTransactionReceipt`. @throws CausewayError `ACTION_FAILS` if it would, and its gas is not named */
  readonly write: { readonly [M in Named<Modules> as M['name']]: WriteOf<M['actions']> }
}

/**
 * Actions for a viem client of a chain's RPC, typed by its modules.
 * @example
 * const client = createWalletClient({ account, chain, transport: http() }).extend(publicActions).extend(appActions([counter]))
 * const hash = await client.write.counter.add({ by: 1n })
 * const total = await client.read.counter.total()
 * const added = await client.getEvents({ module: 'counter', event: 'Added', fromBlock: 0n })
 */
export function appActions<const Modules extends AnyModules>(modules: Modules): (client: Client) => AppActions<Modules> {
  const all: readonly Module[] = [bank, ...modules]
  return (client) => ({ read: readers(client, all), view: viewers(client, all), simulate: simulators(client, all), write: writers(client, all), ...eventActions(client, all) }) as unknown as AppActions<Modules>
}
