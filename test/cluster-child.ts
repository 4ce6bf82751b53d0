/** A cluster of two chains that somebody else runs, in a process of its own: says its URL, and ends with the pipe to its parent. */
import { createCluster } from '@causeway/cluster'

const cluster = await createCluster({ directory: process.argv[2] as string, chains: [{ name: 'a' }, { name: 'b' }] })
process.send?.({ url: cluster.url })
process.once('disconnect', () => void cluster.stop().then(() => process.exit()))
