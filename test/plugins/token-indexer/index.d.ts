import type { Plugin, ServiceName } from '@causeway/core'
import type { Address, Hex } from 'viem'

export type Transfer = { block: bigint; logIndex: number; token: Address; from: Address; to: Address; amount: bigint }
export type Balance = { token: Address; amount: bigint }
/** After which transfer to go on: the last of the answer before. */
export type Place = { block: bigint | Hex; logIndex: number }

/** What plugins that require the indexer get. */
export type TokenIndexer = {
  /** Oldest first, at most 1000: of a token, of a holder, or of a holder in a token. */
  transfers(query: { token?: Address; holder?: Address; after?: Place; limit?: number }): Transfer[]
  /** Of a holder, by address of the token, at most 1000: what came less what went, as the logs say. */
  balances(query: { holder: Address; after?: Address; limit?: number }): Balance[]
}

export declare const TOKEN_INDEXER: ServiceName<TokenIndexer>

/**
 * Keeps the ERC-20 transfers of an EVM chain in an SQLite file in its folder. Serves `token_transfers` and `token_balances`, each with one parameter, as in
 * {@link TokenIndexer}; numbers are hex quantities.
 */
export declare function tokenIndexer(): Plugin
