import { createCluster } from '@causeway/cluster'
import { workerCommand } from '@causeway/prover'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { getPriority } from 'node:os'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { keccak256, parseEther, type Hex } from 'viem'
import { quantile, until } from './bench/report.js'

/** What a flood did to a chain. Times in ms, memory in MB. */
export type Flood = {
  /** From block to block, before and under the flood. */
  gaps: { quiet: number[]; flooded: number[] }
  /** How long somebody else waited for `eth_blockNumber`, and for a small `eth_call` (or undefined: refused). */
  waits: { number: number[]; call: (number | undefined)[] }
  memory: { before: number; most: number }
  attacker: { answers: number; refused: number; bytes: number; failed: number }
}

/** An address that is not the attacker's: each has a share of what the server holds. */
const SOMEBODY = process.platform === 'linux' ? '127.0.0.9' : '127.0.0.1'

function askFrom(localAddress: string, url: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: 'POST', localAddress, timeout: 30_000, headers: { 'content-type': 'application/json' } }, (response) => text(response).then(JSON.parse).then(resolve, reject))
    asking.on('timeout', () => asking.destroy(new Error('no answer within 30 s'))).on('error', reject)
    asking.end(JSON.stringify(body))
  })
}

/** Floods the RPC of a chain in its own process from another one: endless calls, batches, and 200 sockets that do not read. */
export async function flood(seconds: number, kinds?: string): Promise<Flood> {
  const cluster = await createCluster({ aggregator: false, chains: [{ name: 'flooded', ownProcess: true }] })
  try {
    const [chain] = cluster.chains
    const { client } = chain
    await cluster.deposit(chain, { amount: parseEther('10') })
    const account = cluster.userAccount(0)
    await until('the deposit', async () => (await client.getBalance({ address: account.address })) > 0n)
    // A block with something in it, for those who read.
    const ask = (body: unknown) => askFrom(SOMEBODY, chain.rpcUrl, body)
    const transactions = Array.from({ length: 200 }, (_, nonce) => ({ type: 'eip1559', chainId: Number(chain.chainId), to: account.address, value: 1n, nonce, gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 6n }) as const)
    const raw = await Promise.all(transactions.map((transaction) => account.signTransaction(transaction)))
    await ask(raw.map((params, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [params] })))
    await client.waitForTransactionReceipt({ hash: keccak256(raw.at(-1) as Hex), timeout: 60_000 })
    await client.call({ to: account.address })

    const pid = chain.child?.pid as number
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
    const start = await client.getBlockNumber()
    await setTimeout(6_000)
    const begin = await client.getBlockNumber()
    const before = rss()

    const { file, args, execArgv } = workerCommand('./rpc-attacker', import.meta.url, [chain.rpcUrl, String(Math.min(19, getPriority() + 10)), ...(kinds === undefined ? [] : [kinds])])
    const attacker = fork(file, [...args], { execArgv: [...execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    let most = before
    const waits: Flood['waits'] = { number: [], call: [] }
    const ends = performance.now() + seconds * 1000
    const timed = async (method: string, params: unknown[]) => {
      const asked = performance.now()
      const answer = (await ask({ jsonrpc: '2.0', id: 1, method, params }).catch(() => undefined)) as { error?: unknown } | undefined
      return answer === undefined || answer.error !== undefined ? undefined : performance.now() - asked
    }
    const asking = (async () => {
      while (performance.now() < ends) {
        waits.number.push((await timed('eth_blockNumber', [])) ?? Infinity)
        waits.call.push(await timed('eth_call', [{ to: account.address }, 'latest']))
        await setTimeout(500)
      }
    })()
    while (performance.now() < ends) {
      await setTimeout(200)
      most = Math.max(most, rss())
    }
    const reported = once(attacker, 'message') as Promise<[Flood['attacker']]>
    attacker.send('report')
    const [report] = await reported
    attacker.kill('SIGKILL')
    const end = await client.getBlockNumber()
    await asking
    const gaps = async (from: bigint, to: bigint) => {
      const times: number[] = []
      for (let number = from; number <= to; number++) times.push(Number(BigInt((await client.getBlock({ blockNumber: number })).extraData)))
      return times.slice(1).map((time, i) => time - (times[i] as number))
    }
    return { gaps: { quiet: await gaps(start, begin), flooded: await gaps(begin, end) }, waits, memory: { before, most }, attacker: report }
  } finally {
    await cluster.stop()
  }
}

/** The numbers of a flood in one line each. */
export function summary({ gaps, waits, memory, attacker }: Flood): Record<string, string | number> {
  const ms = (values: readonly number[], q: number) => Math.round(quantile([...values], q))
  const calls = waits.call.filter((wait) => wait !== undefined)
  return {
    'blocks under the flood': gaps.flooded.length,
    'from block to block, quiet: median, most ms': `${ms(gaps.quiet, 0.5)}, ${ms(gaps.quiet, 1)}`,
    'from block to block, flooded: median, p99, most ms': `${ms(gaps.flooded, 0.5)}, ${ms(gaps.flooded, 0.99)}, ${ms(gaps.flooded, 1)}`,
    'memory, MB: before, most': `${Math.round(memory.before)}, ${Math.round(memory.most)}`,
    'eth_blockNumber of somebody else: median, most ms': `${ms(waits.number, 0.5)}, ${ms(waits.number, 1)}`,
    'eth_call of somebody else: median, most ms, refused': `${calls.length > 0 ? `${ms(calls, 0.5)}, ${ms(calls, 1)}` : '-'}, ${waits.call.length - calls.length} of ${waits.call.length}`,
    'attacker: answers, refused, failed, MB': `${attacker.answers}, ${attacker.refused}, ${attacker.failed}, ${Math.round(attacker.bytes / 1e6)}`,
  }
}
