import { createRandom } from '@causeway/testing'
import { concat, hexToBytes, type Address } from 'viem'

/** Seeded random numbers and bytes. */
export function numbers(seed: number) {
  const { below } = createRandom(seed)
  const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => below(256))
  const one = <T>(...of: readonly T[]): T => of[below(of.length)] as T
  return { below, bytes, one }
}
export type Numbers = ReturnType<typeof numbers>

/** Accounts of the programs' world. */
export const WORLD = {
  self: '0x00000000000000000000000000000000000e0000',
  other: '0x00000000000000000000000000000000000e1111',
  /** Has the other's code by EIP-7702. */
  delegated: '0x00000000000000000000000000000000000e2222',
  poor: '0x00000000000000000000000000000000000e3333',
} as const satisfies Record<string, Address>

const of = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const push = (value: number): Uint8Array => (value > 255 ? of(0x61, value >> 8, value & 255) : of(0x60, value))
const ADDRESS = 0x73

/** Init code of at most 32 bytes: of contracts that do something, of some that fail, and some that are not allowed. */
const INIT = ['600a5ff3', '33ff', 'fe', '5f5ffd', '60015ffd', '600160015560205ff3', '60ef5f5360015ff3', '61600160e01b5f5260045ff3', '7f33ff0000000000000000000000000000000000000000000000000000000000005f', '5f545f555f5fa0', '6133ff5f526002601ef3', '61f1fe5f5260205ff3', '610fff610fff61ffff5ff3', '47ff'] as const

/** Operands of any kind of opcode that needs an account. */
function account({ one, below }: Numbers): Uint8Array {
  const precompile = hexToBytes(`0x${one(String(1 + below(9)), '100').padStart(40, '0')}`)
  return concat([of(ADDRESS), one(hexToBytes(WORLD.other), hexToBytes(WORLD.other), precompile, hexToBytes(WORLD.self), hexToBytes(WORLD.delegated), hexToBytes(WORLD.poor))])
}

const KINDS: readonly ((random: Numbers, at: number) => Uint8Array)[] = [
  ({ below }) => push(below(256)),
  ({ below }) => push(below(256)),
  ({ below }) => push(below(3)),
  ({ bytes }) => concat([of(0x7f), bytes(32)]),
  ({ below }) => of(0x80 + below(6), 0x90 + below(4)),
  ...Array.from({ length: 3 }, () => ({ one, bytes, below }: Numbers) => concat([push(below(256)), one(push(below(40)), concat([of(0x7f), bytes(32)])), one(push(below(256)), concat([of(0x7f), bytes(32)])), of(one(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d))])),
  // CLZ, which is no opcode before osaka.
  ({ below }) => (below(15) === 0 ? concat([push(below(256)), of(0x1e)]) : of(0x5b)),
  ({ one, below }) => concat([push(below(255)), push(one(0, 1, below(255))), of(one(0x20, 0x52, 0x53, 0x55, 0x55, 0x5d))]),
  ({ one, below }) => concat([push(below(3)), of(one(0x51, 0x54, 0x5c, 0x35, 0x40, 0x49))]),
  ({ one, below }) => concat([push(below(8)), of(0x43, 0x03, one(0x40, 0x01))]),
  ({ one }) => of(one(0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x47, 0x48, 0x4a, 0x58, 0x59, 0x5a, 0x5b)),
  // Accounts.
  (random) => concat([account(random), of(random.one(0x31, 0x3b, 0x3f))]),
  (random) => concat([push(random.below(80)), push(random.below(80)), push(random.below(90)), account(random), of(0x3c)]),
  // Copies.
  ({ below, one }) => concat([push(below(70)), push(one(0, below(90), below(3_000))), push(one(0, below(90), below(700))), of(one(0x37, 0x39, 0x5e))]),
  // No more than a byte or two, and none if nothing was returned.
  ({ below }) => concat([...[below(3), below(2)].flatMap((most) => [push(most), of(0x3d, 0x15, 0x15, 0x02)]), push(below(300)), of(0x3e)]),
  // Logs.
  ({ below }) => {
    const topics = below(5)
    return concat([...Array.from({ length: topics }, () => push(below(256))), push(below(70)), push(below(90)), of(0xa0 + topics)])
  },
  // Jumps forward, over what would be wrong; sometimes to nowhere.
  ({ below, one, bytes }, at) => {
    const junk = bytes(below(6)).map((byte) => (byte >= 0x60 && byte <= 0x7f ? 0xfe : byte))
    const isConditional = below(2) === 0
    const head = isConditional ? 6 : 4
    const to = at + head + junk.length + (below(40) === 0 ? 1 : 0)
    return concat([...(isConditional ? [push(one(0, 1))] : []), of(0x61, to >> 8, to & 255), of(isConditional ? 0x57 : 0x56), isConditional ? junk.fill(0x5b) : junk, of(0x5b)])
  },
  // Creations, and a call of what was made.
  ({ below, one, bytes }) => {
    const init = hexToBytes(`0x${one(...INIT)}`).subarray(0, 32)
    const isSalted = below(2) === 0
    const word = concat([init, new Uint8Array(32 - init.length)])
    const call = of(0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, 0x61, 0x20, 0x00, 0xf1)
    return concat([of(0x7f), word, of(0x5f, 0x52), ...(isSalted ? [push(below(2))] : []), push(one(32, init.length, 0)), of(0x5f), push(one(0, 0, 1, 60)), of(isSalted ? 0xf5 : 0xf0), ...(below(2) === 0 ? [call] : []), ...(below(50) === 0 ? [bytes(1)] : [])])
  },
  // Calls, some with ETH.
  ...Array.from({ length: 3 }, () => (random: Numbers) => {
    const { below, one } = random
    const opcode = one(0xf1, 0xf1, 0xf2, 0xf4, 0xfa)
    const sizes = [below(64), below(64), below(96), below(64)].map(push)
    const value = opcode < 0xf4 ? [push(one(0, 0, 0, 1, 2, 200))] : []
    return concat([...sizes, ...value, account(random), push(one(0, 2_300, 0x4000, 0x7fff)), of(opcode), ...(below(2) === 0 ? [of(0x3d, 0x5f, 0x5f, 0x3e)] : [])])
  }),
  // Ends, now and then.
  (random) => (random.below(25) === 0 ? concat([account(random), of(0xff)]) : of(0x5b)),
  ({ below, one }) => (below(12) === 0 ? concat([push(below(64)), push(below(64)), push(one(0, 1)), push(1), of(one(0xf3, 0xfd, 0x00, 0xfe))]) : of(0x5b)),
]

/** Random code: mostly operands and opcodes that find some, of every kind. */
export function program(random: Numbers): Uint8Array {
  const parts: Uint8Array[] = [of(...Array.from({ length: 12 }, (_, i) => [0x60, i]).flat())]
  let at = 24
  for (let i = 0; i < 160; i++) {
    const part = random.one(...KINDS)(random, at)
    parts.push(part)
    at += part.length
  }
  return concat([...parts, of(0x60, 96, 0x5f, random.one(0xf3, 0xfd, 0x00))])
}
