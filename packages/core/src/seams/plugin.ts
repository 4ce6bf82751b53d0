import type { Hex } from 'viem'
import type { Message } from '../protocol/types.js'
import type { EnginePart } from './execution.js'
import type { Clock, Log, Store } from './host.js'
import type { RpcHandler } from './rpc.js'

/** A block of the chain as plugins see it. Its receipts and logs are the engine's: `provider` asks for them by `hash`. */
export type PluginBlock = {
  number: bigint
  hash: Hex
  parentHash: Hex
  /** ms */
  timestamp: bigint
  stateRoot: Hex
  /** Signed and raw, without those that L1 and other chains brought. */
  transactions: readonly Hex[]
}

/** A message that left in a block, or was delivered in one. */
export type PluginMessage = { id: Hex; message: Message; block: PluginBlock }

/** A certificate that a sequencer has closed over its blocks. */
export type PluginCertificate = { height: bigint; fromBlock: bigint; toBlock: bigint; statement: bigint }

/** What a hook is called with besides what happened. */
export type HookCall = {
  /** Aborts when the hook has had its time, or the node stops: do nothing more then, it is called again. */
  signal: AbortSignal
}

/**
 * What a plugin is told, one call at a time, in the order of the chain, and after the write. Nothing is left out: a block of which a hook
 * failed, took more than 30 s or was cut off by a crash is told again, after a `rolledBack` to the block before it.
 */
export type PluginHooks = {
  /** A block, then what was delivered in it, then what it sent. */
  block?(block: PluginBlock, call: HookCall): unknown
  /** `ok`: its call succeeded; otherwise its value went to `refundTo`. */
  messageDelivered?(delivery: PluginMessage & { ok: boolean }, call: HookCall): unknown
  messageSent?(sending: PluginMessage, call: HookCall): unknown
  /**
   * Whatever was told of blocks after `to` does not count: it is no longer so, or it is told again next. It comes when the chain was rolled
   * back, after a hook has failed, and as the first call after each start. A plugin that has lost more answers the number of an earlier
   * block, from which it is told again.
   */
  rolledBack?(rollback: { to: bigint }, call: HookCall): bigint | void | Promise<bigint | void>
  /** Of a sequencer, which may tell one twice: followers close none. One that dies is followed by another of its height. */
  certificateClosed?(certificate: PluginCertificate, call: HookCall): unknown
  /** Blocks up to `block` are settled, in an L1 block that is final: nothing takes them back. Certificates that settle together are told once. */
  settled?(point: { block: bigint; height: bigint; epoch: bigint }, call: HookCall): unknown
}

/** A number that a plugin shows at `GET /metrics`. Its name has its unit at the end, as in Prometheus: `indexer_behind_blocks`. */
export type Metric = { name: string; help: string; type: 'counter' | 'gauge'; value: number | bigint }

/** Rows of a plugin's own, in the node's database: it can neither read nor write any others. Keys are printable ASCII, 1 to 512 characters. */
export type PluginStore = Pick<Store, 'get' | 'range' | 'write'>

/** What a plugin may ask for in `uses`. */
export type PluginResources = {
  store: PluginStore
  /** EIP-1193, of the node itself. */
  provider: { request(args: { method: string; params?: unknown }): Promise<unknown> }
  /** Path of a folder of the plugin's own, which is there: other nodes of the chain on this machine have others. Only where the node's host has one. */
  folder: string
}

/** What `setup` gets: what the plugin asked for in `uses`, and what every plugin gets. */
export type PluginHost<Uses extends keyof PluginResources = keyof PluginResources> = Pick<PluginResources, Uses> & {
  chainId: bigint
  clock: Clock
  /** Each line with the plugin's name. */
  log: Log
  /** What a plugin of `requires` provides. @throws `NOT_REQUIRED` for any other */
  service<Service>(name: ServiceName<Service> | string): Service
}

/** The name of a plugin and, for the compiler, what it provides: {@link serviceName} makes one. */
export type ServiceName<Service> = string & { readonly provides?: Service }

/** A plugin's name that knows the type of its service, for whoever requires it. */
export const serviceName = <Service>(name: string): ServiceName<Service> => name

/** What a plugin is, once it is set up. */
export type PluginParts = {
  /** What plugins that require this one get by its name. */
  provides?: unknown
  /** JSON-RPC methods, by full name: `token_transfers`. What is before the first `_` is the plugin's alone. Bigints are sent as hex quantities. */
  rpc?: Readonly<Record<string, RpcHandler>>
  hooks?: PluginHooks
  metrics?(): readonly Metric[]
  /** Ends what runs beside the node, within 5 s. */
  dispose?(): unknown
}

/** A command of a plugin: `causeway plugin PLUGIN COMMAND …` runs it, in a process of its own, against a node that runs. */
export type PluginCommand = {
  /** In a line, for the list of commands. */
  describe: string
  /** What it throws is told, and ends the command with 1. */
  run(call: { args: readonly string[]; /** EIP-1193, of the node: also the plugin's own methods. */ provider: PluginResources['provider']; print(line: string): void }): unknown
}

/** Something that a node runs beside its chain. A plain object; {@link definePlugin} types it. */
export type Plugin<Uses extends keyof PluginResources = keyof PluginResources> = {
  /** Lower-case letters, digits and `-`, at most 40. The same for ever: its rows in the database begin with it. */
  readonly name: string
  /** Plugins that have to be there, before this one in the list. */
  readonly requires?: readonly string[]
  readonly uses?: readonly Uses[]
  /** Which block is told first in a database that the plugin is new to: the first of the chain, or the next. Default `genesis`. */
  readonly begin?: 'genesis' | 'now'
  /** What it adds to the engine. It decides state: every node of the chain needs the same, from registration on. */
  readonly engine?: EnginePart
  /** For whoever sits at a terminal, by name. */
  readonly commands?: Readonly<Record<string, PluginCommand>>
  /** Called once, before the node starts. What it throws fails the node's start. */
  setup?(host: PluginHost<Uses>): PluginParts | void | Promise<PluginParts | void>
}

/**
 * Types a plugin: its `setup` gets what it `uses`, and no more.
 *
 * @example
 * export const height = () =>
 *   definePlugin({
 *     name: 'height',
 *     uses: ['store'],
 *     setup({ store }) {
 *       return { hooks: { block: ({ number }) => store.write([{ key: 'height', value: new TextEncoder().encode(`${number}`) }]) } }
 *     },
 *   })
 */
export function definePlugin<const Uses extends keyof PluginResources = never>(plugin: Plugin<Uses>): Plugin {
  return plugin
}
