import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'
import { mailbox } from './src/index.ts'

/** Which cluster the chain is in: 'local', one that `npm run dev` starts on this machine, or the URL of one that runs, 'http://127.0.0.1:4700' say. */
export const cluster = 'CLUSTER'

/** What the chain is, the same on all of its nodes. A wrong option is told at once, with what to do. */
export default defineRollup({
  // A chain to try the plugin on; it is no part of the package.
  chain: { id: CHAIN_IDn, name: 'CHAIN_NAME' },
  execution: evm({ feeRecipient: '0x00000000000000000000000000000000000000fe' }),
  da: blobs(),
  // In this order; each of the chain's nodes sets them up for itself.
  plugins: [mailbox()],
})
