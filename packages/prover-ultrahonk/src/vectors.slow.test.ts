import { readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeJson, FIELD, inboxFields, limbs, type ChainHeader, type EpochWitness, type L1InboxEntry, type Message, type Policy, type PublicKey, type QueueEntry, type Signature, type Token } from '@causeway/core'
import type { Noir } from '@noir-lang/noir_js'
import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileCircuit } from '../scripts/noir.js'
import { loadArtefact } from './artefact.js'
import { digest, field, headerFields, messageFields, type CircuitValue } from './circuit-values.js'
import { circuitOf, solve } from './prove.js'
import { PUBLIC_INPUTS, toCircuitInputs } from './witness.js'

function vectors<T>(name: string): T {
  return decodeJson(readFileSync(new URL(`../../../circuits/vectors/${name}.json`, import.meta.url), 'utf8')) as T
}

/** Hands out what the accounting library computes from the inputs of each vector. */
const MAIN = `
use accounting::entries::{l1_entries, L1Row, Table};
use accounting::hash::{BALANCE, poseidon2, TOKEN};
use accounting::header::Header;
use accounting::message::Message;
use accounting::policy::Policy;
use accounting::queue::QueuePlace;
use accounting::tree::{BALANCES, empty, INBOX, node, OUTBOX, REGISTRY, root_of};
use std::hash::poseidon2_permutation;

struct Hashes { permutation: [[Field; 4]; 2], sponge: [Field; 4] }
struct Leaves { words: [[Field; 10]; 2], leaves: [Field; 2], headers: [Field; 2], balance: Field }
struct Trees { nodes: [Field; 4], empty: [Field; 4], roots: [Field; 4] }
struct L1 { queue_root: Field, queue_hash: [u32; 8], inbox_count: Field, inbox_hash: (Field, Field) }

fn main(
    tag: Field,
    messages: [Message; 2],
    grades: [Field; 2],
    headers: [Header; 2],
    token: (Field, Field),
    balance: Field,
    children: [Field; 2],
    index: Field,
    leaf: Field,
    paths: [[Field; 32]; 3],
    inbox_path: [Field; 57],
    policy: Policy,
    statement: Field,
    queue: QueuePlace,
    rows: [L1Row; 4],
    l1_chain_id: Field,
) -> pub (Hashes, Leaves, Trees, (Field, Field), L1) {
    let hashes = Hashes {
        permutation: [poseidon2_permutation([0; 4]), poseidon2_permutation([1, 2, 3, 4])],
        sponge: [poseidon2(tag, []), poseidon2(tag, [1]), poseidon2(tag, [1, 2, 3]), poseidon2(tag, [1, 2, 3, 4])],
    };
    let mut bodies = Leaves { words: [[0; 10]; 2], leaves: [0; 2], headers: [0; 2], balance: 0 };
    for i in 0..2 {
        messages[i].check_ranges();
        headers[i].check_ranges();
        bodies.words[i] = messages[i].words();
        bodies.leaves[i] = messages[i].leaf(grades[i]);
        bodies.headers[i] = headers[i].hash();
    }
    bodies.balance = poseidon2(BALANCE, [poseidon2(TOKEN, [token.0, token.1]), balance]);

    let trees = [REGISTRY, OUTBOX, BALANCES];
    let position: [bool; 32] = index.to_le_bits();
    let inbox_position: [bool; 57] = index.to_le_bits();
    let mut found = Trees {
        nodes: [0, 0, 0, node(INBOX, 3, children[0], children[1])],
        empty: [0, 0, 0, empty(INBOX, 57)],
        roots: [0, 0, 0, root_of(INBOX, 0, leaf, inbox_position, inbox_path)],
    };
    for i in 0..3 {
        found.nodes[i] = node(trees[i], 3, children[0], children[1]);
        found.empty[i] = empty(trees[i], 32);
        found.roots[i] = root_of(trees[i], 0, leaf, position, paths[i]);
    }

    let (queue_root, queue_hash) = queue.apply(empty(REGISTRY, 32), [0; 8], l1_chain_id);
    let mut table = Table::new();
    let tokens = [l1_chain_id, -1, -1, -1];
    let (inbox_count, inbox_hash) = l1_entries(&mut table, rows, tokens, l1_chain_id, (0, 0));
    let l1 = L1 { queue_root, queue_hash, inbox_count, inbox_hash };
    (hashes, bodies, found, (policy.hash(), policy.count_signatures(statement)), l1)
}
`

