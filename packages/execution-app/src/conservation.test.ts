import { createRandom } from '@causeway/testing'
import type { L1InboxEntry, Token } from '@causeway/core'
import { bytesToBigInt, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { t } from './fields.js'
import { alice, bob, CHAIN, deposit, ETH, FEES, L1, message, OTHER, sending, sign, testChain } from './harness.test-helper.js'
import { moduleAddress, tokenAddress } from './module.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const POINTS: Token = { chain: CHAIN, address: tokenAddress('counter', 'points') }
const FOREIGN: Token = { chain: OTHER, address: '0x00000000000000000000000000000000000000f0' }
const HOLDERS: readonly Address[] = [alice.address, bob.address, FEES, moduleAddress('counter'), moduleAddress('bank')]

it(`value is neither made nor lost in random blocks (SEED=${seed})`, async () => {
  const { below, pick } = createRandom(seed)
  const { engine, build } = await testChain()
  const balance = t.struct({ owner: t.address, chain: t.u64, token: t.address })
  const at = () => engine.blocks.head().hash
  const number = (field: string, key: Uint8Array) => bytesToBigInt(engine.getValue('bank', field, key, at()) ?? Uint8Array.of(0))
  const held = (token: Token) => HOLDERS.reduce((sum, owner) => sum + number('balances', balance.encode({ owner, chain: token.chain, token: token.address })), 0n)
  const amount = () => BigInt(below(1_000_000))

  const inside = new Map<Token, bigint>([[ETH, 0n], [FOREIGN, 0n]])
  const change = (token: Token, by: bigint) => {
    for (const [known, sum] of inside) if (known.chain === token.chain && known.address === token.address) inside.set(known, sum + by)
  }
  let deposits = 0n
  let imports = 0n
  let [failed, left, bounced] = [0, 0, 0]
  for (let round = 0; round < 40; round++) {
    const parcel = (token: Token) => ({ token, recipient: pick(HOLDERS), refundTo: pick(HOLDERS), amount: round === 0 ? 10n ** 15n : amount(), payload: pick(['0x', '0x', '0x01', '0xff'] as Hex[]), gasLimit: pick([0n, 20_000n, 300_000n]) })
    const l1Entries: L1InboxEntry[] = Array.from({ length: 2 + below(2) }, (_, i) => deposit(deposits++, { ...parcel(ETH), ...(round === 0 && { recipient: (i === 0 ? alice : bob).address, payload: '0x' as Hex }) }))
    const arriving = Array.from({ length: below(4) }, () => ({ message: message({ ...parcel(pick([FOREIGN, POINTS, ETH])), source: OTHER, nonce: imports++ }), policyHash: 1n }))
    const transactions: Hex[] = []
    for (const account of [alice, bob]) {
      let nonce = await engine.getNonce(account.address, at())
      for (let i = 0; i < 3; i++) {
        const token = pick([ETH, ETH, FOREIGN, POINTS])
        const call = pick([
          { module: 'bank', action: 'transfer', args: { to: pick(HOLDERS), chain: token.chain, token: token.address, amount: amount() } },
          { module: 'bank', action: 'send', args: sending({ destination: pick([L1, OTHER]), amount: amount(), ...token, token: token.address }) },
          { module: 'counter', action: 'issue', args: { amount: amount() } },
          { module: 'counter', action: 'redeem', args: { amount: amount() } },
          { module: 'counter', action: 'fail', args: { how: pick(['code', 'loop', 'sends']) } },
        ])
        transactions.push(await sign(account, { ...call, args: Object.fromEntries(Object.entries(call.args).filter(([name]) => name !== 'address')), nonce: nonce++, gasPrice: 1_000_000n, gas: pick([100_000n, 400_000n, 400_000n, 400_000n]) }))
      }
    }
    // The first input may be refused: then its value goes to `refundTo`. Others are admitted, or dropped.
    let refusals = round === 0 ? 0 : below(2)
    const block = await build({ l1Entries, imports: arriving, transactions }, ({ kind }) => (kind === 'transaction' ? below(10) > 0 : refusals-- <= 0))
    for (const input of [...l1Entries, ...arriving]) if ('message' in input) change(input.message.token, input.message.amount)
    for (const { sent } of block.outcomes) for (const { token, amount: gone } of sent) {
      change(token, -gone)
      left += Number(gone > 0n)
    }
    const { receipts } = engine.blocks.head()
    failed += receipts.filter(({ kind, code }) => kind === 'action' && code !== null).length
    bounced += receipts.filter(({ code }) => code === 'NOT_ABROAD').length
    for (const [token, sum] of inside) expect(held(token)).toBe(sum)
    // Of its own token all that exists is here or abroad.
    const key = t.address.encode(POINTS.address)
    expect(held(POINTS) + number('abroad', key)).toBe(number('supply', key))
  }
  for (const count of [failed, left, bounced]) expect(count).toBeGreaterThan(0)
})
