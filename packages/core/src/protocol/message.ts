import { concatHex, encodePacked, keccak256, type Hex, sha256 } from 'viem'
import { poseidon2, TAG } from '../crypto/poseidon2.js'
import { addressToBigInt, limbs, uint } from './limits.js'
import type { Message, Token } from './types.js'

/** The ten words w0 … w9 of a message (docs/protocol.md, section 3). @throws `OUT_OF_RANGE` naming the field. */
export function messageWords(m: Message): bigint[] {
  const [payloadHi, payloadLo] = limbs(keccak256(m.payload))
  return [
    uint(64, m.source, 'message.source') + (uint(64, m.nonce, 'message.nonce') << 64n) + (uint(64, m.timestamp, 'message.timestamp') << 128n),
    uint(64, m.destination, 'message.destination') +
      (uint(64, m.expiry, 'message.expiry') << 64n) +
      (uint(64, m.gasLimit, 'message.gasLimit') << 128n),
    addressToBigInt(m.sender, 'message.sender') + (uint(64, m.token.chain, 'message.token.chain') << 160n),
    addressToBigInt(m.recipient, 'message.recipient'),
    addressToBigInt(m.refundTo, 'message.refundTo'),
    addressToBigInt(m.token.address, 'message.token.address'),
    uint(128, m.amount, 'message.amount'),
    uint(128, m.fee, 'message.fee'),
    payloadHi,
    payloadLo,
  ]
}

/** Poseidon2 hash of a message. */
export function messageHash(m: Message): bigint {
  return poseidon2(TAG.message, messageWords(m))
}

/** Outbox leaf: the message with the grade of its sending. */
export function messageLeaf(m: Message, policyHash: bigint): bigint {
  return poseidon2(TAG.leaf, [messageHash(m), policyHash])
}

/** The id that contracts and RPC use: `keccak256(source ‖ destination ‖ nonce)`. */
export function messageId(m: Pick<Message, 'source' | 'destination' | 'nonce'>): Hex {
  return keccak256(encodePacked(['uint64', 'uint64', 'uint64'], [m.source, m.destination, m.nonce]))
}

/** Key of a token in balance trees. */
export function tokenKey(token: Token): bigint {
  return poseidon2(TAG.token, [uint(64, token.chain, 'token.chain'), addressToBigInt(token.address, 'token.address')])
}

/** What L1 stores of a message to it (docs/protocol.md, section 10). */
export function withdrawalDigest(m: Message): Hex {
  return sha256(
    concatHex([
      encodePacked(['uint64', 'uint64', 'uint64'], [m.source, m.nonce, m.timestamp]),
      encodePacked(
        ['address', 'address', 'address', 'address', 'uint128'],
        [m.sender, m.recipient, m.refundTo, m.token.address, m.amount],
      ),
      encodePacked(['uint64', 'uint64', 'bytes32'], [m.gasLimit, m.expiry, keccak256(m.payload)]),
    ]),
  )
}
