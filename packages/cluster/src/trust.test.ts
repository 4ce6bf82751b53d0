import { attestationSigner, attestedPolicy, encodePolicy, policyHash } from '@causeway/core'
import { devAccounts } from '@causeway/l1'
import { zeroAddress, type Address } from 'viem'
import { expect, it } from 'vitest'
import { trustReport, type TrustParameters } from './trust.js'

const address = (n: number) => `0x${n.toString(16).padStart(40, '0')}` as const
const HERE = { hub: address(1), inbox: address(2), bridge: address(3), messenger: address(4), verifier: address(5) }
const [first, second, third] = [1, 2, 3].map((i) => attestationSigner(new Uint8Array(32).fill(i)))

/** A report on one chain, `a`, whose policy is 2 of the three keys; what is not given is as on a local cluster. */
function report({ client = 'anvil/v1.7.1', verifier = HERE.verifier, control = {}, batcher, daKind = 1, adapter = {}, spec = '{}', ...changes }: Partial<TrustParameters> & { client?: string; verifier?: Address; control?: object; batcher?: Address; daKind?: number; adapter?: object; spec?: string } = {}) {
  if (!first || !second || !third) throw new Error('no keys')
  const policy = attestedPolicy(2, [first, second, third].map(({ publicKey }) => publicKey))
  const registered = { chainId: 7n, slot: 0n, queueIndex: 0n, stateRoot: address(0), policyHash: policyHash(policy), policy: encodePolicy(policy), batcher: devAccounts[2]?.address as Address, daKind, daAdapter: address(44), spec }
  const views: Record<string, unknown> = { verifier, BATCHER_DELAY: 86_400n, controlOf: { owner: address(88), era: 0n, announced: zeroAddress, applicableFrom: 0n, nextOwner: zeroAddress, ...control }, ...adapter }
  const l1 = { getChainId: async () => 31337, request: async () => client, readContract: async ({ functionName }: { functionName: string }) => views[functionName] ?? Promise.reject(new Error('no such view')) }
  return trustReport({
    l1: l1 as unknown as TrustParameters['l1'],
    reader: { registrations: () => [registered as never], batchers: () => (batcher ? [{ chainId: 8n, batcher: address(66) }, { chainId: 7n, batcher }] as never : []), epochs: () => [], postings: () => [] },
    contracts: HERE,
    expected: HERE,
    chains: [{ name: 'a', chainId: 7n, imports: [] }],
    keys: { file: 'keys.json', held: [{ name: 'a/sequencer', publicKey: first.publicKey }, { name: 'a/follower', publicKey: second.publicKey }] },
    aggregator: null,
    ...changes,
  }).then((lines) => lines.join('\n'))
}

it('says what a local cluster is', async () => {
  const text = await report({ aggregator: devAccounts[1]?.address as `0x${string}`, chains: [{ name: 'a', chainId: 7n, imports: [{ from: 'b', cap: 5n }] }] })
  for (const part of [/^L1: anvil.*development node/m, /^setup: .*DEVELOPMENT/m, /^upgrade keys: none/m, /^aggregator: 0x7099.*key is public.*settles here/m, /^a: one sequencer.*0x3C44.*key is public/m])
    expect(text).toMatch(part)
  expect(text).toMatch(/`attested` 2 of 3 \(enough of its keys, a\/sequencer and a\/follower, are in keys\.json\)/)
  expect(text).toMatch(/^a: executes messages of b \(up to 5 of each token\)/m)
})

it('says who may change the batcher, and what is under way', async () => {
  expect(await report()).toMatch(/^a: 0x0+58 owns it: .*at once, .*announced 24 hours before$/m)
  const text = await report({ batcher: address(67), control: { owner: devAccounts[0]?.address, announced: address(68), applicableFrom: 1_700_000_000n, nextOwner: address(69) } })
  expect(text).toMatch(/^a: one sequencer .* signed by 0x0+43$/m)
  expect(text).toMatch(/^a: 0xf39F.*its key is public\) owns it.*; it has announced 0x0+44, which it can apply from L1 time 2023-11-14T22:13:20.000Z on; it has offered the chain to 0x0+45$/m)
  expect(await report({ control: { owner: zeroAddress } })).toMatch(/^a: nobody owns it: its batcher is for ever/m)
  expect(await report({ batcher: zeroAddress })).toMatch(/^a: its owner has revoked its batcher: nobody posts/m)
})

it('says so where it does not know', async () => {
  expect(await report({ verifier: address(99) })).toMatch(/^setup: unknown; .*0x0+63/m)
  const text = await report({ expected: { ...HERE, hub: address(77) } })
  expect(text).toMatch(/^upgrade keys: unknown/m)
  expect(text).not.toMatch(/immutable/)
  expect(await report({ chains: [{ name: 'c', chainId: 8n, imports: [] }] })).toMatch(/^c: not registered on this L1$/m)
})

it('does not call an Ethereum a development node, nor keys public or at hand that are not', async () => {
  const text = await report({ client: 'Geth/v1.16.0', keys: { file: 'keys.json', held: [{ name: 'x', publicKey: first?.publicKey as never }] }, aggregator: address(9) })
  expect(text).not.toMatch(/development node/)
  expect(text).toMatch(/^a: its data is in blobs, which L1 nodes keep for about 18 days \(0 batches so far\)/m)
  expect(await report({ client: 'Geth/v1.16.0', daKind: 2 })).toMatch(/^a: its data is in calldata, which every L1 node with all receipts keeps/m)
  expect(await report({ daKind: 3, adapter: { threshold: 2n, members: [address(1), address(2), address(3)] } })).toMatch(/^a: its data is where its committee 0x0+2c keeps it, off L1: 2 of 3 members sign/m)
  expect(await report({ daKind: 3 })).toMatch(/^a: its data is where the contract 0x0+2c says/m)
  expect(await report()).toMatch(/^a: its rules \(spec 0x\w{16}…\) are published/m)
  expect(await report({ spec: '' })).toMatch(/^a: has published no rules/m)
  expect(text).toMatch(/^aggregator: 0x0+9 composes/m)
  expect(text).toMatch(/\(of its keys, x, is in keys\.json\)/)
  expect(await report({ keys: { file: 'keys.json', held: [] } })).toMatch(/\(none of its keys is here\)/)
})
