import { evm, type EvmBlock, type EvmReader, type EvmReceipt, type EvmTransaction } from '@causeway/execution-evm'
import { memoryStore } from '@causeway/testing'
import { createBlock, createBlockFromRLP, type Block } from '@ethereumjs/block'
import { createCommonFromGethGenesis } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { MerkleStateManager } from '@ethereumjs/statemanager'
import { ValueEncoding, type DB } from '@ethereumjs/util'
import { createVM, runBlock } from '@ethereumjs/vm'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes, keccak256, type Hex } from 'viem'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRpc, type Rpc } from './rpc.js'

// Ethereum's RPC conformance tests (ethereum/execution-apis, CC0) are read from a sibling folder of the repository if it is there.
// Their chain spans every fork, so EthereumJS executes it; what it leaves is read and served by this package.
const folder = join(import.meta.dirname, '../../../../../shared/vectors/rpc-compat')
const present = existsSync(join(folder, 'chain.rlp'))
if (!present) console.warn(`no rpc-compat tests at ${folder}: skipped`)

const files = present ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.io')).sort() : []
let rpc: Rpc

describe.skipIf(!present)('rpc-compat', () => {
  beforeAll(async () => {
    rpc = await compatRpc()
  })
  const methods = new Set(files.map((name) => name.split('/')[0] as string))
  it.each([...methods])('%s', async (method) => {
    for (const name of files.filter((file) => file.startsWith(`${method}/`))) {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n')
      const isSpecOnly = lines.some((line) => line.includes('speconly'))
      let answer: unknown
      for (const line of lines) {
        if (line.startsWith('>> ')) answer = JSON.parse(JSON.stringify(await rpc.handle(JSON.parse(line.slice(3)))))
        if (line.startsWith('<< ')) {
          const want = JSON.parse(line.slice(3)) as unknown
          if (isSpecOnly) expect(shape(answer), name).toEqual(shape(want))
          else expect(answer, name).toEqual(want)
        }
      }
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
  const common = createCommonFromGethGenesis(genesis, { chain: 'compat' })
  common.setHardforkBy({ blockNumber: 0n, timestamp: 0n })
  const store = memoryStore()
  const writes: { key: string; value: Uint8Array }[] = []
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
  console.log(bytesToHex(zero.hash()))
  const bytes = new Uint8Array(readFileSync(join(folder, 'chain.rlp')))
  let rest: Uint8Array = bytes
  while (rest.length > 0) {
    const { data, remainder } = RLP.decode(rest, true) as unknown as { data: Uint8Array[]; remainder: Uint8Array }
    const raw = rest.slice(0, rest.length - remainder.length)
    rest = remainder
    void data
    const block = createBlockFromRLP(raw, { common, setHardfork: true, skipConsensusFormatValidation: true })
    console.log(block.header.number, bytesToHex(block.header.parentHash))
    const result = await runBlock(vm, { block, skipHeaderValidation: true, skipBlockValidation: true, setHardfork: true })
    console.log(result.receipts.length)
  }
  void [store, writes, evm, keccak256, hexToBytes]
  throw new Error('x')
}
