import { NEVER, type L1InboxEntry, type Log, type Plugin, type PluginHooks } from '@causeway/core'
import { crashableStore, manualClock } from '@causeway/testing'
import { zeroAddress } from 'viem'
import { expect } from 'vitest'
import { CHAIN, L1, testChain } from '../chain.test-helper.js'
import { certificatesFrom, keys, put } from '../store/records.js'
import { createPlugins } from './plugins.js'

/** A real chain in memory, on which plugins are started, crashed and started again. */
export async function pluginWorld() {
  const { chain, store, extend } = await testChain()
  const clock = manualClock()
  const final = { block: 0n, epoch: 0n, header: { height: 0n } }
  const logged: { message: string; plugin: unknown; error?: unknown }[] = []
  const note = (message: string, fields: Record<string, unknown> = {}) => void logged.push({ message, plugin: fields['plugin'], error: fields['error'] })
  const log: Log = { debug: note, info: note, warn: note, error: note }
  let deposits = 0n

  return {
    chain,
    store,
    clock,
    final,
    logged,
    /** Blocks without anything in them. */
    async build(count = 1): Promise<void> {
      for (let i = 0; i < count; i++) await extend()
    },
    /** A block that delivers a deposit. */
    deposit: () =>
      extend([
        {
          ...{ kind: 'deposit', index: deposits },
          message: { source: L1, nonce: deposits++, timestamp: 0n, destination: CHAIN, sender: zeroAddress, recipient: `0x${'aa'.repeat(20)}`, refundTo: zeroAddress, token: { chain: L1, address: zeroAddress }, amount: 1n, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
        } satisfies L1InboxEntry,
      ]),
    /** Other blocks of the same numbers: their times differ. */
    async replace(to: bigint, count: number): Promise<void> {
      await chain.rollback(to, chain.incarnation + 1n)
      for (let i = 0; i < count; i++) await extend([], chain.head.timestamp + 1001n)
    },
    closeCertificate: (height: bigint, toBlock: bigint, statement = height) => store.write([put(keys.certificate(height), { height, fromBlock: 1n, toBlock, statement })]),
    /** A process of the node, which `store.crash()` ends. */
    async start(plugins: readonly Plugin[], { methods = [] as string[], folder = undefined as string | undefined } = {}) {
      const own = crashableStore(store)
      const running = await createPlugins({
        ...{ plugins, chainId: CHAIN, store: own, folder, methods, clock, log },
        provider: { request: async ({ method }) => `answer to ${method}` },
        happenings: { chain, final: () => final, certificates: (from) => certificatesFrom(own, from) },
      })
      return { ...running, store: own }
    },
  }
}

/** A plugin that writes down what it is told, and what it then does: fails, hangs, or nothing. */
export function recorder(options: Partial<Plugin> = {}, does: (told: string, signal: AbortSignal) => unknown = () => undefined) {
  const heard: string[] = []
  const hear = (told: string, signal: AbortSignal) => {
    heard.push(told)
    return does(told, signal)
  }
  const hooks: PluginHooks = {
    block: ({ number }, { signal }) => hear(`block ${number}`, signal),
    messageDelivered: ({ message, ok }, { signal }) => hear(`delivered ${message.nonce} ${ok}`, signal),
    messageSent: ({ message }, { signal }) => hear(`sent ${message.nonce}`, signal),
    rolledBack: ({ to }, { signal }) => hear(`back to ${to}`, signal) as bigint,
    certificateClosed: ({ height, statement }, { signal }) => hear(`certificate ${height}/${statement}`, signal),
    settled: ({ block }, { signal }) => hear(`settled ${block}`, signal),
  }
  const plugin: Plugin = { name: 'recorder', setup: () => ({ hooks }), ...options }
  /** What was told since it was asked last. */
  const take = () => heard.splice(0)
  /** Waits until just this was told since it was asked last. */
  async function hears(lines: readonly string[]): Promise<void> {
    await expect.poll(() => [...heard]).toEqual(lines)
    take()
  }
  return { plugin, hooks, heard: take, hears }
}
