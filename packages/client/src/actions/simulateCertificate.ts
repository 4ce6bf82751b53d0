import type { Certificate, CausewayError } from '@causeway/core'
import type { RequestErrorType } from 'viem/utils'
import { parseSimulationVerdict } from '../answers.js'
import { causewayRequest, type AnyClient } from '../request.js'
import { toRpc, type SimulationVerdict } from '../rpc.js'

export type SimulateCertificateParameters = {
  /** Absent: the certificate that the chain would close now. */
  certificate?: Certificate
}
export type SimulateCertificateReturnType = SimulationVerdict
export type SimulateCertificateErrorType = CausewayError | RequestErrorType

/**
 * What the accounting rules say of a certificate under the node's view of the cluster. A refusal is a result, not an exception.
 *
 * - JSON-RPC: `causeway_simulateCertificate`
 *
 * @throws CausewayError `NOT_CAUSEWAY`, `MALFORMED`
 *
 * @example
 * import { createPublicClient, http } from 'viem'
 * import { simulateCertificate } from '@causeway/client'
 *
 * const client = createPublicClient({ transport: http('http://127.0.0.1:8545') })
 * const verdict = await simulateCertificate(client)
 * if (!verdict.ok) console.log(verdict.code, verdict.reason)
 */
export async function simulateCertificate(client: AnyClient, { certificate }: SimulateCertificateParameters = {}): Promise<SimulateCertificateReturnType> {
  return parseSimulationVerdict(await causewayRequest(client, 'causeway_simulateCertificate', certificate ? [toRpc(certificate)] : []))
}
