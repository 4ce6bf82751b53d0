import { collectLogs, ethMethods, evm, feeHistory, type EvmBlock, type EvmReader, type EvmReceipt, type EvmTransaction, type SimulationRules } from '@causeway/execution-evm'
import { memoryStore } from '@causeway/testing'
import { createBlock, createBlockFromRLP, type Block } from '@ethereumjs/block'
import { createCommonFromGethGenesis } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { MerkleStateManager } from '@ethereumjs/statemanager'
import { createAddressFromString, ValueEncoding, type DB, type KZG } from '@ethereumjs/util'
import { createVM, runBlock } from '@ethereumjs/vm'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes, keccak256, numberToHex, type Hex } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRpc, type Rpc } from './rpc.js'

// Ethereum's RPC conformance tests (ethereum/execution-apis, CC0) are read from a sibling folder of the repository if it is there.
// Their chain spans every fork, so EthereumJS executes it; what it leaves is read and served by this package.
const folder = join(import.meta.dirname, '../../../../../shared/vectors/rpc-compat')
const present = existsSync(join(folder, 'chain.rlp'))
if (!present) console.warn(`no rpc-compat tests at ${folder}: skipped`)

const files = present ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.io')).sort() : []
let rpc: Rpc

/** What our chains have not, by file. */
const SKIPPED: readonly (readonly [RegExp, string])[] = [
  [/^(eth_config|debug_trace\w+|testing_\w+)\//, 'method not offered'],
  [/blob-tx|Simulate-blobs/, 'blob transactions are refused'],
  [/getTransactionReceipt\/get-legacy|receipts-(n|by-hash)\.io|debug_getRaw(Block|Header|Receipts)\/get-block-n|debug_getRaw(Block|Header)\/get-genesis|ByHash\/get-block-by-hash\.io|block-(london|merge|shanghai)-fork|Number\/get-genesis|balance-blockhash|num-set-firstblock/, 'blocks before cancun'],
  [/^eth_capabilities\//, 'nothing is pruned here, not even logs'],
  [/^txpool_content\//, 'asks for what other files sent'],
]

describe.skipIf(!present)('rpc-compat', () => {
  beforeAll(async () => {
    rpc = await compatRpc()
  })
  const reasonOf = (name: string) => SKIPPED.find(([pattern]) => pattern.test(name))?.[1]
  for (const name of files.filter((file) => reasonOf(file) !== undefined)) it.skip(`${name}: ${reasonOf(name)}`)
  it.each(files.filter((file) => reasonOf(file) === undefined))('%s', async (name) => {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n')
    const isSpecOnly = lines.some((line) => line.includes('speconly'))
    let answer: unknown
    for (const line of lines) {
      if (line.startsWith('>> ')) answer = JSON.parse((await rpc.handle(JSON.parse(line.slice(3)))) ?? 'null')
      if (!line.startsWith('<< ')) continue
      const want = JSON.parse(line.slice(3)) as unknown
      if (isSpecOnly) expect(shape(answer)).toEqual(shape(want))
      else expect(answer).toEqual(want)
    }
  })
})

function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])]
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]).sort())
  return typeof value
}

