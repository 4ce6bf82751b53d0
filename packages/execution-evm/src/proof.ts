import type { Store } from '@causeway/core'
import { createMerkleProof } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { Account, createAccountFromRLP } from '@ethereumjs/util'
import { hexToBytes, pad, type Address, type Hex } from 'viem'
import { bytesToHex, toUint } from './bytes.js'
import { merkleTrie } from './merkle-trie.js'

/** An EIP-1186 proof of an account and some of its slots under a state root. */
export type AccountProof = {
  address: Address
  accountProof: Hex[]
  balance: bigint
  nonce: bigint
  codeHash: Hex
  storageHash: Hex
  storageProof: { key: Hex; value: bigint; proof: Hex[] }[]
}

/** Proves an account (or its absence) and slots, with the nodes from the root down. */
export async function accountProof(store: Pick<Store, 'get'>, stateRoot: Hex, address: Address, slots: readonly Hex[]): Promise<AccountProof> {
  const trie = merkleTrie(store, hexToBytes(stateRoot))
  const encoded = await trie.get(hexToBytes(address))
  const account = encoded ? createAccountFromRLP(encoded) : new Account()
  const storage = merkleTrie(store, account.storageRoot)
  const storageProof = []
  for (const key of slots) {
    const slot = hexToBytes(pad(key))
    const value = await storage.get(slot)
    storageProof.push({
      key,
      value: value ? toUint(RLP.decode(value) as Uint8Array) : 0n,
      proof: (await createMerkleProof(storage, slot)).map((node) => bytesToHex(node)),
    })
  }
  return {
    address,
    accountProof: (await createMerkleProof(trie, hexToBytes(address))).map((node) => bytesToHex(node)),
    balance: account.balance,
    nonce: account.nonce,
    codeHash: bytesToHex(account.codeHash),
    storageHash: bytesToHex(account.storageRoot),
    storageProof,
  }
}
