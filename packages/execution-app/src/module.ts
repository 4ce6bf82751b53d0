import type { Token } from '@causeway/core'
import { keccak256, stringToBytes, type Address, type Hex } from 'viem'
import { checkName, fieldsName, sortedNames, type Fields, type FieldType, type Values } from './fields.js'

/** State of one value. */
export type ValueField<V> = { readonly kind: 'value'; readonly value: FieldType<V> }
/** State of one value for each key. */
export type MapField<K, V> = { readonly kind: 'map'; readonly key: FieldType<K>; readonly value: FieldType<V> }
/** What a module remembers. */
export type StateFields = { readonly [name: string]: ValueField<unknown> | MapField<unknown, unknown> }
/** What it tells, by name. */
export type Events = { readonly [name: string]: Fields }

/** State of one value. */
export const value = <V>(type: FieldType<V>): ValueField<V> => ({ kind: 'value', value: type })
/** State of one value for each key. */
export const map = <K, V>(key: FieldType<K>, type: FieldType<V>): MapField<K, V> => ({ kind: 'map', key, value: type })

/** Reads and writes one value; `undefined` where there is none. @throws Failure `BAD_VALUE`, `OUT_OF_GAS` */
export type ValueHandle<V> = { get(): V | undefined; set(value: V): void; delete(): void }
/** The same by key. */
export type MapHandle<K, V> = { get(key: K): V | undefined; set(key: K, value: V): void; delete(key: K): void }
/** A module's state, as its handlers have it. */
export type State<S extends StateFields> = { readonly [N in keyof S]: S[N] extends MapField<infer K, infer V> ? MapHandle<K, V> : S[N] extends ValueField<infer V> ? ValueHandle<V> : never }
/** A module's state, as its views have it. */
export type ReadableState<S extends StateFields> = { readonly [N in keyof S]: Pick<State<S>[N], 'get' & keyof State<S>[N]> }

/** What a handler sends; value goes along from the module's own account. */
export type Send = {
  destination: bigint
  recipient: Address
  /** Default: the recipient. A payload needs one that is named. */
  refundTo?: Address
  /** Default: ETH. */
  token?: Token
  amount?: bigint
  gasLimit?: bigint
  expiry?: bigint
  payload?: Hex
}

/** Balances, as handlers have them. Amounts are in the token's smallest unit. */
export type Bank = {
  readonly eth: Token
  balanceOf(owner: Address, token?: Token): bigint
  /** Only from the signer of the action, or (the default) from the module's own account. @throws Failure `NOT_YOURS`, `INSUFFICIENT_BALANCE` */
  transfer(transfer: { from?: Address; to: Address; token?: Token; amount: bigint }): void
  /** A token that the module issues. */
  token(name: string): Token
  /** @throws Failure `SUPPLY_TOO_LARGE` over 2^128 − 1 */
  mint(name: string, to: Address, amount: bigint): void
  /** From the signer of the action, or from the module's own account. @throws Failure `NOT_YOURS`, `INSUFFICIENT_BALANCE` */
  burn(name: string, from: Address, amount: bigint): void
}

/** What handlers and views have alike. */
type Surroundings = {
  /** The module's account. */
  readonly self: Address
  /** Time in ms. */
  readonly block: { readonly number: bigint; readonly timestamp: bigint }
  /** `H(MODULE; words …)` of field elements, the hash that a circuit has cheaply. @throws Failure `BAD_VALUE` */
  poseidon2(words: readonly bigint[]): bigint
  /** Ends the action: what it did is undone, and the receipt has the code. */
  fail(code: string): never
}

/** What a handler works with. Besides it there is nothing that it may depend on: no clock, no randomness, no variables of its own. */
export type Context<S extends StateFields, E extends Events> = Surroundings & {
  /** Who signed the action; of a message, who sent it, on its source. Lower case. */
  readonly sender: Address
  readonly state: State<S>
  readonly bank: Bank
  emit<K extends keyof E & string>(event: K, data: Values<E[K]>): void
  send(message: Send): void
}

/** What a view works with: nothing that it could change. */
export type ViewContext<S extends StateFields> = Surroundings & { readonly state: ReadableState<S>; readonly bank: Pick<Bank, 'eth' | 'balanceOf' | 'token'> }

