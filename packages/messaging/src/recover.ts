import { hashMessage, hexToBytes, keccak256, type Address, type Hex } from 'viem'
import secp256k1 from 'secp256k1'

/** Whether an account made this EIP-191 signature over the 32 bytes of a digest. Native code: 0.1 ms instead of 3. False for anything malformed. */
export function isSignedBy(digest: Hex, signature: Hex, account: Address): boolean {
  const bytes = hexToBytes(signature)
  const recovery = bytes[64] as number
  const parity = recovery >= 27 ? recovery - 27 : recovery
  if (bytes.length !== 65 || parity > 1) return false
  let key: Uint8Array
  try {
    key = secp256k1.ecdsaRecover(bytes.subarray(0, 64), parity, hexToBytes(hashMessage({ raw: digest })), false)
  } catch (error) {
    // Recovery fails for nothing but a signature that no key can have made.
    if (error instanceof Error) return false
    throw error
  }
  return BigInt(`0x${keccak256(key.subarray(1)).slice(-40)}`) === BigInt(account)
}
