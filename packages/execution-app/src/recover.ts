import secp256k1 from 'secp256k1'
import type { Recover } from './action.js'

/** Native recovery: 60 µs, where one in JavaScript takes 1.5 ms. */
export const recover: Recover = (hash, signature, parity) => secp256k1.ecdsaRecover(signature, parity, hash, false).subarray(1)
