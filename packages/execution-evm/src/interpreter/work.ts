import type { Common } from '@ethereumjs/common'
import { blake2Rounds } from './blake2f.js'
import { modexpCost } from './modexp.js'

/**
 * Work: what an execution costs a node beyond what its gas is worth, in nanoseconds of the reference machine. Plain opcodes have none,
 * since a gas of them takes less than 25 ns; the others have what is written here, which `npm run bench:gas` measures.
 * The same everywhere, so it decides about results: changing a number is a new version of the chain's rules.
 */

/** Work that a block may do for each gas of its limit: 0.75 s for 30M. One execution may do half of it. */
export const WORK_PER_GAS = 25

const OPCODES: Readonly<Record<number, number>> = {
  0x31: 1_000, // BALANCE
  0x3b: 1_000, // EXTCODESIZE
  0x3c: 1_000, // EXTCODECOPY
  0x3e: 150, // RETURNDATACOPY
  0x3f: 1_000, // EXTCODEHASH
  0x40: 300, // BLOCKHASH
  0x54: 1_000, // SLOAD
  0x55: 1_000, // SSTORE
  0x5c: 500, // TLOAD
  0x5d: 1_000, // TSTORE
  0xa0: 2_000, // LOG0
  0xa1: 2_000,
  0xa2: 2_000,
  0xa3: 2_000,
  0xa4: 2_000, // LOG4
  0xf0: 40_000, // CREATE
  0xf1: 1_000, // CALL
  0xf2: 1_000, // CALLCODE
  0xf4: 1_000, // DELEGATECALL
  0xf5: 40_000, // CREATE2
  0xfa: 1_000, // STATICCALL
  0xff: 10_000, // SELFDESTRUCT
}

/** Work of an opcode that is not plain. */
export const opcodeWork = (opcode: number): number => OPCODES[opcode] ?? 0

/** What a precompile takes for an input: the least gas, without which it does nothing, and its work. */
export type Cost = { gas: number; work: number }

const PAIR_OF_BN254 = 192
const BLS = { g1: 160, g2: 288, pair: 384 }

/** The cost of a precompile, by its address (EIP-196, 197, 198, 1108, 152, 4844, 2537). */
export function precompileCost(address: number, data: Uint8Array, common: Common): Cost {
  const words = Math.ceil(data.length / 32)
  const parts = (size: number): number => Math.ceil(data.length / size)
  switch (address) {
    case 0x01: // ECRECOVER
      return { gas: 3_000, work: 70_000 }
    case 0x02: // SHA256
      return { gas: 60 + 12 * words, work: 3_000 + 60 * words }
    case 0x03: // RIPEMD160
      return { gas: 600 + 120 * words, work: 8_000 + 1_500 * words }
    case 0x04: // IDENTITY
      return { gas: 15 + 3 * words, work: 2_000 + 20 * words }
    case 0x05: // MODEXP
      return modexpCost(data, common)
    case 0x06: // BN254_ADD
      return { gas: 150, work: 10_000 }
    case 0x07: // BN254_MUL
      return { gas: 6_000, work: 160_000 }
    case 0x08: // BN254_PAIRING
      return { gas: 45_000 + 34_000 * Math.floor(data.length / PAIR_OF_BN254), work: 2_000_000 + 2_000_000 * parts(PAIR_OF_BN254) }
    case 0x09: // BLAKE2F
      return { gas: blake2Rounds(data), work: 2_000 + 25 * blake2Rounds(data) }
    case 0x0a: // KZG_POINT_EVALUATION
      return { gas: 50_000, work: 4_500_000 }
    case 0x0b: // BLS12_G1ADD
      return { gas: 375, work: 14_000 }
    case 0x0c: // BLS12_G1MSM, whose price for many points falls to 0.519
      return { gas: 6_228 * parts(BLS.g1), work: 450_000 * parts(BLS.g1) }
    case 0x0d: // BLS12_G2ADD
      return { gas: 600, work: 25_000 }
    case 0x0e: // BLS12_G2MSM, 0.524
      return { gas: 11_790 * parts(BLS.g2), work: 800_000 * parts(BLS.g2) }
    case 0x0f: // BLS12_PAIRING
      return { gas: 37_700 + 32_600 * parts(BLS.pair), work: 1_500_000 + 2_000_000 * parts(BLS.pair) }
    case 0x10: // BLS12_MAP_FP_TO_G1
      return { gas: 5_500, work: 160_000 }
    case 0x11: // BLS12_MAP_FP2_TO_G2
      return { gas: 23_800, work: 900_000 }
    case 0x100: // P256VERIFY
      return { gas: 6_900, work: 400_000 }
    default:
      return { gas: 0, work: 1_000_000 }
  }
}
