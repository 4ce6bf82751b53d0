/** A cluster of two chains that somebody else runs, in a process of its own: says its URL, and ends with the pipe to its parent. */
import { createCluster, evmRollup } from '@causeway/cluster'

/** They take messages of each other, and of chains that may join, before those have settled. */
const allow = [42_001n, 42_002n, 701n, 702n, 703n].map((from) => ({ from, rung: 'included' as const, cap: 10n ** 18n }))
const chain = (name: string, id: bigint) => ({ name, rollup: { ...evmRollup({ id, feeRecipient: `0x${'fe'.repeat(20)}` }), interop: { allow: allow.filter(({ from }) => from !== id) } } })
const cluster = await createCluster({ directory: process.argv[2] as string, chains: [chain('a', 42_001n), chain('b', 42_002n)] })
process.send?.({ url: cluster.url })
process.once('disconnect', () => void cluster.stop().then(() => process.exit()))
