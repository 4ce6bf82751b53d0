import type { IncomingMessage, ServerResponse } from 'node:http'
import { CausewayError, decodeJson, encodeJson, errorCode, parser as p, type ClusterDomain, type Parser } from '@causeway/core'
import type { ClusterContracts } from '@causeway/l1'
import { loadArtefact, L1_PLACES } from '@causeway/prover-ultrahonk'
import type { Address, Hex } from 'viem'

/** Where a cluster says what it is, at its URL. */
export const WELL_KNOWN = '/.well-known/causeway.json'
/** Of what this version speaks: the link, the certificates, this document. */
export const PROTOCOL = 1
/** ms that a cluster gets to answer. */
const PATIENCE = 10_000
/** Longer documents are none of ours. */
const MOST_BYTES = 256 * 1024

/** What a cluster says of itself: enough to join it, and nothing that has to be believed, for all of it is checked against L1. */
export type ClusterInfo = {
  /** {@link PROTOCOL} of whoever runs it. */
  protocol: number
  l1: { chainId: number; /** Of a JSON-RPC endpoint that others may use. */ rpcUrl: string }
  /** 32 bytes that tell it from others with the same verifier. */
  clusterId: Hex
  contracts: ClusterContracts
  /** URL of the relay, `ws://…`. */
  relay: string
  /** Account whose verdicts show as `proven`; null while none runs. */
  aggregator: Address | null
  /** Of the aggregate's circuit. */
  circuit: { places: number; verificationKeyHash: Hex; srsDigest: Hex }
  /** Chains that it names. Any other member is on L1. */
  chains: readonly { chainId: number; name: string; rpcUrl: string }[]
}

const url = p.text(2_048)
const chainId = p.number(1, Number.MAX_SAFE_INTEGER)
const parseInfo: Parser<ClusterInfo> = p.object(
  {
    protocol: p.number(0, 65_535),
    l1: p.object({ chainId, rpcUrl: url }),
    clusterId: p.bytes(32),
    contracts: p.object({ hub: p.address, inbox: p.address, bridge: p.address, messenger: p.address, verifier: p.address }),
    relay: url,
    aggregator: p.nullable(p.address),
    circuit: p.object({ places: p.number(1, 64), verificationKeyHash: p.bytes(32), srsDigest: p.bytes(32) }),
    chains: p.list(p.object({ chainId, name: p.text(64), rpcUrl: url }), 0, 256),
  },
  { extra: 'drop' },
)

/** What a cluster that runs here says of itself. */
export async function describeCluster({ domain, contracts, ...rest }: { domain: ClusterDomain; contracts: ClusterContracts; relay: string; l1Url: string; aggregator: Address | null; chains: ClusterInfo['chains'] }): Promise<ClusterInfo> {
  const { relay, aggregator, chains, l1Url } = rest
  const { places, verificationKeyHash, srsDigest } = await loadArtefact(L1_PLACES)
  const { hub, inbox, bridge, messenger, verifier } = contracts
  return {
    ...{ protocol: PROTOCOL, l1: { chainId: Number(domain.l1ChainId), rpcUrl: l1Url }, clusterId: domain.clusterId, contracts: { hub, inbox, bridge, messenger, verifier } },
    ...{ relay, aggregator, circuit: { places, verificationKeyHash, srsDigest }, chains },
  }
}

/** Answers requests for {@link WELL_KNOWN}; returns whether one was. */
export function answerAbout(about: () => Promise<ClusterInfo>): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    if (request.method !== 'GET' || request.url !== WELL_KNOWN) return false
    about().then(
      (info) => response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(encodeJson(info)),
      () => response.writeHead(500).end(),
    )
    return true
  }
}

/**
 * Asks a cluster what it is. Nothing of it is checked yet: `checkCluster` does that.
 * @param at its URL, with or without {@link WELL_KNOWN}
 * @throws CausewayError `CLUSTER_UNREACHABLE`, `NOT_A_CLUSTER`, `BAD_CLUSTER_URL`
 */
export async function readCluster(at: string): Promise<ClusterInfo> {
  if (!URL.canParse(at) || !/^https?:$/.test(new URL(at).protocol))
    throw new CausewayError(`${at} is no URL of a cluster.`, { code: 'BAD_CLUSTER_URL', fix: 'write it with http:// or https://, as `causeway cluster` prints it: http://127.0.0.1:4700' })
  const where = new URL(WELL_KNOWN, at)
  const text = await ask(where)
  try {
    return parseInfo(decodeJson(text), { path: 'cluster', integers: 'bigint' })
  } catch (cause) {
    if (errorCode(cause) === undefined) throw cause
    throw new CausewayError(`What ${where.href} answers is not what a cluster says of itself: ${(cause as CausewayError).shortMessage}`, { code: 'NOT_A_CLUSTER', fix: 'check the URL; if it is right, the cluster runs another version of Causeway than this one', cause })
  }
}

async function ask(where: URL): Promise<string> {
  try {
    const response = await fetch(where, { signal: AbortSignal.timeout(PATIENCE), redirect: 'error' })
    if (!response.ok) throw new CausewayError(`${where.href} answers with ${response.status}.`, { code: 'NOT_A_CLUSTER', fix: 'check the URL: something else is there' })
    return await bounded(response)
  } catch (cause) {
    if (errorCode(cause) !== undefined) throw cause
    throw new CausewayError(`No cluster answers at ${where.origin}.`, { code: 'CLUSTER_UNREACHABLE', fix: 'start it (`causeway cluster`), check the URL, or use a local one (`causeway dev` without a cluster starts it)', cause })
  }
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MOST_BYTES) throw new CausewayError(`${response.url} answers with more than ${MOST_BYTES} bytes.`, { code: 'NOT_A_CLUSTER', fix: 'check the URL: something else is there' })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
