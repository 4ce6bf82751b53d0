import { createKeccak } from 'hash-wasm'
import secp256k1 from 'secp256k1'
import type { Keccak } from './eip712.js'

/** @returns the public key (x ‖ y) behind a signature @throws if there is none */
export type Recover = (hash: Uint8Array, signature: Uint8Array, parity: number) => Uint8Array

/** Native recovery: 60 µs, where one in JavaScript takes 1.5 ms. */
export const recover: Recover = (hash, signature, parity) => secp256k1.ecdsaRecover(signature, parity, hash, false).subarray(1)

const hasher = await createKeccak(256)

/** In WebAssembly: 2 µs, in JavaScript 36 µs. */
export const keccak: Keccak = (bytes) => hasher.init().update(bytes).digest('binary')
