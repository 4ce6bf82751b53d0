declare module 'secp256k1' {
  export function ecdsaRecover(signature: Uint8Array, recoveryId: number, hash: Uint8Array, compressed?: boolean): Uint8Array
  const secp256k1: { ecdsaRecover: typeof ecdsaRecover }
  export default secp256k1
}
