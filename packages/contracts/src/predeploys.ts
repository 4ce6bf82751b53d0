import { aliasL1Address } from '@causeway/core'
import { concatHex, encodePacked, getCreate2Address, keccak256, pad, toHex, type Address, type Hex } from 'viem'
import { causewayBridgeL2DeployedBytecode } from './generated/CausewayBridgeL2.js'
import { causewayMessengerDeployedBytecode } from './generated/CausewayMessenger.js'
import { causewayTokenDeployedBytecode } from './generated/CausewayToken.js'

/** Accounts that every chain has from its genesis on. */
export const PREDEPLOYS = {
  /** `CausewayMessenger` */
  messenger: '0xca5E000000000000000000000000000000000001',
  /** `CausewayBridgeL2` */
  bridge: '0xca5e000000000000000000000000000000000002',
  /** `CausewayToken`, the code of all wrappers */
  tokenImplementation: '0xCa5E000000000000000000000000000000000003',
} as const satisfies Record<string, Address>

/** `msg.sender` of the transactions by which a node delivers messages. Nobody has its key. */
export const SYSTEM_SENDER: Address = '0xcA5E00000000000000000000000000000000ffFf'

/** An account of a genesis block. `storage` maps 32-byte slots to 32-byte values. */
export type GenesisPredeploy = { address: Address; code: Hex; storage: Readonly<Record<Hex, Hex>> }

/**
 * The predeploys of a chain's genesis. Storage of the messenger: slot 0 is L1's chain id, slot 1 L1's bridge in its aliased form
 * (needed only to take announcements of L1's tokens), slot 2 the nonce, 0 at genesis. The others start empty.
 * @param l1Bridge the cluster's `CausewayBridge`; without it wrappers of L1's tokens keep their default name
 */
export function predeployGenesis(l1ChainId: bigint, l1Bridge?: Address): GenesisPredeploy[] {
  const storage: Record<Hex, Hex> = { [slot(0)]: toHex(l1ChainId, { size: 32 }) }
  if (l1Bridge !== undefined) storage[slot(1)] = pad(aliasL1Address(l1Bridge), { size: 32 })
  return [
    { address: PREDEPLOYS.messenger, code: causewayMessengerDeployedBytecode, storage },
    { address: PREDEPLOYS.bridge, code: causewayBridgeL2DeployedBytecode, storage: {} },
    { address: PREDEPLOYS.tokenImplementation, code: causewayTokenDeployedBytecode, storage: {} },
  ]
}

/**
 * Address of the wrapper of a foreign token, the same on every chain, deployed or not: what `wrapperOf` of the bridge predeploy
 * answers. A wrapper is an EIP-1167 clone, by CREATE2 with salt 0, with its home (chain id, 8 bytes, and address) after its code.
 */
export function wrapperAddress(home: { chain: bigint; address: Address }): Address {
  const args = encodePacked(['uint64', 'address'], [home.chain, home.address])
  const code = concatHex(['0x363d3d373d3d3d363d73', PREDEPLOYS.tokenImplementation, '0x5af43d82803e903d91602b57fd5bf3', args])
  const size = toHex((code.length - 2) / 2, { size: 2 })
  const initCode = concatHex(['0x61', size, '0x3d81600a3d39f3', code])
  return getCreate2Address({ from: PREDEPLOYS.bridge, salt: toHex(0, { size: 32 }), bytecodeHash: keccak256(initCode) })
}

function slot(index: number): Hex {
  return toHex(index, { size: 32 })
}
