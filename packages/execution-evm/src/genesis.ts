import type { ExecutedBlock } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { Account, KECCAK256_RLP } from '@ethereumjs/util'
import { bytesToHex, hexToBytes, pad, zeroAddress, zeroHash, type Address, type Hex } from 'viem'
import { encodeBlock, sealHeader } from './block.js'
import { ethAddress } from './bytes.js'
import { GENESIS_BASE_FEE } from './constants.js'
import { headRow } from './chain.js'
import { EMPTY_ROOT } from './index-trie.js'
import { encodeReceipts, logsBloom } from './receipts.js'
import { rows } from './rows.js'
import { flatState, type StateStore } from './state.js'
import type { GenesisAlloc } from './types.js'

/** Makes the genesis block: predeploys and allocations, time 0. The fee recipient starts with the first block. */
export async function makeGenesis(options: {
  common: Common
  states: StateStore
  gasLimit: bigint
  alloc: GenesisAlloc
}): Promise<{ hash: Hex; stateRoot: Hex; changes: ExecutedBlock['changes'] }> {
  const state = flatState(options.states, KECCAK256_RLP)
  for (const [address, account] of Object.entries(options.alloc) as [Address, GenesisAlloc[Address]][]) {
    const at = ethAddress(address)
    await state.putAccount(at, new Account(account.nonce ?? 0n, account.balance ?? 0n))
    if (account.code && account.code !== '0x') await state.putCode(at, hexToBytes(account.code))
    for (const [slot, value] of Object.entries(account.storage ?? {}) as [Hex, Hex][])
      await state.putStorage(at, hexToBytes(pad(slot)), hexToBytes(pad(value)))
  }
  const { stateRoot, changes } = await state.seal()
  const header = sealHeader(
    { number: 0n, parentHash: zeroHash, timestampMs: 0n, gasLimit: options.gasLimit, baseFeePerGas: GENESIS_BASE_FEE, feeRecipient: zeroAddress },
    { stateRoot: bytesToHex(stateRoot), transactionsRoot: EMPTY_ROOT, receiptsRoot: EMPTY_ROOT, logsBloom: bytesToHex(logsBloom([])), gasUsed: 0n },
    options.common,
  )
  const hash = bytesToHex(header.hash())
  return {
    hash,
    stateRoot: bytesToHex(stateRoot),
    changes: [
      ...changes,
      { key: rows.block(hash), value: encodeBlock(header, []) },
      { key: rows.receipts(hash), value: encodeReceipts([]) },
      { key: rows.canonical(0n), value: hexToBytes(hash) },
      headRow(0n, hash),
    ],
  }
}

