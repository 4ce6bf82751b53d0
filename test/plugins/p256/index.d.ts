import type { Plugin } from '@causeway/core'
import type { Address } from 'viem'

/** Where the precompile is, unless the plugin is told otherwise. */
export declare const P256_VERIFY: Address

/**
 * P-256 signatures at an address of their own, with the input and the answer of EIP-7951 (which osaka has at `0x100`): hash, r, s, x and y of 32
 * bytes each; a word that is 1, or nothing. Serves `p256_verify`, whose one parameter is `{ hash, r, s, x, y }` and whose answer is a boolean.
 */
export declare function p256(options?: { address?: Address }): Plugin
