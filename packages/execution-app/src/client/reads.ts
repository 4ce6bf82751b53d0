import { CausewayError } from '@causeway/core'
import { bytesToHex, hexToBytes, type Client, type Hex } from 'viem'
import { decodeWhole, encodeFields, type Fields, type Values } from '../fields.js'
import type { MapField, Module, StateFields, ValueField, View } from '../module.js'
import { each, eachModule, requestOf } from './types.js'

/** Reads a module's state. */
export type ReadOf<S extends StateFields> = { readonly [N in keyof S]: S[N] extends MapField<infer K, infer V> ? (key: K) => Promise<V | undefined> : S[N] extends ValueField<infer V> ? () => Promise<V | undefined> : never }

/** Asks a module. */
export type ViewOf<V extends { readonly [name: string]: View }> = { readonly [N in keyof V]: V[N] extends View<infer A, infer R> ? (...args: ArgsOf<A>) => Promise<R> : never }
/** Whatever wants nothing need not be given anything. */
type ArgsOf<A extends Fields> = Record<never, never> extends A ? [args?: Values<A>] : [args: Values<A>]

/** Readers of the state at the head, by module and field. */
export const readers = (client: Client, modules: readonly Module[]) =>
  eachModule(modules, ({ name, state }) =>
    each(state, (field, type) => async (key?: unknown) => {
      const at = type.kind === 'map' ? [bytesToHex(type.key.encode(key))] : []
      const value = (await requestOf(client)({ method: 'app_getState', params: [name, field, ...at] })) as Hex | null
      return value === null ? undefined : decodeWhole(type.value, hexToBytes(value))
    }),
  )

/** Views at the head, by module and name. @throws CausewayError `VIEW_FAILED` */
export const viewers = (client: Client, modules: readonly Module[]) =>
  eachModule(modules, ({ name, views }) =>
    each(views, (view, { args: types, returns }) => async (args: { readonly [name: string]: unknown } = {}) => {
      const { code, value } = (await requestOf(client)({ method: 'app_call', params: [name, view, bytesToHex(encodeFields(types, args))] })) as { code: string | null; value: Hex | null }
      if (value === null) throw new CausewayError(`${name}.${view} answers ${code}.`, { code: 'VIEW_FAILED', fix: code === 'OUT_OF_GAS' ? 'ask for less at once' : 'see what the module means by it' })
      return decodeWhole(returns, hexToBytes(value))
    }),
  )
