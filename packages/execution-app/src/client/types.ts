import type { Client } from 'viem'
import type { bank } from '../bank.js'
import type { Values } from '../fields.js'
import type { Events, Module, StateFields } from '../module.js'

/** Modules that a client can be told of. */
export type AnyModules = readonly Module<string, StateFields, Events>[]
/** These, and the bank, which every chain has. */
export type Named<Modules extends AnyModules> = typeof bank | Modules[number]

/** An event, typed by the module that tells it. */
export type EventOf<M> = M extends Module ? { [E in keyof M['events'] & string]: { module: M['name']; event: E; data: Values<M['events'][E]> } }[keyof M['events'] & string] : never

/** A JSON-RPC request of a client, whatever methods its own types know. */
export const requestOf = (client: Client) => client.request as (request: { method: string; params: unknown }) => Promise<unknown>

/** Something for each name. */
export const each = <T, R>(of: { readonly [name: string]: T }, make: (name: string, item: T) => R): { [name: string]: R } => Object.fromEntries(Object.entries(of).map(([name, item]) => [name, make(name, item)]))
/** Something for each module. */
export const eachModule = <R>(modules: readonly Module[], make: (module: Module) => R): { [name: string]: R } => Object.fromEntries(modules.map((module) => [module.name, make(module)]))
