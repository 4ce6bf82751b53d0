import { BALANCE, FIELD, limbs, nextQueueHash, openTree, toBytes32, tokenKey, writeBalance, type Certificate, type ChainHeader, type EpochWitness, type Token } from '@causeway/core'
import { field } from '../../circuit-values.js'
import { toCircuitInputs, type CircuitInputs } from '../../witness.js'
import { address, buildEpoch, testCluster, type Plan, type TestChain, type TestCluster } from '../cluster.js'
import { certificateOf, seal, type Loose } from '../raw.js'
import { uncheckedResult } from '../unchecked.js'

/** A forged epoch that breaks one rule and is consistent in everything else. */
export type Attack = {
  /** The rule whose statements in the circuit refuse it. */
  rule: number
  name: string
  places: 1 | 2
  /** What the twin says; undefined if a witness of the twin cannot even express the attack. */
  twin: string | undefined
  build(): Promise<{ witness: EpochWitness; inputs: CircuitInputs }>
}

export type Scene = { cluster: TestCluster; a: TestChain; b: TestChain; c: TestChain }
export type Forgery = { witness: EpochWitness; inputs?: (inputs: Loose, witness: EpochWitness) => void | Promise<void> }

export function scene(): Scene {
  const cluster = testCluster()
  const [a, b, c] = cluster.chains as [TestChain, TestChain, TestChain]
  return { cluster, a, b, c }
}

export function attack(rule: number, name: string, forge: (scene: Scene) => Promise<Forgery>, options: { twin?: string | null; places?: 1 | 2 } = {}): Attack {
  const { twin = `RULE_R${rule}`, places = 1 } = options
  return {
    rule,
    name,
    places,
    twin: twin ?? undefined,
    async build() {
      const { witness, inputs: edit } = await forge(scene())
      const inputs = toCircuitInputs(witness, uncheckedResult(witness), places)
      await edit?.(inputs as Loose, witness)
      return { witness, inputs }
    },
  }
}

/** One certificate of 902, changed before it is signed. */
export const edited = (edit: NonNullable<Plan['edit']>, entries: (scene: Scene) => Plan['entries'] = () => []) => async (at: Scene) => ({
  witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: entries(at), edit }]),
})
export const after = (change: (after: ChainHeader, before: ChainHeader) => Partial<ChainHeader>) => (draft: Omit<Certificate, 'signatures'>) => ({
  ...draft,
  after: { ...draft.after, ...change(draft.after, draft.before) },
})
/** One certificate of 902 that does these entries, imports being opened under the settled root. */
export const doing = (entries: (scene: Scene) => Plan['entries'], plan: Omit<Plan, 'chain' | 'entries'> = {}) => async (at: Scene) => {
  const done = entries(at)
  return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: done, importRoot: at.cluster.root, ...plan }]) }
}
/** Writes these final balances into the slots that are opened, in the place of the right ones. */
export const ending = ({ nodes }: TestChain, finals: readonly bigint[]) => (draft: Omit<Certificate, 'signatures'>) => {
  let balanceRoot = draft.before.balanceRoot
  const balances = draft.openings.balances.map((opening, i) => {
    const { siblings } = openTree(nodes, BALANCE, balanceRoot, opening.position)
    balanceRoot = writeBalance(nodes, balanceRoot, opening.position, tokenKey(opening.token), finals[i] ?? 0n)
    return { ...opening, siblings }
  })
  return { ...draft, openings: { ...draft.openings, balances }, after: { ...draft.after, balanceRoot } }
}
/** One certificate of 902 whose inputs are changed, and then signed and made consistent again. */
export const rewritten = (change: (certificate: Loose, inputs: Loose, scene: Scene) => void, entries: (scene: Scene) => Plan['entries'] = () => []) => async (at: Scene) => ({
  ...(await doing(entries)(at)),
  async inputs(inputs: Loose) {
    change(certificateOf(inputs), inputs, at)
    await seal(inputs, at.b.signers.slice(0, 2))
  },
})
export const firstCertificate = (witness: EpochWitness, change: (item: EpochWitness['certificates'][number]) => Partial<EpochWitness['certificates'][number]>): EpochWitness => ({
  ...witness,
  certificates: witness.certificates.map((item, i) => (i === 0 ? { ...item, ...change(item) } : item)),
})
/**
 * A good registration, consumed as one that is refused: the witness opens it as `reopen` says, its place in the inputs is changed besides, and the
 * queue's hash stays that of the good one.
 */
export const misregistered =
  (reopen: (opening: EpochWitness['queue'][number], scene: Scene) => EpochWitness['queue'][number], change: (place: Loose, scene: Scene) => void) =>
  async (at: Scene): Promise<Forgery> => {
    const entry = { kind: 1, slot: 2n, chainId: 5000n, stateRoot: toBytes32(3n), policyHash: toBytes32(4n) }
    const plan = [{ chain: at.b, entries: [] }]
    const plain = await buildEpoch(at.cluster, plan)
    const { queue } = await buildEpoch(at.cluster, plan, [entry])
    return {
      witness: { ...plain, queue: queue.map((opening) => reopen(opening, at)) },
      inputs(inputs) {
        change(inputs['queue']?.[0] as Loose, at)
        const [hi, lo] = limbs(nextQueueHash(plain.queueHashFrom, entry))
        set(inputs, 'queue_to_hi', field(hi))
        set(inputs, 'queue_to_lo', field(lo))
      },
    }
  }
/** The number that a field's product with `by` must be. */
export const over = (value: bigint, by: bigint) => {
  let result = value
  for (let [base, exponent] = [by, FIELD - 2n]; exponent > 0n; exponent >>= 1n, base = (base * base) % FIELD) if (exponent & 1n) result = (result * base) % FIELD
  return (result + FIELD) % FIELD
}
export const add = (holder: Loose, name: string, change: bigint) => {
  ;(holder as unknown as Record<string, string>)[name] = `0x${((BigInt(holder[name] as string) + change + FIELD) % FIELD).toString(16)}`
}
export const set = (holder: Loose, name: string | number, value: unknown) => {
  ;(holder as unknown as Record<string | number, unknown>)[name] = value
}
export const foreign: Token = { chain: 903n, address: address(0x99) }
export const own: Token = { chain: 902n, address: address(0x88) }
export const first = (chain: TestChain, at = 0) => chain.sent[at] as TestChain['sent'][number]
