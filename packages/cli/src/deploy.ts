import type { ChainClient, ChainWallet } from '@causeway/cluster'

/** A chain as `scripts/deploy.ts` of a project meets it. */
export type DeployedChain = {
  name: string
  chainId: bigint
  rpcUrl: string
  /** A viem public client with Causeway's actions. */
  client: ChainClient
  /** A viem wallet of funded account number `index` (default 0), with public actions and Causeway's. */
  wallet(index?: number): ChainWallet
}

/** What `causeway dev` gives to the default export of `scripts/deploy.ts`, each time that it runs it. */
export type DeployContext = {
  /** The project's chain. */
  chain: DeployedChain
  /** Another chain of the local cluster, an EVM chain with the same funded accounts; undefined in a cluster that somebody else runs. */
  neighbour: DeployedChain | undefined
  /** Where something was deployed before, by name; undefined the first time, and after a reset. */
  deployed(name: string): `0x${string}` | undefined
  /** Notes where something is now: `causeway dev` prints it, and keeps it in `.causeway/deployments.json`. */
  save(name: string, address: `0x${string}`): void
}

/** The default export of `scripts/deploy.ts`. It runs at each start and after each change of a contract. */
export type Deploy = (context: DeployContext) => Promise<void>
