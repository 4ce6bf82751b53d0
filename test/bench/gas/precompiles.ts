import { concat, hexToBytes, numberToBytes, sha256, type Hex } from 'viem'
import { endless, type Part } from './assembler.js'
import { anyBytes, type GasCase, type Program, type Random } from './case.js'

const word = (value: number | bigint): Uint8Array => numberToBytes(value, { size: 32 })

/** A program that copies its calldata to memory and calls a precompile with it, for ever. */
function calling(address: bigint, input: string, data: Uint8Array): Program {
  const size = BigInt(data.length)
  const setup: Part[] = size > 0n ? [size, 0n, 0n, 'CALLDATACOPY'] : []
  return { input, code: endless(setup, [0n, 0n, size, 0n, address, 'GAS', 'STATICCALL', 'POP']), calldata: data }
}

const precompile = (address: bigint, name: string, inputs: (random: Random) => readonly (readonly [input: string, data: Uint8Array])[]): GasCase => ({
  name,
  programs: (random) => inputs(random).map(([input, data]) => calling(address, input, data)),
})

const sized = (sizes: readonly number[]) => (random: Random) => sizes.map((size) => [`${size} bytes`, anyBytes(random, size)] as const)

const modexp = (base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array => concat([word(base.length), word(exponent.length), word(modulus.length), base, exponent, modulus])
const odd = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? byte | 1 : i === 0 ? byte | 0x80 : byte))

const even = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === bytes.length - 1 ? (byte & 0xf0) | 8 : byte))

const G1 = hexToBytes('0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1')
const G2 = hexToBytes(
  `0x${['024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8', '13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e', '0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801', '0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be'].map((part) => part.padStart(128, '0')).join('')}` as Hex,
)
const point = (x: bigint, y: bigint): Uint8Array => concat([word(x), word(y)])
const BN_G2 = hexToBytes('0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa')
const DOUBLE = point(0x030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3n, 0x15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4n)
const repeat = (part: Uint8Array, times: number): Uint8Array => concat(Array.from({ length: times }, () => part))
const ones = new Uint8Array(32).fill(0xff)

/** An opening of a blob whose i-th element is (7i + 3) mod 256 at 0x105, made with @crate-crypto/node-eth-kzg. */
const COMMITMENT = hexToBytes('0x98cb856dc7ac7656a6c4b50c16ab4c5be3e2be7e6a12e6d99164c985e033cd4dc089d412a39e9809684b7def82f4aed9')
const OPENED = hexToBytes('0x47fd9cad612c278abecd6689833b9d4f0629296aa23b4cf90fe78eb561a8d0b7')
const PROOF = hexToBytes('0x891ed15b5ddb0f7df4a21ac22d934665ce1392bf5352170aeffb798fe8ada5eb3a8ed333d6fdc9b2794a0aecf23832d6')
const opening = (point: bigint): Uint8Array => concat([Uint8Array.of(1), hexToBytes(sha256(COMMITMENT)).subarray(1), word(point), OPENED, COMMITMENT, PROOF])

/** A signature of RIP-7212's tests. */
const P256 = hexToBytes(
  `0x${['4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d', 'a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac', '36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60', '4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3', '7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e'].join('')}` as Hex,
)

/** Every precompile. */
export const precompiles: readonly GasCase[] = [
  precompile(1n, 'ECRECOVER', (random) => [['a signature that recovers', hexToBytes('0x18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c000000000000000000000000000000000000000000000000000000000000001c73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75feeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549')], ['none', anyBytes(random, 128)]]),
  precompile(2n, 'SHA256', sized([0, 1, 32, 55, 56, 64, 128, 160, 1_000, 20_000])),
  precompile(3n, 'RIPEMD160', sized([0, 1, 32, 56, 64, 160, 1_000, 20_000])),
  precompile(4n, 'IDENTITY', sized([0, 1, 32, 1_000, 20_000])),
  precompile(5n, 'MODEXP', (random) => [
    ...Array.from({ length: 24 }, (): readonly [string, Uint8Array] => {
      const size = 1 + random.below([8, 32, 64, 256, 1_024][random.below(5)] as number)
      const exponent = 1 + random.below([32, 100, 1_024, 8_000][random.below(4)] as number)
      return [`modulus ${size}, exponent ${exponent} bytes`, modexp(anyBytes(random, size), anyBytes(random, exponent).fill(0xff), odd(anyBytes(random, size)))]
    }),
    ['nothing', new Uint8Array()],
    ['modulus 1, exponent 20,000 bytes', modexp(Uint8Array.of(3), new Uint8Array(20_000).fill(0xff), Uint8Array.of(251))],
    ...[1, 4, 8, 12, 16, 24, 32].flatMap((size) =>
      [32, 81, 1_000].flatMap((exponent): (readonly [string, Uint8Array])[] => [
        [`odd modulus ${size}, exponent ${exponent} bytes`, modexp(anyBytes(random, size), new Uint8Array(exponent).fill(0xff), odd(anyBytes(random, size)))],
        [`even modulus ${size}, exponent ${exponent} bytes`, modexp(anyBytes(random, size), new Uint8Array(exponent).fill(0xff), even(odd(anyBytes(random, size))))],
      ]),
    ),
    ['modulus 8, exponent 81 bytes', modexp(anyBytes(random, 8), new Uint8Array(81).fill(0xff), odd(anyBytes(random, 8)))],
  ]),
  precompile(6n, 'BN254_ADD', () => [['two points', concat([point(1n, 2n), DOUBLE])], ['a point to itself', concat([point(1n, 2n), point(1n, 2n)])], ['nothing', new Uint8Array()]]),
  precompile(7n, 'BN254_MUL', () => [['by 2^256 − 1', concat([point(1n, 2n), ones])]]),
  precompile(8n, 'BN254_PAIRING', () => [1, 2, 4, 10].map((n) => [`${n} pairs`, repeat(concat([point(1n, 2n), BN_G2]), n)])),
  precompile(9n, 'BLAKE2F', (random) => [0, 1, 12, 1_000, 100_000].map((rounds) => [`${rounds} rounds`, concat([numberToBytes(rounds, { size: 4 }), anyBytes(random, 208), Uint8Array.of(1)])])),
  precompile(0x0an, 'KZG_POINT_EVALUATION', () => [['an opening', opening(0x105n)], ['at another point', opening(2n ** 254n)]]),
  precompile(0x0bn, 'BLS12_G1ADD', () => [['a point to itself', concat([G1, G1])]]),
  precompile(0x0cn, 'BLS12_G1MSM', () => [1, 2, 16, 64].map((n) => [`${n} points`, repeat(concat([G1, ones]), n)])),
  precompile(0x0dn, 'BLS12_G2ADD', () => [['a point to itself', concat([G2, G2])]]),
  precompile(0x0en, 'BLS12_G2MSM', () => [1, 2, 16].map((n) => [`${n} points`, repeat(concat([G2, ones]), n)])),
  precompile(0x0fn, 'BLS12_PAIRING', () => [1, 2, 4].map((n) => [`${n} pairs`, repeat(concat([G1, G2]), n)])),
  precompile(0x10n, 'BLS12_MAP_FP_TO_G1', (random) => [['an element', concat([new Uint8Array(17), anyBytes(random, 47)])]]),
  precompile(0x11n, 'BLS12_MAP_FP2_TO_G2', (random) => [['an element', concat([new Uint8Array(17), anyBytes(random, 47), new Uint8Array(17), anyBytes(random, 47)])]]),
  precompile(0x100n, 'P256VERIFY', () => [['a signature', P256]]),
]

