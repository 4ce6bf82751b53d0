import type { RpcHandler } from '@causeway/core'
import { keccak256, numberToHex } from 'viem'
import { bytesParam } from '../parse.js'
import type { RpcContext } from '../context.js'

/** `web3_*`, `net_*` and what `eth_*` says of the node itself. */
export function chainMethods({ reader, chain }: RpcContext): Record<string, RpcHandler> {
  return {
    web3_clientVersion: () => chain.clientVersion,
    web3_sha3: (params) => keccak256(bytesParam(params, 0)),
    net_version: () => chain.chainId.toString(),
    net_listening: () => true,
    net_peerCount: () => '0x0',
    eth_chainId: () => numberToHex(chain.chainId),
    eth_syncing: () => false,
    eth_accounts: () => [],
    eth_blockNumber: () => numberToHex(reader.head().number),
    // Nothing is ever pruned.
    eth_capabilities() {
      const { number, hash } = reader.head()
      const all = { disabled: false, oldestBlock: '0x0' }
      return { head: { number: numberToHex(number), hash }, state: all, tx: all, logs: all, receipts: all, blocks: all, stateproofs: all }
    },
  }
}
