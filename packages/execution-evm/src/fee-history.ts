import type { Hex } from 'viem'
import { nextBaseFee } from './block.js'
import { checkResult, type SimulationLimits } from './limits.js'
import type { EvmBlock, EvmReceipt } from './types.js'

/** Fees of some blocks in a row. */
export type FeeHistory = {
  /** Number of the first of them. */
  oldest: bigint
  /** wei a gas, of each block and of the one after the last. */
  baseFees: readonly bigint[]
  gasUsedRatios: readonly number[]
  /** Tips (wei a gas) of each block at the percentiles that were asked for. */
  rewards: readonly (readonly bigint[])[]
}

/** Where blocks are read. */
type Blocks = { getBlock(at: bigint | Hex): EvmBlock | undefined; getReceipts(at: Hex): readonly EvmReceipt[] | undefined }

/** Fees of `newest` and the canonical blocks before it, `count` in all or as many as there are. @throws `RESULT_TOO_LARGE` */
export function feeHistory({ getBlock, getReceipts }: Blocks, newest: EvmBlock, count: number, percentiles: readonly number[], limits?: Pick<SimulationLimits, 'resultBytes'>): FeeHistory {
  if (limits) checkResult(count * percentiles.length * 12, limits)
  const blocks = [newest]
  for (let number = newest.number - 1n; blocks.length < count && number >= 0n; number--) {
    const block = getBlock(number)
    if (!block) break
    blocks.unshift(block)
  }
  return {
    oldest: newest.number - BigInt(blocks.length - 1),
    baseFees: [...blocks.map(({ baseFeePerGas }) => baseFeePerGas), nextBaseFee(newest)],
    gasUsedRatios: blocks.map(({ gasUsed, gasLimit }) => Number(gasUsed) / Number(gasLimit)),
    rewards: percentiles.length === 0 ? [] : blocks.map((block) => rewards(block, block.transactions.length === 0 ? [] : (getReceipts(block.hash) ?? []), percentiles)),
  }
}

/** What transactions paid above the base fee, wei a gas; system transactions pay nothing and do not count. */
export function tipsOf({ baseFeePerGas }: Pick<EvmBlock, 'baseFeePerGas'>, receipts: readonly EvmReceipt[]): { tip: bigint; gas: bigint }[] {
  return receipts.filter(({ effectiveGasPrice }) => effectiveGasPrice > 0n).map(({ effectiveGasPrice, gasUsed }) => ({ tip: effectiveGasPrice - baseFeePerGas, gas: gasUsed }))
}

/** The tips at ascending percentiles of a block's gas, as geth weighs them. */
function rewards(block: EvmBlock, receipts: readonly EvmReceipt[], percentiles: readonly number[]): bigint[] {
  const paid = tipsOf(block, receipts).sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  const total = paid.reduce((sum, { gas }) => sum + Number(gas), 0)
  let [at, sum] = [0, Number(paid[0]?.gas ?? 0n)]
  return percentiles.map((p) => {
    while (sum < (total * p) / 100 && at < paid.length - 1) sum += Number(paid[++at]?.gas)
    return paid[at]?.tip ?? 0n
  })
}
