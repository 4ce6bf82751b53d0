import type { CausewayActions } from '@causeway/client'
import type { Chain, HttpTransport, PrivateKeyAccount, PublicActions, PublicClient, WalletClient } from 'viem'

// Interfaces, because a declaration file names them; it would spell inferred types and aliases out, down to modules that viem does not export.

/** A viem public client of L1. */
export interface L1Client extends PublicClient {}
/** A viem wallet of one user on L1. */
export interface L1Wallet extends WalletClient<HttpTransport, undefined, PrivateKeyAccount> {}
/** A viem public client of a chain with Causeway's actions. */
export interface ChainClient extends PublicClient<HttpTransport, Chain>, CausewayActions {}
/** A viem wallet of one user on a chain, with public actions and Causeway's. */
export type ChainWallet = WalletClient<HttpTransport, Chain, PrivateKeyAccount> & PublicActions<HttpTransport, Chain, PrivateKeyAccount> & CausewayActions
