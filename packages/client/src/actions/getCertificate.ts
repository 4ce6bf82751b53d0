import type { CausewayError } from '@causeway/core'
import { numberToHex } from 'viem'
import type { RequestErrorType } from 'viem/utils'
import { parseCertificateStatus } from '../answers.js'
import { causewayRequest, type AnyClient } from '../request.js'
import type { CertificateStatus } from '../rpc.js'

export type GetCertificateParameters = {
  /** Height of the certificate, counted from 1. @default 'latest' */
  height?: bigint | 'latest'
}
/** Null: the chain has no such certificate. */
export type GetCertificateReturnType = CertificateStatus | null
export type GetCertificateErrorType = CausewayError | RequestErrorType

/**
 * A certificate of the chain, who has signed it and how far it has come. Check the certificate itself with core's `applyCertificate`:
 * the node is not trusted with it.
 *
 * - JSON-RPC: `causeway_getCertificate`
 *
 * @throws CausewayError `NOT_CAUSEWAY`, `MALFORMED`
 *
 * @example
 * import { createPublicClient, http } from 'viem'
 * import { getCertificate } from '@causeway/client'
 *
 * const client = createPublicClient({ transport: http('http://127.0.0.1:8545') })
 * const latest = await getCertificate(client)
 */
export async function getCertificate(client: AnyClient, { height = 'latest' }: GetCertificateParameters = {}): Promise<GetCertificateReturnType> {
  const params: [`0x${string}` | 'latest'] = [height === 'latest' ? height : numberToHex(height)]
  return parseCertificateStatus(await causewayRequest(client, 'causeway_getCertificate', params))
}
