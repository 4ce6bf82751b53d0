import { toRpc, type SimulationVerdict } from '@causeway/client'
import { CausewayError, checkCertificate, errorCode, parseCertificate, statement, type Certificate, type ClusterDomain } from '@causeway/core'
import { isHex } from 'viem'
import { certificateOf, type Certifier } from '../certificates/certify.js'
import type { RpcHandler } from '@causeway/core'
import type { createStatus } from '../status.js'

/** What the `causeway_` methods answer from. */
export type CausewayMethodsOptions = {
  status: ReturnType<typeof createStatus>
  certifier: Certifier | null
  domain: ClusterDomain
  /** ms */
  time(): bigint
  slotOf(chainId: bigint): bigint
}

/** The `causeway_` JSON-RPC methods (types: `CausewayRpcSchema` of @causeway/client). */
export function causewayMethods({ status, certifier, domain, time, slotOf }: CausewayMethodsOptions): Record<string, RpcHandler> {
  const bad = (what: string) => new CausewayError(what, { code: 'INVALID_PARAMS' })
  const list = (params: unknown): readonly unknown[] => (Array.isArray(params) ? params : [])

  function simulate(certificate: Certificate): SimulationVerdict {
    try {
      const { leaves, withdrawals } = checkCertificate(certificate, { domain, time: time(), slotOf })
      return { ok: true, statement: statement(domain, certificate), leaves, withdrawals }
    } catch (error) {
      const code = errorCode(error)
      if (code === undefined) throw error
      return { ok: false, code, reason: error instanceof CausewayError ? error.shortMessage : String(error) }
    }
  }

  return {
    causeway_getMessageStatus: async (params) => {
      const [id] = list(params)
      if (!isHex(id) || id.length !== 66) throw bad('causeway_getMessageStatus takes a 32-byte message id')
      const found = await status.message(id)
      return found && toRpc(found)
    },
    causeway_getChainStatus: () => toRpc(status.chain()),
    causeway_getCertificate: (params) => {
      const [height] = list(params)
      if (height !== 'latest' && !isHex(height)) throw bad("causeway_getCertificate takes a height or 'latest'")
      const found = status.certificate(height === 'latest' ? height : BigInt(height))
      return found && toRpc(found)
    },
    causeway_simulateCertificate: (params) => {
      const [given] = list(params)
      if (given !== undefined && given !== null) return toRpc(simulate(parseCertificate(given, { integers: 'quantity' })))
      const live = certifier?.newest()
      if (!live) throw bad('this node has no certificate of its own to simulate')
      return toRpc(simulate(certificateOf(live)))
    },
  }
}
