import type { CausewayError } from '@causeway/core'
import type { RequestErrorType } from 'viem/utils'
import { parseChainStatus } from '../answers.js'
import { causewayRequest, type AnyClient } from '../request.js'
import type { ChainStatus } from '../rpc.js'

export type GetChainStatusReturnType = ChainStatus
export type GetChainStatusErrorType = CausewayError | RequestErrorType

/**
 * Where the chain stands in its cluster: rungs of its blocks, last settled header, L1 inbox, policy.
 *
 * - JSON-RPC: `causeway_getChainStatus`
 *
 * @throws CausewayError `NOT_CAUSEWAY`, `MALFORMED`
 *
 * @example
 * import { createPublicClient, http } from 'viem'
 * import { getChainStatus } from '@causeway/client'
 *
 * const client = createPublicClient({ transport: http('http://127.0.0.1:8545') })
 * const { blocks, epoch } = await getChainStatus(client)
 */
export async function getChainStatus(client: AnyClient): Promise<GetChainStatusReturnType> {
  return parseChainStatus(await causewayRequest(client, 'causeway_getChainStatus'))
}
