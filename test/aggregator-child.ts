/** An aggregator in a process of its own, to be killed: it steps until it is proving, says so, and never gets its proof. */
import { createAggregator, l1Settlement } from '@causeway/aggregator'
import { decodeJson, silentLog, type Certificate, type ClusterDomain } from '@causeway/core'
import { createL1Reader, createL1Sender, devAccounts, type ClusterContracts } from '@causeway/l1'
import { createLinkHub, signVerdict } from '@causeway/messaging'
import { lmdbStore } from '@causeway/node'
import { manualClock } from '@causeway/testing'
import { createMockEpochProver } from '@causeway/testing/cluster'
import { createPublicClient, http, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

/** What the parent sends, as core's JSON. */
export type ChildAggregator = { url: string; contracts: ClusterContracts; domain: ClusterDomain; path: string; time: bigint; certificates: readonly Certificate[] }

process.once('disconnect', () => process.exit())
process.once('message', (text: string) => void run(decodeJson(text) as ChildAggregator))

async function run({ url, contracts, domain, path, time, certificates }: ChildAggregator): Promise<void> {
  const clock = manualClock(time)
  const client = createPublicClient({ transport: http(url) })
  const reader = createL1Reader({ client, addresses: contracts, clock })
  const account = privateKeyToAccount(devAccounts[1]?.privateKey as Hex)
  const prover = createMockEpochProver()
  prover.held = true
  const aggregator = createAggregator({
    link: createLinkHub().connect('aggregator'),
    l1: l1Settlement({ domain, client, reader, sender: createL1Sender({ client, account, clock }), at: 'latest' }),
    prover,
    store: lmdbStore(path),
    clock,
    log: silentLog,
    beneficiary: account.address,
    signVerdict: (verdict) => signVerdict(domain, verdict, account),
    epochInterval: 0,
    provingTime: 10_000,
  })
  for (const certificate of certificates) await aggregator.submit(certificate)
  while ((await aggregator.step()).to !== 'proving');
  void aggregator.step()
  while (prover.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
  process.send?.('proving')
}
