import { CAPACITY, FIELD, findBalance, NEVER, toBytes32, tokenKey, type Entry, type EpochWitness, type Message, type QueueEntry, type Token } from '@causeway/core'
import { address, advance, buildEpoch, deposit, message, random, received, sent, testCluster, type Plan, type TestChain, type TestCluster } from './cluster.js'

/** An honest epoch of `count` certificates, as full and as varied as the seed makes it. */
export async function randomEpoch(seed: number, count: number): Promise<EpochWitness> {
  const next = random(seed)
  const below = (n: number) => next() % n
  const cluster = testCluster()
  history(cluster, below)
  const chosen = cluster.chains.slice(0, Math.min(count, 3)).sort((x, y) => Number(x.slot - y.slot))
  const plans: Plan[] = []
  for (const chain of chosen) plans.push(honestPlan(cluster, chain, plans, below))
  return buildEpoch(cluster, plans, Array.from({ length: below(3) }, () => queueEntry(below)))
}

/** Some more of the past: outboxes of other sizes, tokens of other chains. */
function history(cluster: TestCluster, below: (n: number) => number): void {
  for (const chain of cluster.chains) {
    const count = below(9)
    const others = cluster.chains.filter((other) => other !== chain)
    advance(
      cluster,
      chain,
      Array.from({ length: count }, (_, i) => {
        const to = others[below(others.length)] as TestChain
        return sent(chain, { destination: to.header.chainId, token: { chain: chain.header.chainId, address: address(0x500 + below(2)) }, amount: BigInt(1 + below(100)) }, i)
      }),
    )
  }
}

function honestPlan(cluster: TestCluster, chain: TestChain, earlier: readonly Plan[], below: (n: number) => number): Plan {
  const chainId = chain.header.chainId
  // What may be imported: what chains without a certificate so far had sent, and what earlier certificates of this epoch send.
  const available = cluster.chains
    .filter((other) => other !== chain)
    .flatMap((other) => {
      const now = earlier.find((plan) => plan.chain === other)?.entries.filter((entry) => entry.kind === 'export') ?? []
      return [...other.sent, ...now].filter((entry) => entry.message.destination === chainId).map((entry) => ({ from: other, entry }))
    })
  const entries: Entry[] = []
  const held = new Map<bigint, bigint>()
  const eth: Token = { chain: 31337n, address: address(0) }
  const balanceOf = (token: Token) => held.get(tokenKey(token)) ?? findBalance(chain.nodes, chain.header.balanceRoot, token).balance ?? 0n
  const used = { l1: 0, import: 0, export: 0, withdrawals: 0 }
  let time = chain.header.timestamp + 300n
  const wanted = below(CAPACITY.entries + 1)
  while (entries.length < wanted) {
    time += BigInt(below(3) * 40)
    const kind = below(3)
    if (kind === 0 && used.l1 < CAPACITY.l1Entries) {
      const amount = BigInt(below(1000))
      entries.push(
        below(3) === 0
          ? { kind: 'l1', time, entry: { kind: 'forced', index: chain.header.l1InboxCursor + BigInt(used.l1), transaction: '0xf86c01' } }
          : { ...deposit(chain, amount, {}, used.l1), time },
      )
      const last = entries.at(-1)
      if (last?.kind === 'l1' && last.entry.kind === 'deposit') held.set(tokenKey(eth), balanceOf(eth) + amount)
      used.l1++
    } else if (kind === 1 && used.import < CAPACITY.imports && available.length > 0) {
      const [{ from, entry }] = available.splice(below(available.length), 1) as [{ from: TestChain; entry: TestChain['sent'][number] }]
      // Leaves room for ETH.
      if (!held.has(tokenKey(entry.message.token)) && held.size >= CAPACITY.tokens - 1) continue
      if (entry.message.timestamp >= time) time = entry.message.timestamp + 1n
      entries.push(received(from, entry, time))
      const { token, amount } = entry.message
      if (token.chain !== chainId) held.set(tokenKey(token), balanceOf(token) + amount)
      used.import++
    } else if (kind === 2 && used.export < CAPACITY.exports) {
      const toL1 = used.withdrawals < CAPACITY.withdrawals && below(3) === 0
      const others = cluster.chains.filter((other) => other !== chain)
      const fields: Partial<Message> = { fee: BigInt(below(1000)), gasLimit: BigInt(below(1 << 30)), expiry: below(2) === 0 ? NEVER : time + 500_000n, payload: below(2) === 0 ? '0x' : '0xdeadbeef' }
      const balance = balanceOf(eth)
      if (below(2) === 0 && balance > 0n) {
        fields.amount = BigInt(below(Number(balance) + 1))
        held.set(tokenKey(eth), balance - fields.amount)
      } else if (!toL1) {
        fields.token = { chain: chainId, address: address(0x500) }
        fields.amount = BigInt(below(1000))
      }
      const destination = toL1 ? 31337n : (others[below(others.length)] as TestChain).header.chainId
      const body = message({ source: chainId, nonce: chain.header.outboxSize + BigInt(used.export), timestamp: time, destination, ...fields })
      entries.push({ kind: 'export', time, message: body })
      if (toL1) used.withdrawals++
      used.export++
    } else if (below(20) === 0) break
  }
  return { chain, entries }
}

/** A queue entry: mostly one that registers a chain, else one of those that the queue consumes as refused. */
export function queueEntry(below: (n: number) => number): QueueEntry {
  const good: QueueEntry = { kind: 1, slot: BigInt(10 + below(1000)), chainId: BigInt(5000 + below(1000)), stateRoot: toBytes32(BigInt(below(2 ** 31)) ** 8n), policyHash: toBytes32(FIELD - 1n - BigInt(below(100))) }
  const refused: Partial<QueueEntry>[] = [{}, {}, {}, { kind: 2 }, { slot: 0n }, { chainId: 0n }, { chainId: 31337n }, { policyHash: toBytes32(0n) }, { policyHash: toBytes32(FIELD) }, { policyHash: toBytes32(2n ** 256n - 1n) }]
  return { ...good, ...refused[below(refused.length)] }
}
