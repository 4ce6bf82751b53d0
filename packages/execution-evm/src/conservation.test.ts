import { NEVER, type L1InboxEntry } from '@causeway/core'
import { causewayMessengerAbi } from '@causeway/contracts'
import { gasBurnerBytecode, greeterAbi, greeterBytecode, reverterBytecode } from '@causeway/contracts/samples'
import { createAccountFromRLP } from '@ethereumjs/util'
import { encodeDeployData, encodeFunctionData, getContractAddress, hexToBytes, parseEther, type Address, type Hex } from 'viem'
import { expect, it } from 'vitest'
import { MESSENGER } from './constants.js'
import { alice, bob, deposit, L1, message, sign, testChain } from './harness.test-helper.js'
import type { EvmEngine } from './evm.js'
import { merkleTrie } from './merkle-trie.js'

const BRIDGE: Address = '0xca5e000000000000000000000000000000000002'
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

it(`ETH is neither made nor lost in random blocks (SEED=${seed})`, async () => {
  const random = generator(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const { engine, build, store } = await testChain()
  const deploys = [encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] }), reverterBytecode, gasBurnerBytecode]
  await build({ transactions: await Promise.all(deploys.map((data, nonce) => sign(alice, { nonce, data, gas: 2_000_000n }))) })
  const targets = [bob.address, MESSENGER, BRIDGE, ...deploys.map((_, nonce) => getContractAddress({ from: alice.address, nonce: BigInt(nonce) }))]
  const amount = () => BigInt(Math.floor(random() * 1e15))

  let minted = parseEther('200')
  let left = 0n
  let deposits = 0n
  for (let round = 0; round < 12; round++) {
    const parcel = () => message({ recipient: pick(targets), refundTo: pick(targets), amount: amount(), payload: pick(['0x', '0x1234'] as const), gasLimit: pick([0n, 50_000n, 400_000n]) })
    const l1Entries: L1InboxEntry[] = Array.from({ length: Math.floor(random() * 3) }, () => deposit(deposits++, parcel()))
    l1Entries.forEach((entry, i) => entry.kind === 'deposit' && (entry.message.nonce = deposits - BigInt(l1Entries.length - i)))
    const imports = Array.from({ length: Math.floor(random() * 3) }, (_, i) => ({ message: { ...parcel(), source: 77n, nonce: BigInt(round * 10 + i) }, policyHash: 1n }))
    const transactions: Hex[] = []
    for (const account of [alice, bob]) {
      const start = Number(await engine.getNonce(account.address, engine.head().hash))
      for (let i = 0; i < 3; i++) {
        const exports = random() < 0.5
        const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination: pick([L1, 77n]), recipient: bob.address, refundTo: bob.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }] })
        transactions.push(await sign(account, { nonce: start + i, to: exports ? MESSENGER : pick(targets), value: amount(), gas: 300_000n, ...(exports ? { data } : {}) }))
      }
    }
    // The first input may be refused: then it is delivered without gas, or without running any code.
    let refusals = Math.floor(random() * 3)
    const block = await build({ l1Entries, imports, transactions }, ({ kind }) => (kind === 'transaction' ? random() < 0.9 : refusals-- <= 0))
    for (const outcome of block.outcomes) for (const sent of outcome.sent) left += sent.amount
    minted += [...l1Entries, ...imports].reduce((sum, input) => sum + ('message' in input ? input.message.amount : 0n), 0n)
    expect(await supply(engine, store)).toBe(minted)
  }
  // What left stays in the bridge predeploy, out of reach.
  expect(await engine.getBalance(BRIDGE, engine.head().hash)).toBeGreaterThanOrEqual(left)
  expect(left).toBeGreaterThan(0n)
})

/** Sum of all balances in the state trie. */
async function supply(engine: EvmEngine, store: Parameters<typeof merkleTrie>[0]): Promise<bigint> {
  const trie = merkleTrie(store, hexToBytes(engine.getBlock(engine.head().hash)?.stateRoot ?? '0x'))
  let sum = 0n
  await trie.walkAllValueNodes(async (node) => {
    const value = node.value()
    if (value) sum += createAccountFromRLP(value).balance
  })
  return sum
}

/** mulberry32 */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
