import { CausewayError } from '@causeway/core'
import { bytesToHex, hexToBigInt, hexToBytes, type Account, type Client, type Hex, type TypedDataDefinition } from 'viem'
import { signTypedData } from 'viem/actions'
import { actionTypedData, encodeAction, type Action } from './action.js'
import { bank } from './bank.js'
import { decodeWhole, type Fields, type Values } from './fields.js'
import type { Events, MapField, Module, StateFields, ValueField } from './module.js'

export * from './module.js'
export { t, type FieldType, type Fields, type ValueOf, type Values } from './fields.js'
export { bank } from './bank.js'
export { actionTypedData, encodeAction, type Action } from './action.js'

/** What goes with an action; each has a default. */
export type SendOptions = {
  /** Default: the one after the account's waiting actions. */
  nonce?: bigint
  /** Most units it may use; what it does not use is not paid. Default 500,000. */
  gas?: bigint
  /** wei a unit. Default: the chain's. */
  gasPrice?: bigint
  /** Last ms of block time at which it is valid. Default: never ends. */
  expiry?: bigint
}

type Named<Modules extends readonly Module[]> = (typeof bank | Modules[number])
type ReadOf<S extends StateFields> = { readonly [N in keyof S]: S[N] extends MapField<infer K, infer V> ? (key: K) => Promise<V | undefined> : S[N] extends ValueField<infer V> ? () => Promise<V | undefined> : never }
type WriteOf<A extends { readonly [name: string]: { readonly args: Fields } }> = { readonly [N in keyof A]: (args: Values<A[N]['args']>, options?: SendOptions) => Promise<Hex> }

/** Reads and actions of a chain's modules, by name. */
export type AppActions<Modules extends readonly Module[]> = {
  /** A module's state at the head; undefined where there is none. */
  readonly read: { readonly [M in Named<Modules> as M['name']]: ReadOf<M['state']> }
  /** Signs an action (EIP-712) and sends it. Resolves to its hash, for `waitForTransactionReceipt`. */
  readonly write: { readonly [M in Named<Modules> as M['name']]: WriteOf<M['actions']> }
}

type Request = (request: { method: string; params: unknown }) => Promise<unknown>
const NEVER = 2n ** 64n - 1n

/**
 * Actions for a viem client of a chain's RPC, typed by its modules.
 * @example
 * const client = createWalletClient({ account, chain, transport: http() }).extend(publicActions).extend(appActions([counter]))
 * const hash = await client.write.counter.add({ by: 1n })
 * const total = await client.read.counter.total()
 */
export function appActions<const Modules extends readonly Module<string, StateFields, Events>[]>(modules: Modules): (client: Client) => AppActions<Modules> {
  const all: readonly Module[] = [bank, ...modules]
  return (client) => {
    const request = client.request as Request
    const each = <T>(make: (module: Module) => T) => Object.fromEntries(all.map((module) => [module.name, make(module)]))
    const inner = <T, R>(of: { readonly [name: string]: T }, make: (name: string, item: T) => R) => Object.fromEntries(Object.entries(of).map(([name, item]) => [name, make(name, item)]))

    const readers = each(({ name, state }) =>
      inner(state, (field, type) => async (key?: unknown) => {
        const at = type.kind === 'map' ? [bytesToHex(type.key.encode(key))] : []
        const value = (await request({ method: 'app_getState', params: [name, field, ...at] })) as Hex | null
        return value === null ? undefined : decodeWhole(type.value, hexToBytes(value))
      }),
    )
    const writers = each(({ name: module, actions }) =>
      inner(actions, (action, { args: types }) => async (args: Action['args'], options: SendOptions = {}) => {
        const account = needAccount(client.account)
        const quantity = async (method: string, params: unknown[]) => hexToBigInt((await request({ method, params })) as Hex)
        const nonce = options.nonce ?? (await quantity('eth_getTransactionCount', [account.address, 'pending']))
        const gasPrice = options.gasPrice ?? (await quantity('eth_gasPrice', []))
        // What is signed for is the user's choice, where there is one, and not the node's.
        const chainId = client.chain ? BigInt(client.chain.id) : await quantity('eth_chainId', [])
        const signed: Action = { module, action, args, nonce, gas: options.gas ?? 500_000n, gasPrice, expiry: options.expiry ?? NEVER }
        const signature = await signTypedData(client, { ...actionTypedData(chainId, types, signed), account } as TypedDataDefinition & { account: Account })
        return (await request({ method: 'eth_sendRawTransaction', params: [encodeAction(types, signed, signature)] })) as Hex
      }),
    )
    return { read: readers, write: writers } as unknown as AppActions<Modules>
  }
}

function needAccount(account: Account | undefined): Account {
  if (!account) throw new CausewayError('This client has no account to sign with.', { code: 'NO_ACCOUNT', fix: 'make it with createWalletClient({ account, … })' })
  return account
}
