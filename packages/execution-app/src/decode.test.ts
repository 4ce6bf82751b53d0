import { createRandom } from '@causeway/testing'
import { bytesToHex, hashTypedData, numberToHex, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { actionTypedData, type Action } from './action.js'
import { actionDigest } from './decode.js'
import { t, type Fields } from './fields.js'

it('digests actions of every type as viem does', () => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  console.log(`seed ${seed}`)
  const random = createRandom(seed)
  const bits = random.bigint
  const hex = (bytes: number): Hex => numberToHex(bits(8 * bytes), { size: bytes })
  const text = () => 'aé🙂z'.repeat(random.below(20)).slice(0, 60)
  const fields: Fields = { small: t.u64, middle: t.u128, large: t.u256, yes: t.bool, who: t.address, word: t.bytes32, said: t.text(255), data: t.bytes(255), inner: t.struct({ deep: t.struct({ at: t.u64, note: t.text(255) }), who: t.address }) }
  const digest = actionDigest(7n, 'module', 'act', fields)
  for (let i = 0; i < 200; i++) {
    const args = {
      ...{ small: bits(64), middle: bits(128), large: bits(256), yes: random.below(2) === 1, who: hex(20), word: hex(32), said: text(), data: bytesToHex(new Uint8Array(random.below(200)).fill(i)) },
      inner: { who: hex(20), deep: { note: text(), at: bits(64) } },
    }
    const action: Action = { module: 'module', action: 'act', args, nonce: bits(64), gas: bits(64), gasPrice: bits(128), expiry: bits(64) }
    expect(bytesToHex(digest(action))).toBe(hashTypedData(actionTypedData(7n, fields, action)))
  }
})
