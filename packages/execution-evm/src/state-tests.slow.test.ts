import { errorCode } from '@causeway/core'
import { createTxFromRLP } from '@ethereumjs/tx'
import { Account, KECCAK256_RLP } from '@ethereumjs/util'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes, keccak256, pad, stringToBytes, zeroHash, type Address, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import { createBlock } from '@ethereumjs/block'
import { ethAddress } from './bytes.js'
import type { ChainRows } from './chain.js'
import { chainCommon } from './common.js'
import { credit, machine } from './machine.js'
import { memoryStore } from '@causeway/testing'
import { flatState, openStates, type FlatState } from './state.js'
import { checkTransaction, decodeTransaction, type UserTransaction } from './transactions.js'

// Ethereum's own state tests (ethereum/tests, MIT) are not in this repository; they are read from a sibling folder when it is there.
const folder = join(import.meta.dirname, '../../../../shared/vectors/state-tests')
const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).sort() : []
if (files.length === 0) console.warn(`no state tests at ${folder}: skipped`)

type Vector = {
  env: Record<string, Hex>
  pre: Record<Address, { balance: Hex; nonce: Hex; code: Hex; storage: Record<Hex, Hex> }>
  post: Record<string, { hash: Hex; txbytes: Hex; expectException?: string }[]>
}
const common = chainCommon(1n, 'cancun')
const skipped = { blob: 0 }

describe.skipIf(files.length === 0)('GeneralStateTests, cancun', () => {
  const folders = [...new Set(files.map((name) => name.split('/')[0] ?? ''))]
  it.each(folders)('%s', async (name) => {
    const wrong: string[] = []
    for (const file of files.filter((f) => f.startsWith(`${name}/`))) {
      const vectors = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, Vector>
      for (const [title, vector] of Object.entries(vectors))
        for (const [index, post] of (vector.post.Cancun ?? []).entries()) {
          // Blob transactions are refused, also those that Ethereum takes.
          if (post.txbytes.startsWith('0x03') && post.expectException === undefined) skipped.blob++
          else if ((await run(vector, post)) !== post.hash) wrong.push(`${file} ${title} ${index}`)
        }
    }
    expect(wrong).toEqual([])
  })
})

async function run(vector: Vector, post: { txbytes: Hex }): Promise<Hex> {
  const store = memoryStore()
  const states = openStates(store)
  const genesis = flatState(states, KECCAK256_RLP)
  for (const [address, account] of Object.entries(vector.pre) as [Address, Vector['pre'][Address]][]) {
    const at = ethAddress(address)
    await genesis.putAccount(at, new Account(BigInt(account.nonce), BigInt(account.balance)))
    await genesis.putCode(at, hexToBytes(account.code))
    for (const [slot, value] of Object.entries(account.storage) as [Hex, Hex][]) await genesis.putStorage(at, hexToBytes(pad(slot)), hexToBytes(value))
  }
  const sealed = await genesis.seal()
  await store.write(sealed.changes)
  const state = flatState(openStates(store), sealed.stateRoot)
  await apply(vector, post.txbytes, state)
  return bytesToHex((await state.seal()).stateRoot)
}

async function apply(vector: Vector, raw: Hex, state: FlatState): Promise<void> {
  const { env } = vector
  const baseFee = BigInt(env.currentBaseFee ?? '0x0a')
  const gasLimit = BigInt(env.currentGasLimit ?? 0)
  const header = {
    number: BigInt(env.currentNumber ?? 1),
    coinbase: env.currentCoinbase as Hex,
    timestamp: BigInt(env.currentTimestamp ?? 0),
    gasLimit,
    baseFeePerGas: baseFee,
    mixHash: pad(env.currentRandom ?? zeroHash),
    excessBlobGas: BigInt(env.currentExcessBlobGas ?? 0),
  }
  const block = createBlock({ header }, { common, skipConsensusFormatValidation: true })
  const chain = { ancestor: (_: Hex, number: bigint) => keccak256(stringToBytes(number.toString())) } as ChainRows
  try {
    const transaction = decode(raw)
    await checkTransaction(transaction, { state, gasLeft: gasLimit, baseFee })
    const { totalGasSpent } = await machine({ common, state, block, chain, parent: zeroHash }).transact(transaction, 0n)
    // Ethereum burns the base fee.
    await credit(state, block.header.coinbase, -totalGasSpent * baseFee)
    if ((await state.getAccount(block.header.coinbase))?.isEmpty()) await state.deleteAccount(block.header.coinbase)
  } catch (error) {
    if (errorCode(error) !== 'INVALID_TRANSACTION') throw error
  }
}

function decode(raw: Hex): UserTransaction {
  try {
    return decodeTransaction(raw, common)
  } catch (error) {
    if (!(error instanceof Error && error.message.includes('replay-protected'))) throw error
    // The tests' legacy transactions carry no chain id, which a Causeway chain refuses.
    const tx = createTxFromRLP(hexToBytes(raw), { common })
    const gasPrice = 'gasPrice' in tx ? tx.gasPrice : 0n
    return {
      raw, tx, hash: keccak256(raw), type: 0, sender: bytesToHex(tx.getSenderAddress().bytes), nonce: tx.nonce, gas: tx.gasLimit, value: tx.value,
      maxFee: gasPrice, maxPriorityFee: gasPrice,
    }
  }
}