type Found = [
  { permutation: string[][]; sponge: string[] },
  { words: string[][]; leaves: string[]; headers: string[]; balance: string },
  { nodes: string[]; empty: string[]; roots: string[] },
  [string, string],
  { queue_root: string; queue_hash: string[]; inbox_count: string; inbox_hash: [string, string] },
]
type MessageVector = { message: Message; words: bigint[]; leaf: bigint; policyHash: bigint }
type TreeVector = { name: string; node: { left: bigint; right: bigint; hash: bigint }; emptyRoot: bigint; path: { index: bigint; leaf: bigint; siblings: bigint[]; root: bigint } }
type SignatureVector = { statement: bigint; publicKey: PublicKey; signature: Signature }
type L1Vector = { domain: { l1ChainId: bigint }; inbox: { entry: L1InboxEntry; after: Hex }[]; queue: { entry: QueueEntry; after: Hex }[] }

const messages = vectors<MessageVector[]>('messages')
const headers = vectors<{ header: ChainHeader; hash: bigint }[]>('headers')
const [balance] = vectors<[{ token: Token; balance: bigint; leaf: bigint }]>('balances')
const trees = vectors<[TreeVector, TreeVector, TreeVector, TreeVector]>('trees')
const [policy] = vectors<[{ policy: Policy; hash: bigint }]>('policies')
const signatures = vectors<[SignatureVector, SignatureVector, SignatureVector]>('signatures')
const l1 = vectors<L1Vector>('l1')

function policyInputs(signed: SignatureVector): CircuitValue {
  const halves = (value: bigint) => limbs(`0x${value.toString(16).padStart(64, '0')}`).map(field)
  const { k, signers } = policy.policy.attested
  return {
    k: field(BigInt(k)),
    signers: Array.from({ length: 8 }, (_, i) => {
      const { x, y } = signers[i] ?? { x: 0n, y: 0n }
      const own = x === signed.publicKey.x && signers[i] !== undefined
      const [s_hi, s_lo] = halves(own ? signed.signature.s : 0n) as [string, string]
      const [e_hi, e_lo] = halves(own ? signed.signature.e : 0n) as [string, string]
      return { present: signers[i] !== undefined, x: field(x), y: field(y), signed: own, s_hi, s_lo, e_hi, e_lo }
    }),
  }
}

function l1Rows(): CircuitValue[] {
  return Array.from({ length: 4 }, (_, i) => {
    const entry = l1.inbox[i]?.entry
    const { kind, token, amount, digest: rest } = entry ? inboxFields(entry) : { kind: 0, token: '0x0' as Hex, amount: 0n, digest: `0x${'00'.repeat(32)}` as Hex }
    return { used: entry !== undefined, kind, token_chain: field(entry ? l1.domain.l1ChainId : 0n), token_address: field(BigInt(token)), amount: field(amount), ...digest('digest', rest), balance: [false, false] }
  })
}

