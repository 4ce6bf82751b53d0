import { nextBaseFee, type EvmBlock } from '@causeway/execution-evm'
import { numberToHex, type Hex } from 'viem'
import { needBlock } from '../blocks.js'
import { invalidParams } from '../errors.js'
import { blockParam, list, quantityParam } from '../parse.js'
import type { Handler, RpcContext } from '../types.js'

/** Most blocks that one `eth_feeHistory` covers (geth's limit). */
const MAX_HISTORY = 1024n
/** How many blocks fee suggestions look at, and which percentile of their tips they take (geth's defaults). */
const SAMPLE_BLOCKS = 20n
const SAMPLE_PERCENTILE = 60

/** Fee suggestions and history. */
export function feeMethods(context: RpcContext): Record<string, Handler> {
  const { reader, minTip } = context
  const suggestedTip = () => {
    const head = reader.head().number
    const tips: bigint[] = []
    for (let number = head; number >= 0n && number > head - SAMPLE_BLOCKS; number--) {
      const block = reader.getBlock(number)
      if (block) tips.push(...blockTips(context, block).map(({ tip }) => tip))
    }
    tips.sort(ascending)
    const tip = tips[Math.floor(((tips.length - 1) * SAMPLE_PERCENTILE) / 100)] ?? 0n
    return tip > minTip ? tip : minTip
  }
  const nextBase = () => {
    const block = reader.getBlock(reader.head().hash)
    return block ? nextBaseFee(block) : 0n
  }
  return {
    eth_maxPriorityFeePerGas: () => numberToHex(suggestedTip()),
    eth_gasPrice: () => numberToHex(nextBase() + suggestedTip()),
    eth_baseFee: () => numberToHex(nextBase()),
    eth_blobBaseFee: () => '0x1',
    eth_feeHistory(params) {
      const wanted = quantityParam(params, 0)
      const newest = needBlock(context, blockParam(params, 1))
      const percentiles = (params[2] === undefined || params[2] === null ? [] : list(params[2], 'invalid argument 2')).map(percentile)
      if (percentiles.some((p, i) => p < (percentiles[i - 1] ?? 0))) throw invalidParams('invalid reward percentile: not ascending')
      const count = [wanted, MAX_HISTORY, newest.number + 1n].reduce((a, b) => (a < b ? a : b))
      if (count === 0n) return { oldestBlock: '0x0', gasUsedRatio: [], reward: [], baseFeePerGas: [] }
      const oldest = newest.number - count + 1n
      const blocks = Array.from({ length: Number(count) }, (_, i) => needBlock(context, { number: oldest + BigInt(i) }))
      return {
        oldestBlock: numberToHex(oldest),
        baseFeePerGas: [...blocks.map((block) => block.baseFeePerGas), nextBaseFee(newest)].map((fee) => numberToHex(fee)),
        gasUsedRatio: blocks.map((block) => Number(block.gasUsed) / Number(block.gasLimit)),
        baseFeePerBlobGas: [...blocks, newest].map(() => '0x1'),
        blobGasUsedRatio: blocks.map(() => 0),
        ...(percentiles.length === 0 ? {} : { reward: blocks.map((block) => rewards(context, block, percentiles)) }),
      }
    },
  }
}

function percentile(value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) throw invalidParams(`invalid reward percentile: ${JSON.stringify(value)}`)
  return value
}

/** The tips at the given percentiles of a block's gas, as geth weighs them; system transactions pay none and do not count. */
function rewards(context: RpcContext, block: EvmBlock, percentiles: readonly number[]): Hex[] {
  const paid = blockTips(context, block).sort((a, b) => ascending(a.tip, b.tip))
  const total = paid.reduce((sum, { gas }) => sum + gas, 0n)
  return percentiles.map((p) => {
    const threshold = (Number(total) * p) / 100
    let sum = 0
    const found = paid.find(({ gas }) => (sum += Number(gas)) >= threshold) ?? paid[paid.length - 1]
    return numberToHex(found?.tip ?? 0n)
  })
}

function blockTips({ reader }: RpcContext, block: EvmBlock): { tip: bigint; gas: bigint }[] {
  if (block.transactions.length === 0) return []
  return (reader.getReceipts(block.hash) ?? [])
    .filter(({ effectiveGasPrice }) => effectiveGasPrice > 0n)
    .map(({ effectiveGasPrice, gasUsed }) => ({ tip: effectiveGasPrice - block.baseFeePerGas, gas: gasUsed }))
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
