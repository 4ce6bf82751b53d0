import { createRandom } from '@causeway/testing'
import { createTestCluster, evmOf, type TestCluster } from '@causeway/testing/cluster'
import { bytesToHex, concat, getContractAddress, parseEther, type Address, type Hex } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { assemble, endless, type Part } from './bench/gas/assembler.js'
import { precompiles } from './bench/gas/precompiles.js'

/** ms of processor time that may pass between two ticks of a node. */
const HELD_UP = 2_000

/** An input of a precompile from the benchmark: the one whose description has these words. */
function input(name: string, words = ''): Uint8Array {
  const program = precompiles.find((known) => known.name === name)?.programs(createRandom(1)).find((known) => known.input.includes(words))
  if (!program?.calldata) throw new Error(`no input of ${name}`)
  return program.calldata
}

/** A contract that has an input in its code, and calls an address with it for ever. */
function calling(to: bigint, data: Uint8Array = new Uint8Array()): Uint8Array {
  const size = BigInt(data.length)
  const code = (at: number): Uint8Array => endless([size, Uint8Array.of(0x61, at >> 8, at & 255), 0n, 'CODECOPY'], [0n, 0n, size, 0n, to, 'GAS', 'STATICCALL', 'POP'], 1)
  return concat([code(code(0).length), data])
}

/** Code that deploys code. */
function deploying(code: Uint8Array): Hex {
  const init = (at: bigint): Part[] => [BigInt(code.length), { dup: 1 }, at, 0n, 'CODECOPY', 0n, 'RETURN']
  return bytesToHex(concat([assemble(init(BigInt(assemble(init(32n)).length))), code]))
}

const ATTACKS: Readonly<Record<string, Uint8Array>> = {
  modexp: calling(0x05n, input('MODEXP', 'modulus 1, exponent 20,000')),
  'bn254 multiplication': calling(0x07n, input('BN254_MUL')),
  'bn254 pairing': calling(0x08n, input('BN254_PAIRING', '10 pairs')),
  kzg: calling(0x0an, input('KZG_POINT_EVALUATION')),
  'bls12-381 addition': calling(0x0bn, input('BLS12_G1ADD')),
  'bls12-381 addition in G2': calling(0x0dn, input('BLS12_G2ADD')),
  'bls12-381 pairing': calling(0x0fn, input('BLS12_PAIRING', '2 pairs')),
  // The messenger: a contract.
  'a storm of calls': calling(0xca5e000000000000000000000000000000000001n),
  'a slot that is dirty': endless([], ['GAS', 0n, 'SSTORE'], 1),
}

let cluster: TestCluster
const slow: Address[] = []

/** Processor time of this process, ms. */
const spent = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

beforeAll(async () => {
  cluster = await createTestCluster({ chains: ['a'] })
  const [a] = cluster.chains
  for (const user of cluster.users) await cluster.l1.deposit({ chainId: a.chainId, amount: parseEther('10'), recipient: user.address })
  await a.build()
  const [alice] = cluster.users
  for (const code of Object.values(ATTACKS)) {
    slow.push(getContractAddress({ from: alice.address, nonce: BigInt(slow.length) }))
    await a.send(alice, { data: deploying(code), gas: 7_000_000n })
  }
  for (let i = 0; i < 4; i++) await a.build()
  for (const address of slow) expect(await evmOf(a.sequencer).getCode(address, a.head().hash)).not.toBe('0x')
})
afterAll(() => cluster.stop())

it('no deposit, forced transaction or transaction holds a chain up, each fails in its way, and who has only L1 says the same', async () => {
  const [a] = cluster.chains
  const [alice, bob, carol] = cluster.users
  const start = a.head().accounting.l1InboxCursor
  const poor = await a.balance(bob.address)
  const hashes: Hex[] = []
  for (const [i, recipient] of slow.entries()) {
    await cluster.l1.queueDeposit({ chainId: a.chainId, amount: 7n, recipient, refundTo: bob.address, gasLimit: 1_000_000n, payload: '0x01' })
    await cluster.l1.force(a.chainId, await a.sign(carol, { to: recipient, gas: 1_800_000n, nonce: i }))
    hashes.push(await a.send(alice, { to: recipient, gas: 14_000_000n }))
  }
  const entries = 2 * slow.length
  const delivered: boolean[] = []
  const included = new Set<Hex>()
  /** What it took to build each block, and to derive it, ms. */
  const took = { build: [] as number[], derive: [] as number[] }
  while (delivered.length < entries || included.size < hashes.length) {
    expect(took.build.length).toBeLessThan(4 * slow.length)
    const before = spent()
    const block = await a.build()
    took.build.push(spent() - before)
    delivered.push(...block.delivered)
    for (const { transactionHash: hash, success, gasUsed } of evmOf(a.sequencer).getReceipts(block.hash) ?? [])
      if (hashes.includes(hash)) {
        included.add(hash)
        expect({ success, gasUsed }).toEqual({ success: false, gasUsed: 14_000_000n })
      }
    await a.publish()
    const published = spent()
    await a.derive()
    took.derive.push(spent() - published)
    await a.certify()
    await cluster.settle()
  }
  console.log(`ms a block: build ${took.build.map(Math.round).join(' ')}, derive ${took.derive.map(Math.round).join(' ')}`)
  expect(Math.max(...took.build, ...took.derive)).toBeLessThan(HELD_UP)
  expect(a.head().accounting.l1InboxCursor).toBe(start + BigInt(entries))
  expect(delivered).toEqual(Array.from({ length: entries }, () => false))
  expect(await a.balance(bob.address)).toBe(poor + 7n * BigInt(slow.length))
  // They were executed, and have paid.
  expect(await a.sequencer.engine.getNonce(carol.address, a.head().hash)).toBe(BigInt(slow.length))

  for (let i = 0; a.sequencer.rollup.settled().block < a.head().number; i++) {
    expect(i).toBeLessThan(10)
    await a.certify()
    await cluster.settle()
  }
  const observer = await cluster.observe(a)
  await observer.rollup.steps.l1()
  await observer.rollup.steps.derive()
  // The certificates are signed by both: the sequencer and the attester, which executed every block.
  for (const node of [a.follower, observer]) expect(a.head(node).hash).toBe(a.head().hash)
  expect(observer.rollup.settled()).toEqual(a.sequencer.rollup.settled())
  await observer.rollup.stop()
})
