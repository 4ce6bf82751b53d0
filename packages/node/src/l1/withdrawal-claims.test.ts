import { numberToHex, zeroAddress, type PublicClient } from 'viem'
import { expect, it } from 'vitest'
import { createWithdrawalClaims } from './withdrawal-claims.js'

/** An L1 that answers when it is told to. */
function mockL1() {
  const asked: { digest: unknown; answer(claimed: boolean): void; fail(): void }[] = []
  const readContract = ((request: { args: readonly unknown[] }) =>
    new Promise((resolve, reject) => asked.push({ digest: request.args[0], answer: resolve, fail: () => reject(new Error('L1 is away')) }))) as unknown as PublicClient['readContract']
  return { asked, client: { readContract } }
}
const digest = (i: number) => numberToHex(i, { size: 32 })
const settled = () => new Promise((resolve) => setImmediate(resolve))

it('L1 is asked once a block for each withdrawal, one at a time, and by so many at once', async () => {
  const { asked, client } = mockL1()
  let block = 1n
  const claimed = createWithdrawalClaims({ client, bridge: zeroAddress, l1Block: () => block })
  const same = Array.from({ length: 1_000 }, () => claimed(digest(0)))
  const others = Array.from({ length: 64 }, (_, i) => claimed(digest(i + 1)).catch((error: { code: string }) => error.code))
  await settled()
  expect(asked.map((item) => item.digest)).toEqual([digest(0)])
  asked[0]?.answer(true)
  expect(new Set(await Promise.all(same))).toEqual(new Set([true]))
  expect(await others[63]).toBe('L1_BUSY')
  for (let i = 1; i < 64; i++) {
    await settled()
    expect(asked).toHaveLength(i + 1)
    asked[i]?.answer(false)
  }
  expect(await Promise.all(others.slice(0, 63))).toEqual(Array.from({ length: 63 }, () => false))
  expect(await claimed(digest(5))).toBe(false)
  expect(asked).toHaveLength(64)

  block = 2n
  const failing = claimed(digest(5))
  await settled()
  asked[64]?.fail()
  await expect(failing).rejects.toThrow('L1 is away')
  const again = claimed(digest(5))
  await settled()
  asked[65]?.answer(true)
  expect(await again).toBe(true)
})
