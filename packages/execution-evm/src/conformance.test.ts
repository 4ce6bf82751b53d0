import { NEVER, type ExecutionEngine, type SentMessage } from '@causeway/core'
import { causewayMessengerAbi } from '@causeway/contracts'
import { gasBurnerBytecode, greeterAbi, greeterBytecode, reverterBytecode } from '@causeway/contracts/samples'
import { engineConformance, finds, type EngineBlock, type EngineFixture } from '@causeway/testing/conformance'
import { encodeDeployData, encodeFunctionData, getContractAddress, keccak256, parseEther, zeroAddress, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { MESSENGER } from './constants.js'
import { evm } from './evm.js'
import { rows } from './rows.js'
import { alice, bob, CHAIN, deposit, FEES, L1, message, sign } from './harness.test-helper.js'

const OTHER = 77n
const poor = privateKeyToAccount(`0x${'cc'.repeat(32)}`)
const sends = (destination: bigint) =>
  encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination, recipient: bob.address, refundTo: bob.address, gasLimit: 0n, expiry: NEVER, payload: '0x' }] })
const sent = (destination: bigint, amount: bigint): SentMessage => ({
  ...{ destination, amount, sender: alice.address, recipient: bob.address, refundTo: bob.address },
  ...{ token: { chain: L1, address: zeroAddress }, fee: 0n, gasLimit: 0n, expiry: NEVER, payload: '0x' },
})
const included = (raw: Hex, messages: readonly SentMessage[] = []): EngineBlock['transactions'][number] => ({ raw, hash: keccak256(raw), sent: messages })
const greeter = getContractAddress({ from: alice.address, nonce: 0n })
const reverter = getContractAddress({ from: alice.address, nonce: 1n })

async function fixture(): Promise<EngineFixture> {
  const deploy = encodeDeployData({ abi: greeterAbi, bytecode: greeterBytecode, args: [MESSENGER] })
  const forced = await sign(bob, { nonce: 0, to: poor.address, value: 4n })
  const first: EngineBlock = {
    l1Entries: [
      { entry: deposit(0n, { amount: 5n }), ok: true, sent: [] },
      { entry: { kind: 'forced', index: 1n, transaction: forced }, ok: true, sent: [] },
      { entry: { kind: 'forced', index: 2n, transaction: forced }, ok: false, sent: [] },
    ],
    imports: [{ message: message({ source: OTHER, nonce: 0n, amount: 3n }), policyHash: 9n, ok: true, sent: [] }],
    transactions: [
      included(await sign(alice, { nonce: 0, data: deploy, gas: 2_000_000n })),
      included(await sign(alice, { nonce: 1, data: reverterBytecode, gas: 2_000_000n })),
      included(await sign(bob, { nonce: 1, data: gasBurnerBytecode, gas: 2_000_000n })),
      included(await sign(alice, { nonce: 2, to: MESSENGER, value: 7n, data: sends(L1), gas: 200_000n }), [sent(L1, 7n)]),
    ],
  }
  const second: EngineBlock = {
    l1Entries: [{ entry: deposit(3n, { recipient: reverter, payload: '0x12', gasLimit: 100_000n, amount: 2n }), ok: false, sent: [] }],
    imports: [{ message: message({ source: OTHER, nonce: 1n, recipient: reverter, payload: '0x34', gasLimit: 100_000n }), policyHash: 9n, ok: false, sent: [] }],
    transactions: [
      included(await sign(alice, { nonce: 3, to: MESSENGER, value: 8n, data: sends(OTHER), gas: 200_000n }), [sent(OTHER, 8n)]),
      // It fails, and is in the block all the same.
      included(await sign(alice, { nonce: 4, to: reverter, gas: 100_000n, value: 1n })),
      included(await sign(bob, { nonce: 2, to: greeter, gas: 100_000n })),
    ],
  }
  const bad: Hex[] = [
    await sign(alice, { nonce: 9, to: bob.address }),
    await sign(poor, { nonce: 0, to: bob.address, value: parseEther('1') }),
    await sign(alice, { nonce: 0, to: bob.address, gas: 30_000_001n }),
    await sign(alice, { nonce: 0, to: bob.address, gas: 20_000n }),
    await sign(alice, { nonce: 0, to: bob.address, maxFeePerGas: 5n, maxPriorityFeePerGas: 0n }),
    await sign(alice, { nonce: 0, to: bob.address, chainId: 1 }),
    await sign(alice, { nonce: 0, to: bob.address, type: 'eip4844', blobVersionedHashes: [`0x01${'00'.repeat(31)}`], maxFeePerBlobGas: 1n } as never),
    await alice.signTransaction({ type: 'legacy', nonce: 0, to: bob.address, gas: 21_000n, gasPrice: 2_000_000_000n }),
  ]
  return {
    open: (store) =>
      evm({ feeRecipient: FEES, alloc: { [alice.address]: { balance: parseEther('100') }, [bob.address]: { balance: parseEther('100') } }, unbacked: true }).create({ chainId: CHAIN, l1: { chainId: L1 }, store }),
    blocks: [first, second],
    bad,
  }
}

describe('the EVM', () => engineConformance({ it, expect }, fixture))

describe('the suite finds an engine that', () => {
  const broken: Record<string, (engine: ExecutionEngine, store: Parameters<EngineFixture['open']>[0]) => ExecutionEngine> = {
    'writes its blocks': (engine, store) => ({ ...engine, execute: (inputs, options) => engine.execute(inputs, options).then(async (block) => (await store.write(block.changes), block)) }),
    'remembers what it executed': (engine) => {
      let count = 0n
      return { ...engine, execute: (inputs, options) => engine.execute({ ...inputs, timestamp: inputs.timestamp + 1_000n * count++ }, options) }
    },
    'stops at a transaction that is invalid': (engine) => ({
      ...engine,
      execute: (inputs, options) => engine.execute(inputs, options).then((block) => (block.refused.length > 0 ? Promise.reject(new Error(block.refused[0]?.reason)) : block)),
    }),
    'keeps what it sends to itself': (engine) => ({
      ...engine,
      execute: (inputs, options) => engine.execute(inputs, options).then((block) => ({ ...block, outcomes: block.outcomes.map((item) => ({ ...item, sent: [] })) })),
    }),
    'asks nobody what to admit': (engine) => ({ ...engine, execute: (inputs) => engine.execute(inputs) }),
    'counts no nonces': (engine) => ({ ...engine, getNonce: async () => 0n }),
    'executes on its head only': (engine, store) => ({
      ...engine,
      async execute(inputs, options) {
        if (!Buffer.from(store.get(rows.head) ?? []).toString('hex').endsWith(inputs.parentHash.slice(2))) throw new Error('not the head')
        return engine.execute(inputs, options)
      },
    }),
  }
  it.each(Object.entries(broken))('%s', async (_name, breakIt) => {
    const made = await fixture()
    expect(await finds(expect, (framework) => engineConformance(framework, async () => ({ ...made, open: (store) => breakIt(made.open(store), store) })))).toBe(true)
  })
})
