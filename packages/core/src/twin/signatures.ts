import { schnorrVerify } from '../crypto/schnorr.js'
import { checkPolicy, policyHash } from '../protocol/policy.js'
import { statement } from '../protocol/statement.js'
import type { Certificate, ClusterDomain } from '../protocol/types.js'
import { rule } from './rule.js'

/** R22 and R23: k distinct signers of the header's policy signed the statement. */
export function checkSignatures(certificate: Certificate, domain: ClusterDomain): void {
  const { policy, signatures } = certificate
  try {
    checkPolicy(policy)
  } catch (error) {
    rule(23, false, error instanceof Error ? error.message : String(error))
  }
  rule(23, policyHash(policy) === certificate.before.policyHash, 'the policy given is not the one in the header')
  rule(23, !policy.validity && !policy.external, 'its policy has a leg that nothing here checks')
  rule(22, signatures.length >= policy.attested.k, `it has ${signatures.length} of ${policy.attested.k} signatures`)
  const signed = statement(domain, certificate)
  signatures.forEach(({ signer, signature }, i) => {
    const key = policy.attested.signers[signer]
    rule(22, key !== undefined, `signature ${i} is of nobody in the policy`)
    rule(22, i === 0 || signer > (signatures[i - 1]?.signer ?? -1), 'signers are not sorted and distinct')
    rule(22, schnorrVerify(key, signed, signature), `the signature of signer ${signer} does not fit the statement`)
  })
}
