import type { Address } from 'viem'

/** The messenger predeploy of every chain. */
export const MESSENGER: Address = '0xca5E000000000000000000000000000000000001'
/** EIP-2718 type of a system transaction. */
export const SYSTEM_TYPE = 0x7d
/** Block gas limit unless the chain says otherwise. */
export const DEFAULT_GAS_LIMIT = 30_000_000n
/** Base fee of the genesis block, wei. */
export const GENESIS_BASE_FEE = 1_000_000_000n
/** Largest signed transaction the engine looks at, bytes (geth's limit). */
export const MAX_TRANSACTION_BYTES = 131_072
