import { CausewayError, NEVER } from '@causeway/core'
import { bytesToHex, hexToBigInt, type Account, type Client, type Hex, type TypedDataDefinition } from 'viem'
import { signTypedData } from 'viem/actions'
import { actionTypedData, encodeAction, type Action } from '../action.js'
import { encodeFields, type Fields, type Values } from '../fields.js'
import type { Module } from '../module.js'
import type { Emitted } from '../run.js'
import { decodeEvents } from './events.js'
import { each, eachModule, requestOf } from './types.js'

/** What goes with an action; each has a default. */
export type SendOptions = {
  /** Default: the one after the account's waiting actions. */
  nonce?: bigint
  /** Most units it may use; what it does not use is not paid. Default: a quarter more than it uses when it is tried at the head. */
  gas?: bigint
  /** wei a unit. Default: the chain's. */
  gasPrice?: bigint
  /** Last ms of block time at which it is valid. Default: never ends. */
  expiry?: bigint
}

/** What an action would do. */
export type Simulated<All> = {
  /** Why it would fail; null if it would do what it is to do. */
  code: string | null
  gasUsed: bigint
  /** wei, at the price that was named or the chain's. */
  fee: bigint
  events: readonly All[]
  /** Messages that would leave. */
  sent: number
}

type Args<A extends { readonly [name: string]: { readonly args: Fields } }, N extends keyof A> = Values<A[N]['args']>
/** Signs and sends a module's actions. */
export type WriteOf<A extends { readonly [name: string]: { readonly args: Fields } }> = { readonly [N in keyof A]: (args: Args<A, N>, options?: SendOptions) => Promise<Hex> }
/** Tries a module's actions. */
export type SimulateOf<A extends { readonly [name: string]: { readonly args: Fields } }, All> = { readonly [N in keyof A]: (args: Args<A, N>, options?: Pick<SendOptions, 'gas' | 'gasPrice'>) => Promise<Simulated<All>> }

/** How an action is tried for the client's account. */
async function trial(client: Client, modules: readonly Module[], [module, action, types]: readonly [string, string, Fields], args: Action['args'], options: Pick<SendOptions, 'gas' | 'gasPrice'>) {
  const number = (name: 'gas' | 'gasPrice') => (options[name] === undefined ? {} : { [name]: `0x${options[name].toString(16)}` })
  const asked = { from: needAccount(client.account).address, module, action, args: bytesToHex(encodeFields(types, args)), ...number('gas'), ...number('gasPrice') }
  const { code, gasUsed, fee, events, sent } = (await requestOf(client)({ method: 'app_simulateAction', params: [asked] })) as { code: string | null; gasUsed: Hex; fee: Hex; events: Emitted[]; sent: number }
  return { code, gasUsed: hexToBigInt(gasUsed), fee: hexToBigInt(fee), events: decodeEvents(new Map(modules.map((known) => [known.name, known])), events), sent }
}

/** {@link SimulateOf} of all modules. */
export const simulators = (client: Client, modules: readonly Module[]) =>
  eachModule(modules, ({ name, actions }) => each(actions, (action, { args: types }) => (args: Action['args'], options: Pick<SendOptions, 'gas' | 'gasPrice'> = {}) => trial(client, modules, [name, action, types], args, options)))

/** {@link WriteOf} of all modules. @throws CausewayError `ACTION_FAILS` if it would, and its gas is not named; `NO_ACCOUNT` */
export const writers = (client: Client, modules: readonly Module[]) =>
  eachModule(modules, ({ name: module, actions }) =>
    each(actions, (action, { args: types }) => async (args: Action['args'], options: SendOptions = {}) => {
      const account = needAccount(client.account)
      const quantity = async (method: string, params: unknown[]) => hexToBigInt((await requestOf(client)({ method, params })) as Hex)
      const gas = options.gas ?? (await gasFor(client, modules, [module, action, types], args, options))
      const nonce = options.nonce ?? (await quantity('eth_getTransactionCount', [account.address, 'pending']))
      const gasPrice = options.gasPrice ?? (await quantity('eth_gasPrice', []))
      // What is signed for is the user's choice, where there is one, and not the node's.
      const chainId = client.chain ? BigInt(client.chain.id) : await quantity('eth_chainId', [])
      const signed: Action = { module, action, args, nonce, gas, gasPrice, expiry: options.expiry ?? NEVER }
      const signature = await signTypedData(client, { ...actionTypedData(chainId, types, signed), account } as TypedDataDefinition & { account: Account })
      return (await requestOf(client)({ method: 'eth_sendRawTransaction', params: [encodeAction(types, signed, signature)] })) as Hex
    }),
  )

/** What an action needs now, and a quarter more: the state may be another by the time that a block takes it. */
async function gasFor(client: Client, modules: readonly Module[], named: readonly [string, string, Fields], args: Action['args'], { gasPrice }: SendOptions): Promise<bigint> {
  const { code, gasUsed } = await trial(client, modules, named, args, gasPrice === undefined ? {} : { gasPrice })
  if (code !== null) throw new CausewayError(`${named[0]}.${named[1]} would fail now: ${code}.`, { code: 'ACTION_FAILS', fix: 'change it, or name its gas to send it all the same' })
  return gasUsed + gasUsed / 4n
}

function needAccount(account: Account | undefined): Account {
  if (!account) throw new CausewayError('This client has no account to sign with.', { code: 'NO_ACCOUNT', fix: 'make it with createWalletClient({ account, … })' })
  return account
}
