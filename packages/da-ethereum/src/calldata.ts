import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, DA_KINDS, type DaDefinition, type DaHost, type DaReference, type DataAvailability } from '@causeway/core'
import { bytesToHex, encodeFunctionData, hexToBytes, keccak256, parseEventLogs, type Log } from 'viem'
import { postBatch, postingReceipt, withoutBatcherKey } from '@causeway/l1'

const KIND = DA_KINDS.calldata
/** Largest batch in bytes: L1 nodes pass on transactions of up to 131,072 bytes, of which the call and the signature get 1,024. */
export const MAX_CALLDATA = 131_072 - 1_024

/**
 * Data availability by calldata, posted through the hub's `postCalldata`; a commitment is keccak256 of the batch, which the hub repeats
 * in its event `BatchData`. Whoever has the receipts of L1 has the data, so there is no other server to ask, and nothing expires.
 * `DA_PERMANENT` means that everybody finds the same: a batch that is too large or empty, a posting that L1 refuses. All else is `DA_TRANSIENT`.
 */
export const calldata = (): DaDefinition => ({ name: 'calldata', kind: KIND, create: createCalldata })

function createCalldata({ client, hub, chainId, sender }: DaHost): DataAvailability {
  return {
    maxBytes: MAX_CALLDATA,
    async submit(batch, index) {
      if (!sender) throw withoutBatcherKey(chainId)
      if (batch.length > MAX_CALLDATA)
        throw new CausewayError(`The batch has ${batch.length} bytes; a transaction takes ${MAX_CALLDATA}.`, {
          code: 'DA_PERMANENT',
          fix: 'Post fewer blocks in a batch.',
          docs: 'da.md#calldata',
        })
      return postBatch({ hub, chainId, sender }, KIND, {
        data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postCalldata', args: [chainId, index, bytesToHex(batch)] }),
        label: `post batch ${index} of chain ${chainId} (${batch.length} bytes of calldata)`,
      })
    },
    async retrieve(reference) {
      const { logs } = await postingReceipt(client, KIND, reference)
      const data = dataIn(logs, reference)
      if (data) return data
      throw new CausewayError(`L1 gave no data that hashes to ${reference.commitment} for the posting ${reference.l1Transaction}.`, {
        code: 'DA_TRANSIENT',
        fix: 'Try again, or use another L1 node; after a reorganization of L1 take the reference from L1 anew.',
        docs: 'da.md#calldata',
      })
    },
  }
}

/** What hashes to the commitment: nothing else is believed of what an L1 node says, who has logged it and in which form included. */
function dataIn(logs: readonly Log[], { commitment }: DaReference): Uint8Array | undefined {
  try {
    const found = parseEventLogs({ abi: causewayHubAbi, eventName: 'BatchData', logs: [...logs] }).find(({ args }) => keccak256(args.data) === commitment)
    return found && hexToBytes(found.args.data)
  } catch {
    return undefined
  }
}
