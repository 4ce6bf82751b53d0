// The compression function F of BLAKE2b (RFC 7693, section 3.2), for the precompile of EIP-152.
//
// Memory, from 0: the state h (8 u64), the message m (16), the offset t (2); then the schedule, ten rows of 16 bytes.

const MESSAGE: u32 = 64
const OFFSET: u32 = 192
const SCHEDULE: u32 = 256

// @ts-ignore: decorator
@inline
function word(row: u32, i: u32): u64 {
  return load<u64>(MESSAGE + 8 * <u32>load<u8>(row + i))
}

/** F on what is in memory; the new state takes the place of the old one. */
export function compress(rounds: u32, last: bool): void {
  let v0 = load<u64>(0)
  let v1 = load<u64>(8)
  let v2 = load<u64>(16)
  let v3 = load<u64>(24)
  let v4 = load<u64>(32)
  let v5 = load<u64>(40)
  let v6 = load<u64>(48)
  let v7 = load<u64>(56)
  let v8: u64 = 0x6a09e667f3bcc908
  let v9: u64 = 0xbb67ae8584caa73b
  let v10: u64 = 0x3c6ef372fe94f82b
  let v11: u64 = 0xa54ff53a5f1d36f1
  let v12: u64 = 0x510e527fade682d1 ^ load<u64>(OFFSET)
  let v13: u64 = 0x9b05688c2b3e6c1f ^ load<u64>(OFFSET + 8)
  let v14: u64 = 0x1f83d9abfb41bd6b
  let v15: u64 = 0x5be0cd19137e2179
  if (last) v14 = ~v14
  let row: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) {
    const sigma = SCHEDULE + 16 * row
    row = row == 9 ? 0 : row + 1
    v0 = v0 + v4 + word(sigma, 0)
    v12 = rotr<u64>(v12 ^ v0, 32)
    v8 = v8 + v12
    v4 = rotr<u64>(v4 ^ v8, 24)
    v0 = v0 + v4 + word(sigma, 1)
    v12 = rotr<u64>(v12 ^ v0, 16)
    v8 = v8 + v12
    v4 = rotr<u64>(v4 ^ v8, 63)
    v1 = v1 + v5 + word(sigma, 2)
    v13 = rotr<u64>(v13 ^ v1, 32)
    v9 = v9 + v13
    v5 = rotr<u64>(v5 ^ v9, 24)
    v1 = v1 + v5 + word(sigma, 3)
    v13 = rotr<u64>(v13 ^ v1, 16)
    v9 = v9 + v13
    v5 = rotr<u64>(v5 ^ v9, 63)
    v2 = v2 + v6 + word(sigma, 4)
    v14 = rotr<u64>(v14 ^ v2, 32)
    v10 = v10 + v14
    v6 = rotr<u64>(v6 ^ v10, 24)
    v2 = v2 + v6 + word(sigma, 5)
    v14 = rotr<u64>(v14 ^ v2, 16)
    v10 = v10 + v14
    v6 = rotr<u64>(v6 ^ v10, 63)
    v3 = v3 + v7 + word(sigma, 6)
    v15 = rotr<u64>(v15 ^ v3, 32)
    v11 = v11 + v15
    v7 = rotr<u64>(v7 ^ v11, 24)
    v3 = v3 + v7 + word(sigma, 7)
    v15 = rotr<u64>(v15 ^ v3, 16)
    v11 = v11 + v15
    v7 = rotr<u64>(v7 ^ v11, 63)
    v0 = v0 + v5 + word(sigma, 8)
    v15 = rotr<u64>(v15 ^ v0, 32)
    v10 = v10 + v15
    v5 = rotr<u64>(v5 ^ v10, 24)
    v0 = v0 + v5 + word(sigma, 9)
    v15 = rotr<u64>(v15 ^ v0, 16)
    v10 = v10 + v15
    v5 = rotr<u64>(v5 ^ v10, 63)
    v1 = v1 + v6 + word(sigma, 10)
    v12 = rotr<u64>(v12 ^ v1, 32)
    v11 = v11 + v12
    v6 = rotr<u64>(v6 ^ v11, 24)
    v1 = v1 + v6 + word(sigma, 11)
    v12 = rotr<u64>(v12 ^ v1, 16)
    v11 = v11 + v12
    v6 = rotr<u64>(v6 ^ v11, 63)
    v2 = v2 + v7 + word(sigma, 12)
    v13 = rotr<u64>(v13 ^ v2, 32)
    v8 = v8 + v13
    v7 = rotr<u64>(v7 ^ v8, 24)
    v2 = v2 + v7 + word(sigma, 13)
    v13 = rotr<u64>(v13 ^ v2, 16)
    v8 = v8 + v13
    v7 = rotr<u64>(v7 ^ v8, 63)
    v3 = v3 + v4 + word(sigma, 14)
    v14 = rotr<u64>(v14 ^ v3, 32)
    v9 = v9 + v14
    v4 = rotr<u64>(v4 ^ v9, 24)
    v3 = v3 + v4 + word(sigma, 15)
    v14 = rotr<u64>(v14 ^ v3, 16)
    v9 = v9 + v14
    v4 = rotr<u64>(v4 ^ v9, 63)
  }
  store<u64>(0, load<u64>(0) ^ v0 ^ v8)
  store<u64>(8, load<u64>(8) ^ v1 ^ v9)
  store<u64>(16, load<u64>(16) ^ v2 ^ v10)
  store<u64>(24, load<u64>(24) ^ v3 ^ v11)
  store<u64>(32, load<u64>(32) ^ v4 ^ v12)
  store<u64>(40, load<u64>(40) ^ v5 ^ v13)
  store<u64>(48, load<u64>(48) ^ v6 ^ v14)
  store<u64>(56, load<u64>(56) ^ v7 ^ v15)
}
