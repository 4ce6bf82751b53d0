import { Address } from '@ethereumjs/util'
import { bytesToHex, hexToBytes, numberToHex, pad, type Hex } from 'viem'
import type { Observer } from './observed.js'
import type { FlatState } from './state.js'
import type { EvmLog } from './types.js'

/** What stands for ETH where its transfers are logged like a token's. */
const ETH: Hex = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
/** `keccak256('Transfer(address,address,uint256)')` */
const TRANSFER: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const [LOG0, LOG4, SELFDESTRUCT] = [0xa0, 0xa4, 0xff]

/** In order: the place of a log, or a transfer. `to` of a creation is known only once it ran. */
type Item = { logIndex: number; transfer?: { from: Address; to: () => Address | undefined; value: bigint } }

/** Finds the transfers of ETH in executions, and their places between the logs. */
export function transferTracer() {
  let frames: Item[][] = [[]]
  // As geth, which counts those too that a revert takes back.
  let count = 0
  const add = (frame: Item[] | undefined, transfer?: NonNullable<Item['transfer']>) => void frame?.push({ logIndex: count++, ...(transfer && { transfer }) })

  return {
    /** Listens to a machine that works on `state`. */
    observer: (state: FlatState): Observer => ({
      enter(message) {
        frames.push([])
        if (!message.delegatecall && message.value > 0n) add(frames.at(-1), { from: message.caller, to: () => message.to, value: message.value })
      },
      leave(result) {
        const items = frames.pop() ?? []
        if (!result.execResult.exceptionError) frames.at(-1)?.push(...items)
      },
      async step({ opcode, address, operands }) {
        const frame = frames.at(-1)
        if (opcode >= LOG0 && opcode <= LOG4) add(frame)
        if (opcode !== SELFDESTRUCT) return
        const [beneficiary = 0n] = operands(1)
        const account = await state.getAccount(address)
        const to = new Address(hexToBytes(numberToHex(BigInt.asUintN(160, beneficiary), { size: 20 })))
        if (account && account.balance > 0n) add(frame, { from: address, to: () => to, value: account.balance })
      },
    }),
    /** The logs of the execution since the last call, with its transfers between them. */
    take(logs: readonly EvmLog[]): (EvmLog & { logIndex: number })[] {
      const rest = [...logs]
      const items = frames.flat()
      frames = [[]]
      const topic = (address: Address) => pad(bytesToHex(address.bytes))
      return items.flatMap(({ logIndex, transfer }) => {
        const to = transfer?.to()
        const log = transfer && to ? { address: ETH, topics: [TRANSFER, topic(transfer.from), topic(to)], data: numberToHex(transfer.value, { size: 32 }) } : rest.shift()
        return log ? [{ ...log, logIndex }] : []
      })
    },
  }
}
