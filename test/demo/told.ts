import type { Cluster } from '@causeway/cluster'
import type { Hex } from 'viem'

/** A chain of the demo. */
export type Chain = Cluster['chains'][number]
/** What happened on L1 and what it cost. */
export type GasLine = { what: string; gas: bigint }

/** Everything the story left behind. */
export type Story = { gas: GasLine[]; latencies: number[]; withdrawals: { chain: Chain; id: Hex; what: string; /** That Carol gets. */ ether?: string }[]; messages: { from: Chain; to: Chain; id: Hex; what: string }[] }
