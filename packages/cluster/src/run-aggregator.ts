import { join } from 'node:path'
import { createAggregator, l1Settlement, type Aggregator } from '@causeway/aggregator'
import { type ClusterDomain, type ClusterLink, type Log, systemClock } from '@causeway/core'
import { createL1Reader, createL1Sender, type ClusterContracts, type L1Reader } from '@causeway/l1'
import { signVerdict } from '@causeway/messaging'
import { lmdbStore } from '@causeway/node'
import { brokeredProver, createBroker, proverWorker, spawnWorkers } from '@causeway/prover'
import { checkBarretenberg, decodeProof, encodeJob, L1_PLACES } from '@causeway/prover-ultrahonk'
import { createPublicClient, http, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** What an aggregator is started with. */
export type AggregatorConfig = {
  directory: string
  l1Url: string
  domain: ClusterDomain
  contracts: ClusterContracts
  /** Pays for settlements, and is named in the proofs. */
  key: Hex
  epochInterval?: number
  /** Ids of chains that get places before all others. Default: all chains take turns. */
  prefer?: readonly bigint[]
}

/** A running aggregator with its prover processes. */
export type RunningAggregator = { aggregator: Aggregator; reader: L1Reader; proverPids(): number[]; stop(): Promise<void> }

/** Starts the cluster service: registry, composer, proof broker and one prover process. @throws `NO_BARRETENBERG` */
export async function runAggregator(config: AggregatorConfig, { link, log }: { link: ClusterLink; log: Log }): Promise<RunningAggregator> {
  checkBarretenberg()
  const clock = systemClock
  const client = createPublicClient({ transport: http(config.l1Url, { timeout: 60_000 }) })
  const account = privateKeyToAccount(config.key)
  const store = lmdbStore(join(config.directory, 'aggregator'))
  const reader = createL1Reader({ client, addresses: config.contracts, clock, log })
  const sender = createL1Sender({ client, account, clock, log, pollInterval: 250 })
  const broker = createBroker({ store, clock, log })
  const name = `ultrahonk-${L1_PLACES}/${config.contracts.verifier}`
  const workers = spawnWorkers({ broker, clock, log, kinds: [name], count: 1, command: proverWorker('@causeway/prover-ultrahonk', import.meta.url), timeoutMs: 600_000 })
  const prover = brokeredProver({
    broker,
    name,
    places: L1_PLACES,
    encode: (witness) => new TextEncoder().encode(encodeJob({ witness })),
    decode: (output) => decodeProof(new TextDecoder().decode(output)),
  })
  const aggregator = createAggregator({
    link,
    l1: l1Settlement({ domain: config.domain, client, reader, sender, log, at: 'latest' }),
    prover,
    store,
    clock,
    log,
    beneficiary: account.address,
    signVerdict: (verdict) => signVerdict(config.domain, verdict, account),
    pollInterval: 500,
    ...(config.epochInterval !== undefined && { epochInterval: config.epochInterval }),
    ...(config.prefer && { prefer: config.prefer }),
  })
  aggregator.start()
  return {
    aggregator,
    reader,
    proverPids: () => workers.pids(),
    async stop() {
      await aggregator.stop()
      await workers.stop()
      await sender.close()
      await store.close()
    },
  }
}
