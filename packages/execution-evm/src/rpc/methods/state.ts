import { addressParam, blockParam, inSlices, invalidParams, jsonList, jsonObject, needBlock, requiredParam, RPC_CODE, rpcError, type Params, type RpcHandler } from '@causeway/core'
import { numberToHex, type Address, type Hex } from 'viem'
import { nextBaseFee } from '../../block.js'
import type { BlockOverrides } from '../../overrides.js'
import type { EvmBlock } from '../../types.js'
import { revertError } from '../revert.js'
import { blockOverridesParam, callParam, overridesParam, slot } from '../parse.js'
import type { RpcContext } from '../context.js'

/** Accounts, storage, proofs and calls. */
export function stateMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, chain, clock, limits, scheduler, simulating } = context
  return {
    eth_getBalance: async (params) => numberToHex(await reader.getBalance(addressParam(params, 0), needBlock(context, blockParam(params, 1)).hash)),
    eth_getCode: (params) => reader.getCode(addressParam(params, 0), needBlock(context, blockParam(params, 1)).hash),
    eth_getStorageAt: (params) => reader.getStorage(addressParam(params, 0), slot(requiredParam(params, 1)), needBlock(context, blockParam(params, 2)).hash),
    async eth_getStorageValues(params) {
      const wanted = Object.entries(jsonObject(requiredParam(params, 0), 'invalid argument 0')).map(([key, slots]) => [addressParam([key], 0), jsonList(slots, 'invalid argument 0').map(slot)] as const)
      const count = wanted.reduce((sum, [, slots]) => sum + slots.length, 0)
      if (count === 0) throw invalidParams('empty request')
      if (count > limits.slots) throw invalidParams(`too many slots (max ${limits.slots})`)
      const at = needBlock(context, blockParam(params, 1)).hash
      const values: [Address, Hex[]][] = []
      for (const [address, slots] of wanted) values.push([address, await Promise.all(await inSlices(slots, scheduler, (key) => reader.getStorage(address, key, at)))])
      return Object.fromEntries(values)
    },
    async eth_getTransactionCount(params) {
      const address = addressParam(params, 0)
      const at = blockParam(params, 1)
      if ('tag' in at && at.tag === 'pending') return numberToHex(await chain.pendingNonce(address))
      return numberToHex(await reader.getNonce(address, needBlock(context, at).hash))
    },
    async eth_getProof(params, caller) {
      const address = addressParam(params, 0)
      const keys = jsonList(requiredParam(params, 1), 'invalid argument 1')
      if (keys.length > limits.slots) throw invalidParams(`too many keys (max ${limits.slots})`)
      const proof = await simulating(caller.address, () => reader.getProof(address, keys.map(slot), needBlock(context, blockParam(params, 2)).hash))
      return {
        ...proof,
        balance: numberToHex(proof.balance),
        nonce: numberToHex(proof.nonce),
        storageProof: proof.storageProof.map((item, index) => ({ ...item, key: echoedKey(keys[index], item.key), value: numberToHex(item.value) })),
      }
    },
    async eth_call(params, caller) {
      const { request, block, state, changes } = tried(params)
      const result = await simulating(caller.address, () => reader.call(request, block.hash, state, changes))
      if (result.failure) throw result.failure.kind === 'revert' ? revertError(result.data) : rpcError(RPC_CODE.server, result.failure.reason)
      return result.data
    },
    async eth_estimateGas(params, caller) {
      const { request, block, state, changes } = tried(params)
      const estimate = await simulating(caller.address, () => reader.estimateGas(request, block.hash, state, changes))
      if (typeof estimate === 'bigint') return numberToHex(estimate)
      if (estimate.failure?.kind === 'revert') throw revertError(estimate.data)
      const reason = estimate.failure?.reason
      throw rpcError(RPC_CODE.server, reason === 'out of gas' ? `gas required exceeds allowance (${estimate.gasBeforeRefund})` : `${reason}`)
    },
    async eth_createAccessList(params, caller) {
      const { request, block, state, changes } = tried(params)
      const { accessList, gasUsed, failure } = await simulating(caller.address, () => reader.createAccessList(request, block.hash, state, changes))
      const error = failure && (failure.kind === 'revert' ? 'execution reverted' : failure.reason)
      return { accessList, gasUsed: numberToHex(gasUsed), ...(error === undefined ? {} : { error }) }
    },
  }

  /** The parameters that all methods which try a call have: call, block, state overrides, block overrides. */
  function tried(params: Params) {
    const at = blockParam(params, 1)
    const block = needBlock(context, at)
    const isPending = 'tag' in at && at.tag === 'pending'
    const changes = { ...(isPending && blockAfter(block)), ...blockOverridesParam(params, 3) }
    const request = callParam(params, 0, chain.chainId).priced(changes.baseFeePerGas ?? (isPending ? nextBaseFee(block) : block.baseFeePerGas))
    return { block, request, state: overridesParam(params, 2), changes }
  }

  /** `pending`: the next block, now. */
  function blockAfter({ timestamp }: EvmBlock): BlockOverrides {
    const now = clock && clock.now() / 1000n
    return { next: true, ...(now !== undefined && { timestamp: now > timestamp ? now : timestamp }) }
  }
}

/** geth answers a full 32-byte key as it was asked, and a short one as a quantity. */
function echoedKey(asked: unknown, padded: Hex): Hex {
  return typeof asked === 'string' && asked.length === 66 ? (asked as Hex) : numberToHex(BigInt(padded))
}
