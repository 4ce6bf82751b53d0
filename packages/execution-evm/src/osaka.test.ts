import { concat, concatHex, numberToBytes, numberToHex, parseEther, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { alice, bob, deposit, sign, testChain } from './harness.test-helper.js'

const CODE: Address = '0x00000000000000000000000000000000000e0000'
const MOST = 1n << 24n
const at = (address: number): Address => numberToHex(address, { size: 20 })
const word = (value: number): Uint8Array => numberToBytes(value, { size: 32 })

const osaka = (code: Hex = '0x00') => testChain({ hardfork: 'osaka', alloc: { [alice.address]: { balance: parseEther('100') }, [bob.address]: { balance: parseEther('100') }, [CODE]: { code, nonce: 1n } } })

it('EIP-7825: a transaction asks for 2^24 gas at most, a forced one too, and deliveries, calls and estimates go on', async () => {
  const { engine, build } = await osaka()
  const [most, more] = await Promise.all([MOST, MOST + 1n].map((gas, nonce) => sign(alice, { nonce, to: bob.address, gas })))
  const forced = await sign(bob, { nonce: 0, to: alice.address, gas: MOST + 1n })
  const block = await build({ l1Entries: [{ kind: 'forced', index: 0n, transaction: forced }, deposit(1n)], transactions: [most as Hex, more as Hex] })
  expect(block.transactions).toEqual([most])
  expect(block.refused).toEqual([{ transaction: more, reason: 'transaction gas limit too high (cap: 16777216, tx: 16777217)' }])
  expect(block.outcomes).toMatchObject([{ ok: false }, { ok: true }, { kind: 'transaction' }])
  await expect(engine.validate(more as Hex, block.hash)).rejects.toThrow('transaction gas limit too high')
  expect((await engine.call({ to: bob.address, gas: 40_000_000n }, block.number)).failure).toBeUndefined()
  // Code that wants more than there is for a transaction: jumpdest, push 0, jump.
  const endless = await osaka('0x5b5f56')
  expect(await endless.engine.estimateGas({ to: CODE }, 0n)).toMatchObject({ gasUsed: MOST, failure: { kind: 'halt' } })
})

it('EIP-7823 and EIP-7883: MODEXP takes numbers of 1,024 bytes at most, at its new prices', async () => {
  const { engine } = await osaka()
  const request = (base: number, exponent: Uint8Array, modulus: number) => concat([word(base), word(exponent.length), word(modulus), new Uint8Array(base).fill(3), exponent, new Uint8Array(modulus).fill(255)])
  const tenThousandAndOne = Uint8Array.of(1, 0, 1)
  // Of the EIP's table: nagydani-1 and nagydani-5 to the power 0x10001, and a square.
  const prices: [Uint8Array, bigint][] = [[request(64, tenThousandAndOne, 64), 2_048n], [request(1_024, tenThousandAndOne, 1_024), 524_288n], [request(64, Uint8Array.of(2), 64), 500n]]
  for (const [data, price] of prices) {
    const hex: Hex = `0x${Buffer.from(data).toString('hex')}`
    const ran = async (gas: bigint) => (await engine.call({ to: CODE, data: hex, gas: 5_000_000n }, 0n, { [CODE]: { code: forwarding(gas) } })).data
    expect([await ran(price), await ran(price - 1n)]).toEqual([numberToHex(1, { size: 32 }), numberToHex(0, { size: 32 })])
  }
  const long: Hex = `0x${Buffer.from(concat([word(1), word(1_025), word(1), Uint8Array.of(3), new Uint8Array(1_025).fill(255), Uint8Array.of(251)])).toString('hex')}`
  expect((await engine.call({ to: at(5), data: long, gas: 1_000_000n }, 0n)).failure).toMatchObject({ kind: 'halt' })
})

/** Code that passes its data on to MODEXP with so much gas, and returns whether that went well. */
function forwarding(gas: bigint): Hex {
  return concatHex(['0x365f5f375f5f365f600562', numberToHex(gas, { size: 3 }), '0xfa5f5260205ff3'])
}

it('EIP-7939 and EIP-7951: CLZ, and P256VERIFY at 0x100', async () => {
  const { engine } = await osaka('0x60011e5f5260205ff3')
  expect((await engine.call({ to: CODE }, 0n)).data).toBe(numberToHex(255, { size: 32 }))
  // RIP-7212's first test.
  const signed: Hex = `0x${['4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d', 'a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac', '36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60', '4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3', '7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e'].join('')}`
  const verify = async (data: Hex) => (await engine.call({ to: at(0x100), data }, 0n)).data
  expect(await verify(signed)).toBe(numberToHex(1, { size: 32 }))
  expect(await verify(`${signed.slice(0, -1)}f` as Hex)).toBe('0x')
  const prague = await testChain({ hardfork: 'prague' })
  expect((await prague.engine.call({ to: at(0x100), data: signed }, 0n)).data).toBe('0x')
})
