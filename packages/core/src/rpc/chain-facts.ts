import { numberToHex } from 'viem'
import type { RpcChain, RpcHandler } from '../seams/rpc.js'

/** Methods of Ethereum's that are about the chain and the node, whatever executes it. */
export function chainFacts(chain: RpcChain): Record<string, RpcHandler> {
  return {
    web3_clientVersion: () => chain.clientVersion,
    net_version: () => chain.chainId.toString(),
    net_listening: () => true,
    eth_chainId: () => numberToHex(chain.chainId),
    eth_syncing: () => false,
    eth_accounts: () => [],
  }
}
