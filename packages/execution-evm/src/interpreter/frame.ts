import type { Block } from '@ethereumjs/block'
import type { EVM, EVMError, Log, PrecompileFunc } from '@ethereumjs/evm'
import { Address } from '@ethereumjs/util'
import { hexToBytes } from 'viem'
import type { Deadline } from '../deadline.js'
import type { FlatState, Place } from '../state.js'
import { align, copyWord, ENVIRONMENT, FIRST, FRAME, framesEnd, keptCode, placeCode, readHex, writeBytes, writeWord, type Arena } from './arena.js'
import type { Transient, Warmth } from './journal.js'
import type { Meter } from './meter.js'

/** A message of EthereumJS and all the frames that come of it. */
export type Execution = {
  evm: EVM
  arena: Arena
  meter: Meter
  state: FlatState['now']
  warmth: Warmth
  transient: Transient
  precompiles: ReadonlyMap<string, PrecompileFunc>
  /** EIP-7702: accounts may name another's code. */
  delegates: boolean
  blockHash(number: number): Uint8Array
  blockNumber: number
  blobHashes: readonly `0x${string}`[]
  /** What is left of it if it ends well; a frame that fails takes back what came after its marks. */
  logs: Log[]
  selfdestructs: Map<string, string>
  created: Set<string>
  refund: number
  places: Map<string, Place>
  deadline: Deadline | undefined
}

/** Why a frame fails. */
export type Failure = EVMError['error']

/** A frame: its numbers are in the arena, what belongs to the host is here. */
export type Frame = {
  /** Where it is in the arena. */
  readonly at: number
  readonly parent: Frame | undefined
  readonly self: Place
  readonly depth: number
  /** Whether it may change nothing. */
  readonly isStatic: boolean
  /** Whether it runs init code, whose result becomes the code of `self`. */
  readonly isCreate: boolean
  /** Where the state, the logs and the refund were. */
  readonly marks: Marks
  /** Where its caller wants the result. */
  readonly out: { at: number; size: number }
  /** What its last call gave. */
  returned: Uint8Array
}
export type Marks = { state: number; logs: number; refund: number }

export const marksOf = ({ state, logs, refund }: Execution): Marks => ({ state: state.mark(), logs: logs.length, refund })

/** Takes back all since the marks. */
export function takeBack(execution: Execution, marks: Marks): undefined {
  execution.state.undoTo(marks.state)
  execution.logs.length = marks.logs
  execution.refund = marks.refund
}

/** The gas that a frame has left. In a block it is far from 2^53. */
export const gasOf = ({ words }: Arena, frame: number): number => (words[frame >>> 2] as number) + 0x1_0000_0000 * (words[(frame >>> 2) + 1] as number)

export function setGas({ words }: Arena, frame: number, gas: number): void {
  words[frame >>> 2] = gas % 0x1_0000_0000
  words[(frame >>> 2) + 1] = Math.floor(gas / 0x1_0000_0000)
}

/** The account whose address is on the stack. */
export const placeAt = (execution: Execution, at: number): Place => placeOfKey(execution, readHex(execution.arena, at, 20))

/** The account of an address in hex. */
export function placeOfKey({ places }: Execution, key: string): Place {
  const known = places.get(key)
  if (known) return known
  const place = { key, address: new Address(hexToBytes(`0x${key}`)) }
  places.set(key, place)
  return place
}

/** Gas of words of memory (Yellow Paper, appendix H). */
const memoryGas = (words: number): number => 3 * words + Math.floor((words * words) / 512)

/** Gas that it takes for a frame's memory to reach a byte. */
export function expansionGas({ words: fields }: Arena, frame: number, reach: number): number {
  const known = fields[(frame + FRAME.words) >>> 2] as number
  const words = Math.ceil(reach / 32)
  return words <= known ? 0 : memoryGas(words) - memoryGas(known)
}

/** Where a range of memory ends; nowhere if it is empty. */
export const reachOf = (offset: number, size: number): number => (size === 0 ? 0 : offset + size)

const blocks = new WeakMap<Block, readonly (bigint | Uint8Array)[]>()

/** COINBASE, TIMESTAMP, NUMBER, PREVRANDAO, GASLIMIT, CHAINID, BASEFEE and BLOBBASEFEE of a block. */
function numbersOf(block: Block): readonly (bigint | Uint8Array)[] {
  const { header, common } = block
  const known = blocks.get(block)
  if (known) return known
  const numbers = [header.coinbase.bytes, header.timestamp, header.number, header.prevRandao, header.gasLimit, common.chainId(), header.baseFeePerGas ?? 0n, header.getBlobGasPrice()]
  blocks.set(block, numbers)
  return numbers
}

/** Writes the numbers that all frames share. */
export function writeEnvironment(arena: Arena, { gasPrice, origin, block }: { gasPrice: bigint; origin: Address; block: Block }): void {
  for (const [i, number] of [gasPrice, origin.bytes, ...numbersOf(block)].entries())
    if (typeof number === 'bigint') writeWord(arena, ENVIRONMENT + 32 * i, number)
    else writeBytes(arena, ENVIRONMENT + 32 * i, number)
}

/** What a new frame is made of. */
export type Opening = Omit<Frame, 'at' | 'returned'> & {
  code: Uint8Array
  gas: number
  /** In the arena, or from outside. */
  data: Uint8Array | { at: number; size: number }
}

/** Lays out a frame behind its parent's memory; undefined if there is no room, which no block's gas can bring about. Caller and value are still to be written. */
export function openFrame({ arena }: Execution, { parent, self, depth, isStatic, isCreate, marks, out, code, gas, data }: Opening): Frame | undefined {
  const { bytes, words } = arena
  const at = parent === undefined ? FIRST : align((words[(parent.at + FRAME.memory) >>> 2] as number) + 32 * (words[(parent.at + FRAME.words) >>> 2] as number), 64)
  const own = at + FRAME.size
  const outside = data instanceof Uint8Array ? data : undefined
  const dataSize = data instanceof Uint8Array ? data.length : data.size
  if (own + 2 * code.length + (outside ? dataSize : 0) + 512 > framesEnd(bytes.length)) return undefined
  // Init code lies in memory, and is used once.
  const kept = isCreate ? undefined : keptCode(arena, code)
  const placed = kept ?? placeCode(arena, code, own)
  let end = kept ? own : placed.end
  const dataAt = data instanceof Uint8Array ? align(end, 8) : data.at
  if (outside) {
    bytes.set(outside, dataAt)
    end = dataAt + dataSize
  }
  setGas(arena, at, gas)
  words[(at + FRAME.pc) >>> 2] = 0
  words[(at + FRAME.top) >>> 2] = at + FRAME.stack
  words[(at + FRAME.code) >>> 2] = placed.code
  words[(at + FRAME.codeSize) >>> 2] = code.length
  words[(at + FRAME.jumps) >>> 2] = placed.jumps
  words[(at + FRAME.memory) >>> 2] = align(end, 32)
  words[(at + FRAME.words) >>> 2] = 0
  words[(at + FRAME.data) >>> 2] = dataAt
  words[(at + FRAME.dataSize) >>> 2] = dataSize
  words[(at + FRAME.returnSize) >>> 2] = 0
  words[(at + FRAME.balanceKnown) >>> 2] = 0
  return { at, parent, self, depth, isStatic, isCreate, marks, out, returned: NOTHING }
}

export const NOTHING = new Uint8Array()

/** Copies an address within the arena. */
export const copyAddress = (arena: Arena, to: number, from: number): void => copyWord(arena, to, from, true)