describe('golden vectors in Noir', () => {
  let directory: string
  let noir: Noir
  const numbers = (items: readonly string[]) => items.map(BigInt)
  const run = async (signed: SignatureVector): Promise<Found> => {
    const [registry, outbox, inbox, balances] = trees
    const { entry } = l1.queue[0] as L1Vector['queue'][number]
    const { returnValue } = await noir.execute({
      tag: field(1n),
      messages: messages.map(({ message, words }) => messageFields(message, [words[8] as bigint, words[9] as bigint])),
      grades: messages.map((item) => field(item.policyHash)),
      headers: headers.map(({ header }) => headerFields(header)),
      token: [field(balance.token.chain), field(BigInt(balance.token.address))],
      balance: field(balance.balance),
      children: [field(registry.node.left), field(registry.node.right)],
      index: field(registry.path.index),
      leaf: field(registry.path.leaf),
      paths: [registry, outbox, balances].map(({ path }) => path.siblings.map(field)),
      inbox_path: inbox.path.siblings.map(field),
      policy: policyInputs(signed),
      statement: field(signed.statement),
      queue: {
        used: true,
        kind: entry.kind,
        slot: field(entry.slot),
        chain_id: field(entry.chainId),
        ...digest('state_root', entry.stateRoot),
        ...digest('policy_hash', entry.policyHash),
        leaf: field(0n),
        siblings: registry.path.siblings.map(field),
      },
      rows: l1Rows(),
      l1_chain_id: field(l1.domain.l1ChainId),
    })
    return returnValue as Found
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'causeway-vectors-'))
    await cp(fileURLToPath(new URL('../../../circuits/noir/accounting', import.meta.url)), join(directory, 'accounting'), { recursive: true })
    await mkdir(join(directory, 'main/src'), { recursive: true })
    await writeFile(join(directory, 'main/Nargo.toml'), '[package]\nname = "main"\ntype = "bin"\nauthors = [""]\n[dependencies]\naccounting = { path = "../accounting" }\n')
    await writeFile(join(directory, 'main/src/main.nr'), MAIN)
    noir = circuitOf((await compileCircuit(join(directory, 'main'))).program)
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('hashes, messages, headers, balances, trees, policy, queue and L1 inbox', async () => {
    const [hashes, bodies, found, [policyHash], inL1] = await run(signatures[0])
    const expected = vectors<{ permutation: { output: bigint[] }[]; sponge: { digest: bigint }[] }>('hashes')
    expect(hashes.permutation.map(numbers)).toEqual(expected.permutation.map(({ output }) => output))
    expect(numbers(hashes.sponge)).toEqual(expected.sponge.map((item) => item.digest))

    expect(bodies.words.map(numbers)).toEqual(messages.map(({ words }) => words))
    expect(numbers(bodies.leaves)).toEqual(messages.map(({ leaf }) => leaf))
    expect(numbers(bodies.headers)).toEqual(headers.map(({ hash }) => hash))
    expect(BigInt(bodies.balance)).toBe(balance.leaf)

    const [registry, outbox, inbox, balances] = trees
    const order = [registry, outbox, balances, inbox]
    expect(numbers(found.nodes)).toEqual(order.map(({ node }) => node.hash))
    expect(numbers(found.empty)).toEqual(order.map(({ emptyRoot }) => emptyRoot))
    expect(numbers(found.roots)).toEqual(order.map(({ path }) => path.root))

    expect(BigInt(policyHash)).toBe(policy.hash)
    expect(`0x${inL1.queue_hash.map((item) => BigInt(item).toString(16).padStart(8, '0')).join('')}`).toBe(l1.queue[0]?.after)
    expect(BigInt(inL1.queue_root)).not.toBe(registry.emptyRoot)
    expect(BigInt(inL1.inbox_count)).toBe(2n)
    expect(numbers(inL1.inbox_hash)).toEqual(limbs(l1.inbox[1]?.after as Hex))
  })

  test.each([0, 1, 2] as const)('signature %i', async (i) => {
    expect(BigInt((await run(signatures[i]))[3][1])).toBe(1n)
    await expect(run({ ...signatures[i], statement: signatures[i].statement + 1n })).rejects.toThrow()
  })
})

describe('the golden epoch in the circuit that L1 verifies', async () => {
  const circuit = circuitOf(await loadArtefact(2))
  const { witness, publicInputs } = vectors<{ witness: EpochWitness; publicInputs: bigint[] }>('epoch')

  test('has exactly its public inputs', async () => {
    await expect(solve(circuit, toCircuitInputs(witness, { publicInputs }, 2))).resolves.toBeInstanceOf(Uint8Array)
  })

  // Epoch number and beneficiary are bound by the proof alone; acc from and queue from are where the chain of hashes starts.
  test.each(PUBLIC_INPUTS.map((name, i) => [name, i] as const).filter(([name]) => name !== 'epoch' && name !== 'beneficiary'))('not with another %s', async (name, i) => {
    // Rules leave the clock some room; at T = 0 every certificate is from the future.
    const other = name === 'time' ? 0n : ((publicInputs[i] as bigint) + 1n) % FIELD
    await expect(solve(circuit, toCircuitInputs(witness, { publicInputs: publicInputs.with(i, other) }, 2))).rejects.toThrow('UNSATISFIED')
  })
})
