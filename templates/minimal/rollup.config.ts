import { blobs } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'

/** Which cluster the chain is in: 'local', one that `npm run dev` starts on this machine, or the URL of one that runs, 'http://127.0.0.1:4700' say. */
export const cluster = 'CLUSTER'

/** What the chain is, the same on all of its nodes. A wrong option is told at once, with what to do. */
export default defineRollup({
  // The id is registered for ever, and wallets know the chain by it. No other chain of the cluster may have it.
  chain: { id: CHAIN_IDn, name: 'CHAIN_NAME' },
  // Rules of the chain, which are fixed once it is registered: gasLimit, hardfork: 'cancun' | 'prague' | 'osaka', alloc, predeploys, precompiles.
  // Whoever is feeRecipient gets the fees. Nobody has the key of this one: put an account of yours here before you register for good.
  execution: evm({ feeRecipient: '0x00000000000000000000000000000000000000fe' }),
  // Where the blocks are kept for everybody: blobs of L1; calldata() is dearer and stays for ever.
  da: blobs(),

  // ms between blocks, and between the batches that go to L1. These are the defaults.
  // sequencing: { blockTime: 1000, batchInterval: 2000 },

  // Messages of other chains are executed once they are settled. To take those of one chain sooner, and up to how much (wei) unsettled:
  // interop: { allow: [{ from: 42002n, rung: 'included', cap: 10n ** 18n }] },
})
