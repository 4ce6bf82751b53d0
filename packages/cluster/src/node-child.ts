/** A chain's nodes in a process of their own: gets their configuration over IPC, answers with the RPC URL, ends with its parent. */
import { CausewayError, decodeJson, decodePolicy, systemClock } from '@causeway/core'
import { connectLink, type LinkKeys } from '@causeway/messaging'
import { privateKeyToAccount } from 'viem/accounts'
import { signerOf } from './keys.js'
import { fileLog } from './logging.js'
import { completed, loadChain, runNode, type NodeConfig, type RunningNode } from './run-node.js'

/** What the parent sends, as core's JSON. */
export type ChildConfig = { linkUrl: string; logFile: string; nodes: readonly NodeConfig[] }
/** What the child answers. */
export type ChildMessage = { kind: 'ready'; rpcUrls: (string | null)[] } | { kind: 'failed'; reason: string; fix?: string }

const say = (message: ChildMessage) => void process.send?.(message)
let running: RunningNode[] = []

process.once('message', (text: string) => {
  start(decodeJson(text) as ChildConfig).catch((error: unknown) => {
    const [reason, fix] = error instanceof CausewayError ? [error.shortMessage, error.fix] : [error instanceof Error ? error.message : String(error)]
    say({ kind: 'failed', reason, ...(fix !== undefined && { fix }) })
    process.exitCode = 1
    process.disconnect?.()
  })
})
process.once('disconnect', () => void stop())
process.on('SIGINT', () => undefined)
process.once('SIGTERM', () => void stop())

async function start({ linkUrl, logFile, nodes }: ChildConfig): Promise<void> {
  for (const config of nodes) {
    const log = fileLog(logFile, config.name, systemClock.now)
    const definition = completed(await loadChain(config.chain), { ...config, policy: decodePolicy(config.policy) })
    running.push(await runNode(definition, config, { link: connectLink({ url: linkUrl, keys: keysOf(config), clock: systemClock, log }), log }))
  }
  say({ kind: 'ready', rpcUrls: running.map(({ rpcUrl }) => rpcUrl ?? null) })
}

/** What a node proves to the relay. */
function keysOf({ contracts: { domain }, batcherKey, attestationKey }: NodeConfig): LinkKeys {
  return { domain, accounts: batcherKey ? [privateKeyToAccount(batcherKey)] : [], attesters: attestationKey ? [signerOf(attestationKey)] : [] }
}

async function stop(): Promise<void> {
  const nodes = running
  running = []
  await Promise.all(nodes.map((node) => node.stop()))
  process.exit()
}