async function compatRpc(): Promise<Rpc> {
  const genesis = JSON.parse(readFileSync(join(folder, 'genesis.json'), 'utf8')) as Parameters<typeof createCommonFromGethGenesis>[0] & { alloc: Record<string, { balance: Hex; code?: Hex; nonce?: Hex; storage?: Record<Hex, Hex> }> }
  // The kzg only lets blob transactions be decoded; no proof of theirs is checked.
  const common = createCommonFromGethGenesis(genesis, { chain: 'compat', customCrypto: { kzg: {} as KZG } })
  common.setHardforkBy({ blockNumber: 0n, timestamp: 0n })
  const rows = new Map<string, Uint8Array>()
  const db: DB<string, Uint8Array> = {
    get: async (key) => rows.get(key),
    put: async (key, value) => void rows.set(key, value),
    del: async (key) => void rows.delete(key),
    batch: async (ops) => ops.forEach((op) => op.type === 'put' && rows.set(op.key, op.value)),
    shallowCopy: () => db,
    open: async () => {},
  }
  const state = new MerkleStateManager({ common, trie: await createMPT({ db, useKeyHashing: true, valueEncoding: ValueEncoding.Bytes, common }) })
  await state.generateCanonicalGenesis(
    Object.fromEntries(
      Object.entries(genesis.alloc).map(([address, a]) => [address.startsWith('0x') ? address : `0x${address}`, [a.balance, a.code ?? '0x', Object.entries(a.storage ?? {}), a.nonce ?? '0x0']]),
    ),
  )
  const vm = await createVM({ common, stateManager: state, setHardfork: true })
  const zero = createBlock({ header: { number: 0n, stateRoot: await state.getStateRoot(), gasLimit: genesis.gasLimit as Hex, difficulty: genesis.difficulty as Hex, extraData: genesis.extraData as Hex, timestamp: genesis.timestamp as Hex, nonce: '0x0000000000000000' } }, { common, setHardfork: true })
  const blocks: Block[] = [zero]
  const receipts = new Map<Hex, EvmReceipt[]>([[bytesToHex(zero.hash()), []]])
  let rest = new Uint8Array(readFileSync(join(folder, 'chain.rlp')))
  while (rest.length > 0) {
    const { remainder } = RLP.decode(rest, true) as unknown as { remainder: Uint8Array<ArrayBuffer> }
    const block = createBlockFromRLP(rest.slice(0, rest.length - remainder.length), { common, setHardfork: true, skipConsensusFormatValidation: true })
    rest = remainder
    const result = await runBlock(vm, { block, skipHeaderValidation: true, skipBlockValidation: true, setHardfork: true })
    blocks.push(block)
    receipts.set(bytesToHex(block.hash()), blockReceipts(block, result))
  }
  const changes = [...rows].map(([key, value]) => ({ key: key.length === 66 ? `evm/c/${key.slice(2)}` : `evm/n/${key}`, value }))
  const store = memoryStore()
  await store.write(changes)
  for (const block of blocks) await store.write([{ key: `evm/b/${bytesToHex(block.hash()).slice(2)}`, value: RLP.encode([block.header.raw(), block.transactions.map((tx) => tx.serialize())]) }])
  const head = blocks[blocks.length - 1] as Block
  const word = (number: bigint) => number.toString(16).padStart(16, '0')
  await store.write(blocks.map((block) => ({ key: `evm/h/${word(block.header.number)}`, value: block.hash() })))
  await store.write([{ key: 'evm/head', value: Uint8Array.from([...hexToBytes(`0x${word(head.header.number)}`), ...head.hash()]) }])
  const engine = evm({ feeRecipient: `0x${'00'.repeat(20)}`, gasLimit: 50_000_000n, limits: { ms: 60_000 } }).create({ chainId: BigInt(genesis.config.chainId ?? 0), l1: { chainId: 1n }, store })
  return createRpc({
    engine: { rpc: (host) => ethMethods({ ...host, limits: engine.limits, reader: { ...engine, ...tableReader(blocks, receipts), simulate: (simulation, at) => engine.simulate(simulation, at, ETHEREUM) } }) },
    chain: {
      chainId: engine.chainId,
      clientVersion: 'causeway/test',
      sendRawTransaction: async (raw) => keccak256(raw),
      pendingNonce: async () => 0n,
      pool: async () => ({ pending: [], queued: [] }),
      finality: () => ({ safe: head.header.number, finalized: head.header.number }),
      onHead: () => () => undefined,
      onPendingTransaction: () => () => undefined,
    },
  })
}

/** Ethereum's blocks begin with two system calls: EIP-2935 keeps the parent's hash, EIP-4788 the beacon root (zero here). */
const ETHEREUM: SimulationRules = {
  burnsBaseFee: true,
  async startBlock(state, { number, parentHash, timestampMs }) {
    const put = (address: Hex, slot: bigint, value: Hex) => state.putStorage(createAddressFromString(address), hexToBytes(numberToHex(slot, { size: 32 })), hexToBytes(value))
    await put('0x0000f90827f1c53a10cb7a02335b175320002935', (number - 1n) % 8191n, parentHash)
    await put('0x000f3df6d732807ef1319fb7b8bb8522d0beac02', (timestampMs / 1000n) % 8191n, numberToHex(timestampMs / 1000n))
    await put('0x000f3df6d732807ef1319fb7b8bb8522d0beac02', ((timestampMs / 1000n) % 8191n) + 8191n, '0x')
  },
}

