import { blockParam, invalidParams, jsonList, needBlock, quantityParam, type RpcHandler } from '@causeway/core'
import { numberToHex, type Hex } from 'viem'
import { nextBaseFee } from '../../block.js'
import { tipsOf } from '../../fee-history.js'
import type { EvmBlock } from '../../types.js'
import type { RpcContext } from '../context.js'

/** How many blocks fee suggestions look at, and which percentile of their tips they take (geth's defaults). */
const SAMPLE_BLOCKS = 20n
const SAMPLE_PERCENTILE = 60

/** Fee suggestions and history. */
export function feeMethods(context: RpcContext): Record<string, RpcHandler> {
  const { reader, limits, simulating } = context
  const suggestedTip = suggestion(context)
  const nextBase = () => {
    const block = reader.getBlock(reader.head().hash)
    return block ? nextBaseFee(block) : 0n
  }
  return {
    eth_maxPriorityFeePerGas: () => numberToHex(suggestedTip()),
    eth_gasPrice: () => numberToHex(nextBase() + suggestedTip()),
    eth_baseFee: () => numberToHex(nextBase()),
    eth_blobBaseFee: () => '0x1',
    async eth_feeHistory(params, caller) {
      const wanted = quantityParam(params, 0)
      const newest = needBlock(context, blockParam(params, 1))
      const percentiles = params[2] === undefined || params[2] === null ? [] : jsonList(params[2], 'invalid argument 2')
      if (percentiles.length > limits.percentiles) throw invalidParams(`invalid reward percentile: over the query limit ${limits.percentiles}`)
      const count = wanted < BigInt(limits.feeHistoryBlocks) ? Number(wanted) : limits.feeHistoryBlocks
      const at = percentiles.map(percentile)
      if (count === 0) return { oldestBlock: '0x0', gasUsedRatio: [], reward: [], baseFeePerGas: [] }
      const { oldest, baseFees, gasUsedRatios, rewards } = await simulating(caller.address, () => reader.feeHistory(newest.hash, count, at))
      return {
        oldestBlock: numberToHex(oldest),
        baseFeePerGas: baseFees.map((fee) => numberToHex(fee)),
        gasUsedRatio: gasUsedRatios,
        baseFeePerBlobGas: baseFees.map(() => '0x1'),
        blobGasUsedRatio: gasUsedRatios.map(() => 0),
        ...(at.length === 0 ? {} : { reward: rewards.map((tips) => tips.map((tip) => numberToHex(tip))) }),
      }
    },
  }
}

function percentile(value: unknown, index: number, all: readonly unknown[]): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 100)) throw invalidParams(`invalid reward percentile: ${JSON.stringify(value)}`)
  const before = all[index - 1]
  if (typeof before === 'number' && value <= before) throw invalidParams(`invalid reward percentile: #${index - 1}:${before} >= #${index}:${value}`)
  return value
}

/** The tip to offer. Each block is looked at once, whoever asks and however often. */
function suggestion({ reader, minTip }: RpcContext): () => bigint {
  let tips = new Map<Hex, readonly bigint[]>()
  let answer: { head: Hex; tip: bigint } | undefined
  const ofBlock = (block: EvmBlock) => tips.get(block.hash) ?? (block.transactions.length === 0 ? [] : tipsOf(block, reader.getReceipts(block.hash) ?? []).map(({ tip }) => tip))
  return () => {
    const { number: last, hash } = reader.head()
    if (answer?.head === hash) return answer.tip
    const seen = new Map<Hex, readonly bigint[]>()
    for (let number = last; number >= 0n && number > last - SAMPLE_BLOCKS; number--) {
      const block = reader.getBlock(number)
      if (block) seen.set(block.hash, ofBlock(block))
    }
    tips = seen
    const all = [...seen.values()].flat().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const tip = all[Math.floor(((all.length - 1) * SAMPLE_PERCENTILE) / 100)] ?? 0n
    answer = { head: hash, tip: tip > minTip ? tip : minTip }
    return answer.tip
  }
}
