import { bytesParam, chainFacts, type RpcHandler } from '@causeway/core'
import { keccak256, numberToHex } from 'viem'
import type { RpcContext } from '../context.js'

/** `web3_*`, `net_*` and what `eth_*` says of the node itself. */
export function chainMethods({ reader, chain }: RpcContext): Record<string, RpcHandler> {
  return {
    ...chainFacts(chain),
    web3_sha3: (params) => keccak256(bytesParam(params, 0)),
    net_peerCount: () => '0x0',
    eth_blockNumber: () => numberToHex(reader.head().number),
    // Nothing is ever pruned.
    eth_capabilities() {
      const { number, hash } = reader.head()
      const all = { disabled: false, oldestBlock: '0x0' }
      return { head: { number: numberToHex(number), hash }, state: all, tx: all, logs: all, receipts: all, blocks: all, stateproofs: all }
    },
  }
}
