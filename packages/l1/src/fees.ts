import type { PublicClient } from 'viem'

/** What a transaction pays at most; wei a gas. `maxFeePerBlobGas` for blob transactions only. */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint; maxFeePerBlobGas?: bigint }

/** Fees that stay above the base fee for six full blocks in a row (it grows by at most 1/8 a block), at the tip that the node suggests. */
export async function currentFees(client: PublicClient, withBlobs: boolean): Promise<Fees> {
  const [block, maxPriorityFeePerGas, blobBaseFee] = await Promise.all([
    client.getBlock({ blockTag: 'latest' }),
    client.estimateMaxPriorityFeePerGas(),
    withBlobs ? client.getBlobBaseFee() : undefined,
  ])
  return {
    maxFeePerGas: 2n * (block.baseFeePerGas ?? 0n) + maxPriorityFeePerGas,
    maxPriorityFeePerGas,
    ...(blobBaseFee === undefined ? {} : { maxFeePerBlobGas: 2n * blobBaseFee }),
  }
}

/**
 * Fees that replace a transaction with the fees `old`: nodes ask for 12.5 % more of each fee (100 % for blob transactions), and at
 * least what is current.
 */
export function bumpFees(old: Fees, current: Fees): Fees {
  const blobs = old.maxFeePerBlobGas !== undefined
  const raised = (fee: bigint) => (blobs ? fee * 2n : (fee * 9n + 7n) / 8n) || 1n
  const max = (a: bigint, b: bigint) => (a > b ? a : b)
  return {
    maxFeePerGas: max(raised(old.maxFeePerGas), current.maxFeePerGas),
    maxPriorityFeePerGas: max(raised(old.maxPriorityFeePerGas), current.maxPriorityFeePerGas),
    ...(old.maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas: max(raised(old.maxFeePerBlobGas), current.maxFeePerBlobGas ?? 0n) }),
  }
}
