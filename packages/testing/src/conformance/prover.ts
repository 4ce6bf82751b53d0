import { applyEpoch, domainSeparator, limbs, type CertificateWitness, type EpochProof, type EpochProver, type EpochWitness } from '@causeway/core'
import type { TestFramework } from '@causeway/messaging'
import { isHash, type Hex } from 'viem'
import { outcome } from './outcome.js'

/** A prover and a proof of its own: proofs are dear, so the suite makes none. */
export type ProverFixture = {
  prover: EpochProver
  /** An honest epoch with a certificate; `randomEpoch(seed)` of `@causeway/testing` makes them. */
  witness: EpochWitness
  /** What `prover.prove(witness)` gave. */
  proof: EpochProof
  /** Whoever has to be convinced, as on L1. Errors count as refusals. */
  verify(proof: EpochProof): Promise<boolean>
  close(): Promise<void>
}

/** Places in a proof that are changed, one at a time. */
const CHANGES = 5

/**
 * What every `EpochProver` must do: refuse what the twin rejects, by the same rule; prove the 16 public inputs of the protocol as the twin
 * computes them; and make proofs that convince of these public inputs and of no others.
 */
export function proverConformance({ it, expect }: TestFramework, makeProver: () => Promise<ProverFixture>): void {
  const test = (name: string, body: (fixture: ProverFixture) => Promise<void>) =>
    it(name, async () => {
      const fixture = await makeProver()
      try {
        await body(fixture)
      } finally {
        await fixture.close()
      }
    })

  test('refuses what the twin rejects, by the same rule', async ({ prover, witness }) => {
    const [first] = witness.certificates as [CertificateWitness]
    const certified = (changes: Partial<CertificateWitness['certificate']>) => ({ ...witness, certificates: [{ ...first, certificate: { ...first.certificate, ...changes } }, ...witness.certificates.slice(1)] })
    const { before, after } = first.certificate
    const wrong: EpochWitness[] = [
      { ...witness, time: 0n },
      { ...witness, rootFrom: witness.rootFrom ^ 1n },
      { ...witness, domain: { ...witness.domain, l1ChainId: witness.domain.l1ChainId + 1n } },
      certified({ signatures: [] }),
      certified({ after: { ...after, balanceRoot: after.balanceRoot ^ 1n } }),
      certified({ after: { ...after, height: after.height + 1n } }),
      certified({ before: { ...before, outboxSize: before.outboxSize + 1n } }),
    ]
    const rules: string[] = []
    for (const epoch of wrong) rules.push(await outcome(() => applyEpoch(epoch)))
    const refusals: string[] = []
    for (const epoch of wrong) refusals.push(await outcome(() => prover.prove(epoch)))
    expect(rules.filter((rule) => !rule.startsWith('RULE_'))).toEqual([])
    expect(refusals).toEqual(rules)
  })

  test('proves nothing for who does not wait any more', async ({ prover, witness }) => {
    const gone = new AbortController()
    gone.abort(new Error('nobody waits'))
    expect((await outcome(() => prover.prove(witness, gone.signal))) === 'ok').toBe(false)
  })

  test('has room for the certificates that it proved', async ({ prover, witness }) => {
    expect(prover.name.length > 0).toBe(true)
    expect(prover.places >= witness.certificates.length).toBe(true)
  })

  test('proves the 16 public inputs of the protocol, as the twin computes them', async ({ witness, proof }) => {
    const { domain, epoch, time, rootFrom, queueHashFrom, beneficiary } = witness
    const { rootTo, queueHashTo, accumulator, publicInputs } = applyEpoch(witness)
    expect(proof.publicInputs.map(BigInt)).toEqual([
      ...limbs(domainSeparator(domain)),
      ...[domain.l1ChainId, epoch, time, rootFrom, rootTo],
      ...[...limbs(queueHashFrom), ...limbs(queueHashTo)],
      ...[0n, 0n, ...limbs(accumulator), BigInt(beneficiary)],
    ])
    expect(proof.publicInputs.map(BigInt)).toEqual(publicInputs)
    expect(proof.publicInputs.filter((word) => !isHash(word))).toEqual([])
  })

  test('makes a proof that convinces', async ({ proof, verify }) => {
    expect(await verify(proof)).toBe(true)
  })

  test('convinces of nothing once any part of the proof is changed', async ({ proof, verify }) => {
    const digits = proof.proof.length - 2
    const taken: string[] = []
    for (let i = 0; i < CHANGES; i++) {
      const at = 2 + Math.floor(((i + 0.5) * digits) / CHANGES)
      const changed: Hex = `0x${proof.proof.slice(2, at)}${proof.proof[at] === '0' ? '1' : '0'}${proof.proof.slice(at + 1)}`
      if (await accepts(verify, { ...proof, proof: changed })) taken.push(`digit ${at}`)
    }
    for (const other of ['0x', proof.proof.slice(0, -64), `${proof.proof}${'00'.repeat(32)}`] as Hex[]) if (await accepts(verify, { ...proof, proof: other })) taken.push(`${other.length / 2 - 1} bytes`)
    expect(taken).toEqual([])
  })

  test('convinces of no other public inputs', async ({ proof, verify }) => {
    const taken: string[] = []
    for (const [i, word] of proof.publicInputs.entries()) {
      const publicInputs = proof.publicInputs.with(i, `0x${(BigInt(word) ^ 1n).toString(16).padStart(64, '0')}`)
      if (await accepts(verify, { ...proof, publicInputs })) taken.push(`public input ${i}`)
    }
    if (await accepts(verify, { ...proof, publicInputs: proof.publicInputs.slice(0, -1) })) taken.push('one too few')
    if (await accepts(verify, { ...proof, publicInputs: [...proof.publicInputs, `0x${'00'.repeat(32)}`] })) taken.push('one too many')
    expect(taken).toEqual([])
  })
}

async function accepts(verify: ProverFixture['verify'], proof: EpochProof): Promise<boolean> {
  try {
    return await verify(proof)
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}
