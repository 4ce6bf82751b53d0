/**
 * Attacks a node's RPC from a process of its own, until its parent ends it: `node rpc-attacker.ts <http url> <niceness> [kinds]`, the kinds being
 * `calls,reads,batches,sockets`. Sends what it did on any message.
 */
import { setPriority } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { WebSocket } from 'ws'

const [, , url = '', niceness = '19', kinds = 'calls,reads,batches,sockets'] = process.argv
const does = (kind: string) => kinds.split(',').includes(kind)
setPriority(Number(niceness))

const AT = `0x${'11'.repeat(20)}`
const HUGE = '0x7fffffffffffffff'
const code = (hex: string) => ({ [AT]: { code: hex } })
const endless = { to: AT, gas: HUGE }
const overrides = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`0x${i.toString(16).padStart(64, '0')}`, `0x${'01'.repeat(32)}`]))
/** What costs the most for its kind. */
const CALLS: readonly (readonly [method: string, ...params: unknown[]])[] = [
  // JUMPDEST PUSH1 0 JUMP
  ['eth_call', endless, 'latest', code('0x5b600056')],
  ['eth_estimateGas', endless, 'latest', code('0x5b600056')],
  ['eth_createAccessList', endless, 'latest', code('0x5b600056')],
  // storage[n++] = 1 without end
  ['eth_call', endless, 'pending', code('0x5f5b6001815560010160015' + '6')],
  // return(0, 4,000,000)
  ['eth_call', endless, 'latest', code('0x623d09005ff3')],
  // keccak256(0, 1,000,000) without end
  ['eth_call', endless, 'latest', code('0x5b620f42405f205060005' + '6')],
  ['eth_call', { to: AT }, 'latest', { [AT]: { state: overrides } }],
  ['eth_simulateV1', { traceTransfers: true, blockStateCalls: [...Array.from({ length: 255 }, () => ({ calls: [{ to: AT }] })), { stateOverrides: code('0x5b600056'), calls: [endless] }] }, 'latest'],
  ['eth_feeHistory', '0x400', 'latest', Array.from({ length: 100 }, (_, i) => i)],
  ['eth_getProof', AT, Array.from({ length: 1024 }, (_, i) => `0x${i.toString(16)}`), 'latest'],
]
const READS: typeof CALLS = [
  ['eth_getBlockByNumber', 'latest', true],
  ['eth_getBlockReceipts', 'latest'],
  ['eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' }],
  ['eth_gasPrice'],
  ['txpool_content'],
  ['eth_getStorageValues', { [AT]: Array.from({ length: 1024 }, (_, i) => `0x${i.toString(16)}`) }, 'latest'],
  ['eth_newFilter', {}],
  ['causeway_getChainStatus'],
  ['causeway_getMessageStatus', `0x${'77'.repeat(32)}`],
]

const done = { answers: 0, refused: 0, bytes: 0, failed: 0 }
const body = (calls: typeof CALLS) => calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params }))
async function post(payload: unknown): Promise<void> {
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) })
    const text = await response.text()
    done.answers++
    done.bytes += text.length
    if (/"code":-320/.test(text.slice(0, 500)) || !response.ok) done.refused++
  } catch {
    done.failed++
    await setTimeout(100)
  }
}
async function forever(run: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; ; turn++) await run(turn)
}

// One after the other on each of many connections, all kinds at once.
if (does('calls'))
  for (let i = 0; i < 24; i++) void forever((turn) => post(body([CALLS[(i + turn) % CALLS.length] as (typeof CALLS)[number]])[0]))
if (does('reads'))
  for (let i = 0; i < 8; i++) void forever((turn) => post(body([READS[(i + turn) % READS.length] as (typeof READS)[number]])[0]))
// Batches of a thousand.
if (does('batches'))
  for (let i = 0; i < 4; i++) void forever(() => post(body(Array.from({ length: 1_000 }, (_, k) => (k % 2 ? READS : CALLS)[(i + k) % (k % 2 ? READS : CALLS).length] as (typeof READS)[number]))))
// 200 sockets that ask and never read.
for (let i = 0; i < (does('sockets') ? 200 : 0); i++)
  void forever(async () => {
    const socket = new WebSocket(url.replace('http', 'ws'))
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => done.failed++)
    socket.once('open', () => {
      socket.pause()
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }))
      for (let n = 0; n < 50; n++) socket.send(JSON.stringify(body([...READS, ...CALLS.slice(4, 5)])))
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'web3_sha3', params: [`0x${'00'.repeat(1_000_000)}`] }))
    })
    await gone
    await setTimeout(200)
  })

process.on('message', () => process.send?.(done))
process.on('disconnect', () => process.exit())
