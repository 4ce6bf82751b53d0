import { parseTransaction, type Address, type Hex } from 'viem'
import { create2FactoryDeployment, safeSingletonFactoryDeployment } from './preinstalls/create2-factories.js'
import { erc1820Deployment } from './preinstalls/erc1820.js'
import { multicall3Deployment } from './preinstalls/multicall3.js'
import { permit2InitCode, permit2Salt } from './preinstalls/permit2.js'

export { create2FactoryDeployment, erc1820Deployment, multicall3Deployment, permit2InitCode, permit2Salt, safeSingletonFactoryDeployment }

/**
 * Contracts of others that tools expect on every chain at these addresses. They are in the genesis, as if they had been deployed: tools call
 * them without looking, and a call to an address without code succeeds and does nothing. All are MIT or CC0; what else tools know (ERC-4337's
 * EntryPoint, CreateX) is deployed by its own transaction or through the CREATE2 factory.
 */
export const PREINSTALLS = {
  /** CREATE2 factory of Nick Johnson (Arachnid), the one that Foundry, hardhat-deploy and viem's users have */
  create2Factory: '0x4e59b44847b379578588920cA78FbF26c0B4956C',
  /** Safe's singleton factory */
  safeSingletonFactory: '0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7',
  multicall3: '0xcA11bde05977b3631167028862bE2a173976CA11',
  permit2: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  /** The registry of ERC-1820 */
  erc1820Registry: '0x1820a4B7618BdE71Dce8cdc73aAB6C95905faD24',
} as const satisfies Record<string, Address>

/** How a contract is created at an address: init code, and who runs it. */
export type Creation = { address: Address; initCode: Hex; create2?: { factory: Address; salt: Hex } }

/** The creations of all {@link PREINSTALLS}. An address is a hash of who creates it, so none can be there with other code. */
export function preinstallCreations(): Creation[] {
  const signed = (address: Address, deployment: Hex): Creation => ({ address, initCode: parseTransaction(deployment).data as Hex })
  return [
    signed(PREINSTALLS.create2Factory, create2FactoryDeployment),
    signed(PREINSTALLS.safeSingletonFactory, safeSingletonFactoryDeployment),
    signed(PREINSTALLS.multicall3, multicall3Deployment),
    signed(PREINSTALLS.erc1820Registry, erc1820Deployment),
    { address: PREINSTALLS.permit2, initCode: permit2InitCode, create2: { factory: PREINSTALLS.create2Factory, salt: permit2Salt } },
  ]
}