function blockReceipts(block: Block, result: Awaited<ReturnType<typeof runBlock>>): EvmReceipt[] {
  const place = { blockNumber: block.header.number, blockHash: bytesToHex(block.hash()) }
  const baseFee = block.header.baseFeePerGas ?? 0n
  let logIndex = 0
  return block.transactions.map((tx, index) => {
    const receipt = result.receipts[index]
    const done = result.results[index]
    if (!receipt || !done) throw new Error('no receipt')
    const transactionHash = bytesToHex(tx.hash())
    return {
      ...place,
      transactionHash,
      type: tx.type,
      index,
      from: bytesToHex(tx.getSenderAddress().bytes),
      to: tx.to ? bytesToHex(tx.to.bytes) : null,
      contractAddress: tx.to === undefined && done.createdAddress ? bytesToHex(done.createdAddress.bytes) : null,
      success: done.execResult.exceptionError === undefined,
      gasUsed: done.totalGasSpent,
      cumulativeGasUsed: receipt.cumulativeBlockGasUsed,
      effectiveGasPrice: 'gasPrice' in tx ? tx.gasPrice : tx.getEffectivePriorityFee(baseFee) + baseFee,
      logsBloom: bytesToHex(receipt.bitvector),
      logs: receipt.logs.map(([address, topics, data]) => ({
        address: bytesToHex(address), topics: topics.map((topic) => bytesToHex(topic)), data: bytesToHex(data), ...place, transactionHash, transactionIndex: index, logIndex: logIndex++,
      })),
    }
  })
}

/** The reading half of the engine over blocks it did not make. */
function tableReader(blocks: readonly Block[], receipts: ReadonlyMap<Hex, EvmReceipt[]>): Partial<EvmReader> {
  const table: EvmBlock[] = blocks.map(({ header: h, transactions }, i) => ({
    hash: bytesToHex((blocks[i] as Block).hash()), parentHash: bytesToHex(h.parentHash), number: h.number, stateRoot: bytesToHex(h.stateRoot), transactionsRoot: bytesToHex(h.transactionsTrie),
    receiptsRoot: bytesToHex(h.receiptTrie), logsBloom: bytesToHex(h.logsBloom), gasLimit: h.gasLimit, gasUsed: h.gasUsed, timestamp: h.timestamp, timestampMs: h.timestamp * 1000n,
    extraData: bytesToHex(h.extraData), mixHash: bytesToHex(h.mixHash), feeRecipient: bytesToHex(h.coinbase.bytes), baseFeePerGas: h.baseFeePerGas ?? 0n,
    withdrawalsRoot: bytesToHex(h.withdrawalsRoot ?? new Uint8Array(32)), blobGasUsed: h.blobGasUsed ?? 0n, excessBlobGas: h.excessBlobGas ?? 0n,
    parentBeaconBlockRoot: bytesToHex(h.parentBeaconBlockRoot ?? new Uint8Array(32)), requestsHash: h.requestsHash ? bytesToHex(h.requestsHash) : null,
    size: (blocks[i] as Block).serialize().length, transactions: transactions.map((tx) => ({ hash: bytesToHex(tx.hash()), raw: bytesToHex(tx.serialize()) })),
  }))
  const getBlock = (at: bigint | Hex) => (typeof at === 'bigint' ? table[Number(at)] : table.find(({ hash }) => hash === at))
  const getReceipts = (at: bigint | Hex) => receipts.get(getBlock(at)?.hash ?? '0x')
  const getTransactions = (at: bigint | Hex): EvmTransaction[] | undefined => {
    const block = getBlock(at)
    return block?.transactions.map(({ hash, raw }, index) => {
      const { from, effectiveGasPrice } = getReceipts(block.hash)?.[index] as EvmReceipt
      return { hash, raw, from, effectiveGasPrice, index, blockNumber: block.number, blockHash: block.hash }
    })
  }
  const all = [...receipts.values()].flat()
  const last = table[table.length - 1] as EvmBlock
  return {
    head: () => last,
    feeHistory: async (newest, count, percentiles) => feeHistory({ getBlock, getReceipts }, getBlock(newest) as EvmBlock, count, percentiles),
    getBlock,
    getReceipts,
    getTransactions,
    getReceipt: (hash) => all.find(({ transactionHash }) => transactionHash === hash),
    getTransaction: (hash) => {
      const receipt = all.find(({ transactionHash }) => transactionHash === hash)
      return receipt && getTransactions(receipt.blockHash)?.[receipt.index]
    },
    getLogs(filter) {
      const chosen = 'blockHash' in filter ? [getBlock(filter.blockHash) as EvmBlock] : table.slice(Number(filter.from), Number(filter.to) + 1)
      return collectLogs(chosen.map(({ hash, logsBloom }) => ({ hash, bloom: hexToBytes(logsBloom) })), (hash) => receipts.get(hash) ?? [], filter)
    },
  }
}
