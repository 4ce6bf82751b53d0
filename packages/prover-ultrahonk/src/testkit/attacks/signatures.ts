import { attestationSigner, attestedPolicy, GRUMPKIN_ORDER, headerHash, policyHash, poseidon2, REGISTRY, TAG, updateTree, type Policy } from '@causeway/core'
import { field } from '../../circuit-values.js'
import { buildEpoch, deposit } from '../cluster.js'
import { certificateOf, rewritePolicy, type Loose } from '../raw.js'
import { uncheckedStatement } from '../unchecked.js'
import { add, attack, doing, firstCertificate, rewritten, set, type Attack, type Scene } from './forge.js'

const mallory = attestationSigner(Uint8Array.from({ length: 32 }, () => 66))

/** Gives a chain another policy, whatever it is, as if it had been registered with it. */
function setPolicy({ cluster, b }: Scene, policy: Policy): void {
  b.policy = policy
  b.header = { ...b.header, policyHash: policyHash(policy) }
  cluster.root = updateTree(cluster.registry, REGISTRY, cluster.root, b.slot, headerHash(b.header))
}

/** The policy and its signatures (R22, R23). */
export const signatures: readonly Attack[] = [
  attack(22, 'has one signature too few', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], signAs: { policy: at.b.policy, signers: at.b.signers.slice(0, 1) } }]),
  })),
  attack(22, 'has a signature of another statement', async (at) => {
    const { witness } = await doing(() => [])(at)
    const { witness: other } = await doing(({ b }) => [deposit(b, 1n)])(at)
    const borrowed = other.certificates[0]?.certificate.signatures ?? []
    return { witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: borrowed } })) }
  }),
  attack(22, 'signs in a place where the policy has nobody', async (at) => {
    const { witness } = await doing(() => [])(at)
    const [item] = witness.certificates
    const [signature] = item?.certificate.signatures ?? []
    if (!item || !signature) throw new Error('an epoch without a certificate')
    // For the point at infinity as a key, R = s·G for any s: no secret is needed.
    const e = poseidon2(TAG.schnorr, [mallory.publicKey.x, 0n, 0n, uncheckedStatement(witness.domain, item.certificate)])
    const s = BigInt(`0x${'42'.repeat(32)}`) % GRUMPKIN_ORDER
    return {
      witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: [signature, { signer: 3, signature: { s, e } }] } })),
      inputs(inputs) {
        const place = inputs['certificates']?.[0]?.['policy']?.['signers']?.[3] as Loose
        set(place, 'signed', true)
        for (const [name, value] of [['s', s], ['e', e]] as const) {
          set(place, `${name}_hi`, `0x${(value >> 128n).toString(16)}`)
          set(place, `${name}_lo`, `0x${(value & (2n ** 128n - 1n)).toString(16)}`)
        }
      },
    }
  }),
  attack(23, 'brings a policy of its own', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], signAs: { policy: attestedPolicy(1, [mallory.publicKey]), signers: [mallory] } }]),
  })),
  attack(23, 'has a policy with a leg that nobody checks', async (at) => {
    setPolicy(at, { ...at.b.policy, validity: 5n })
    return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }]) }
  }),
  attack(23, 'needs no signature by its policy', async (at) => {
    setPolicy(at, { attested: { k: 0, signers: at.b.policy.attested.signers } })
    return { witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }]) }
  }),
  attack(23, 'counts one signer twice', async (at) => {
    const key = at.b.policy.attested.signers[0] as Policy['attested']['signers'][number]
    setPolicy(at, { attested: { k: 2, signers: [key, key] } })
    at.b.signers = at.b.signers.slice(0, 1)
    const witness = await buildEpoch(at.cluster, [{ chain: at.b, entries: [] }])
    const [signature] = witness.certificates[0]?.certificate.signatures ?? []
    return { witness: firstCertificate(witness, ({ certificate }) => ({ certificate: { ...certificate, signatures: signature ? [signature, { ...signature, signer: 1 }] : [] } })) }
  }),
  ...['x', 'y'].map((coordinate) =>
    attack(
      23,
      `has a policy with half a key where no signer is (${coordinate})`,
      rewritten((certificate) => {
        set(certificate['policy']?.['signers']?.[3] as Loose, coordinate, field(5n))
        rewritePolicy(certificate)
      }),
      { twin: null },
    ),
  ),
  attack(
    23,
    'has a policy with a key that is no point of the curve',
    rewritten((certificate) => {
      add(certificate['policy']?.['signers']?.[2] as Loose, 'y', 1n)
      rewritePolicy(certificate)
    }),
    { twin: null },
  ),
  attack(
    23,
    'has a policy with a gap between its signers',
    rewritten((certificate) => {
      const signers = certificate['policy']?.['signers'] as Loose
      set(certificate['policy'] as Loose, 'signers', [0, 1, 3, 2, 4, 5, 6, 7].map((i) => signers[i]))
      rewritePolicy(certificate)
    }),
    { twin: null },
  ),
  attack(
    23,
    'has a policy in an unused place that needs more signers than it has',
    async (at) => ({
      witness: await buildEpoch(at.cluster, []),
      async inputs(inputs) {
        const certificate = certificateOf(inputs)
        set(certificate['policy'] as Loose, 'k', field(2n))
        rewritePolicy(certificate)
      },
    }),
    { twin: null },
  ),
]
