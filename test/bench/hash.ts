/**
 * `npm run bench:hash`: what hashing costs off chain, with the WebAssembly module and, beside it in a process of its own, with the bigint
 * version that takes over where there is none. Work done `again` finds its hashes remembered; all else is new to the process.
 * Processor time: other load on the machine counts little.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { applyEntries, applyEpoch, memoryNodes, nodeHash, OUTBOX, policyHash, poseidon2, TAG, type Message } from '@causeway/core'
import { createTwinCluster, TEST_L1_CHAIN_ID, type TwinChain } from '@causeway/testing'
import { report } from './report.js'

/** Milliseconds of processor time. */
const now = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Milliseconds that one of `count` runs takes, the best of `rounds` series; each run gets a number that no other had. */
function best(rounds: number, count: number, run: (n: number) => unknown): number {
  let least = Infinity
  for (let round = 0; round <= rounds; round++) {
    const start = now()
    for (let i = 0; i < count; i++) run(round * count + i)
    if (round > 0) least = Math.min(least, (now() - start) / count)
  }
  return least
}

/** Hashes so much else that nothing from before is remembered. */
let forgotten = 0n
const forget = () => {
  for (let i = 0; i < 50_000; i++) poseidon2(TAG.leaf, [forgotten++])
}

/** Plays epochs of two chains with 8 messages a chain: 1 deposit, 3 imports, 3 exports, 1 withdrawal. */
function createScenario() {
  const cluster = createTwinCluster()
  const [a, b] = cluster.chains as [TwinChain, TwinChain]
  let inFlight: { message: Message; to: TwinChain; from: TwinChain }[] = []
  return async (onDraft: () => void = () => undefined) => {
    for (const [chain, other] of [[a, b], [b, a]] as const) {
      cluster.tick()
      chain.deposit(1000n)
      for (const { message, to, from } of inFlight) if (to === chain) chain.import(message, policyHash(from.policy))
      inFlight = inFlight.filter(({ to }) => to !== chain)
      cluster.tick(1n)
      for (let i = 0; i < 3; i++) inFlight.push({ message: chain.send({ destination: other.chainId, amount: 1n }), to: other, from: chain })
      chain.send({ destination: TEST_L1_CHAIN_ID, amount: 1n })
    }
    const context = { chainId: b.chainId, policyHash: b.header.policyHash, slotOf: (chainId: bigint) => (chainId === a.chainId ? 0n : 1n) }
    const [header, entries] = [b.header, b.entries]
    const account = () => applyEntries(memoryNodes(b.nodes), header, entries, context)
    const start = now()
    account()
    const accounting = now() - start
    const certificates = await Promise.all([a.certify(), b.certify()])
    onDraft()
    const composing = now()
    const { epoch } = cluster.compose(certificates)
    if (!epoch) throw new Error('an honest epoch was refused')
    const composed = now() - composing
    cluster.settle(epoch)
    return { accounting, composed, witness: epoch.witness, account }
  }
}

async function measure(): Promise<Record<string, number>> {
  const hash = best(5, 100, (n) => poseidon2(TAG.leaf, [BigInt(n), 1n, 2n]))
  const remembered = best(5, 1000, () => nodeHash(OUTBOX, 0, 1n, 2n))
  const play = createScenario()
  // Until imports flow and the code is compiled.
  for (let i = 0; i < 4; i++) await play()
  const epochs = []
  for (let i = 0; i < 6; i++) epochs.push(await play())
  const { composed, witness, account } = await play(forget)
  const warmAccounting = best(3, 5, account)
  const warmEpoch = best(3, 3, () => applyEpoch(witness))
  forget()
  const start = now()
  applyEpoch(witness)
  return {
    'a hash of 2 or 3 fields, µs': hash * 1000,
    'a hash again, µs': remembered * 1000,
    'block accounting of 8 messages, ms': Math.min(...epochs.map(({ accounting }) => accounting)),
    'block accounting again, ms': warmAccounting,
    'compose an epoch of two certificates of 8 messages, ms': composed,
    'applyEpoch of it, ms': now() - start,
    'applyEpoch again, ms': warmEpoch,
  }
}

if (process.argv.includes('--measure')) console.log(JSON.stringify(await measure()))
else {
  const run = (...flags: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, ...process.execArgv, fileURLToPath(import.meta.url), '--measure'], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as Record<string, number>
  }
  const [fast, reference] = [run(), run('--no-expose-wasm')]
  const shown = (value: number | undefined) => (value === undefined ? '—' : value < 10 ? value.toFixed(2) : value.toFixed(1))
  report('hash', Object.fromEntries(Object.entries(fast).map(([name, value]) => [name, `${shown(value)} (without WebAssembly: ${shown(reference[name])})`])))
}