/** A question that a module answers from its state. */
export type View<A extends Fields = Fields, R = unknown> = { readonly args: A; readonly returns: FieldType<R>; run(context: never): R }

/** Makes a view of a module with this state. */
export type MakeView<S extends StateFields> = <A extends Fields, R>(view: { args: A; returns: FieldType<R>; run(context: ViewContext<S> & { readonly args: Values<A> }): R }) => View<A, R>

/** A message with a payload to the module's account. Its value is there already. */
export type Delivered = { readonly id: Hex; readonly source: bigint; readonly sender: Address; readonly token: Token; readonly amount: bigint; readonly payload: Hex }

/** What {@link defineModule} takes. */
export type ModuleOptions<N extends string, S extends StateFields, E extends Events, A extends { readonly [name: string]: Fields }, V extends { readonly [name: string]: View }> = {
  name: N
  /** Counts the changes of what its handlers do. Every node of a chain needs the same. Default 1. */
  version?: number
  state?: S
  events?: E
  actions: { readonly [K in keyof A]: { readonly args: A[K]; run(context: Context<S, E> & { readonly args: Values<A[K]> }): void } }
  /** Answered by nodes, never part of a block: they may change from one version of a node to the next. */
  views?(view: MakeView<S>): V
  /** Without it, messages with a payload fail, and their value goes to `refundTo`. */
  onMessage?(context: Context<S, E> & { readonly message: Delivered }): void
}

/** Typed state and the actions on it. */
export type Module<
  N extends string = string,
  S extends StateFields = StateFields,
  E extends Events = Events,
  A extends { readonly [name: string]: Fields } = { readonly [name: string]: Fields },
  V extends { readonly [name: string]: View } = { readonly [name: string]: View },
> = {
  readonly name: N
  readonly version: number
  readonly state: S
  readonly events: E
  readonly actions: { readonly [K in keyof A]: { readonly args: A[K]; run(context: never): void } }
  readonly views: V
  readonly onMessage?: (context: never) => void
}

/**
 * Defines a module. Its handlers are ordinary code of the chain's operator, and have to be pure functions of their context.
 * @throws CausewayError `BAD_MODULE`
 * @example
 * const counter = defineModule({
 *   name: 'counter',
 *   state: { total: value(t.u64) },
 *   actions: { add: { args: { by: t.u64 }, run: ({ state, args }) => state.total.set((state.total.get() ?? 0n) + args.by) } },
 * })
 */
export function defineModule<
  const N extends string,
  A extends { readonly [name: string]: Fields },
  S extends StateFields = Record<never, never>,
  E extends Events = Record<never, never>,
  V extends { readonly [name: string]: View } = Record<never, never>,
>(options: ModuleOptions<N, S, E, A, V>): Module<N, S, E, A, V> {
  const { name, version = 1, state = {} as S, events = {} as E, actions, onMessage } = options
  const views = options.views?.((view) => view) ?? ({} as V)
  checkName(name)
  for (const names of [state, events, actions, views]) sortedNames(names)
  for (const { args } of [...Object.values(actions), ...Object.values(views)]) sortedNames(args)
  return { name, version, state, events, actions, views, ...(onMessage && { onMessage: onMessage as (context: never) => void }) }
}

const named = (...parts: string[]): Address => `0x${keccak256(stringToBytes(['causeway app', ...parts].join('/'))).slice(26)}`

/** Account of a module. Nobody has its key. */
export const moduleAddress = (module: string): Address => named(module)
/** Address of a token that a module issues. */
export const tokenAddress = (module: string, token: string): Address => named(module, token)

const listed = <T>(of: { readonly [name: string]: T }, describe: (item: T) => string) => sortedNames(of).map((key) => [key, describe(of[key] as T)] as const)

/** All that is written of a module's interface and decides blocks, as lists in the order of names. */
export function describeModule({ name, version, state, events, actions }: Module) {
  return {
    name,
    version,
    address: moduleAddress(name),
    state: listed(state, (field) => (field.kind === 'map' ? `map(${field.key.name},${field.value.name})` : field.value.name)),
    events: listed(events, fieldsName),
    actions: listed(actions, ({ args }) => fieldsName(args)),
  }
}

/** What a module answers, likewise. */
export const describeViews = ({ views }: Module) => listed(views, ({ args, returns }) => `${fieldsName(args)}: ${returns.name}`)
