/** A chain of typed modules, for whoever starts it in a process of its own: `new URL('./modules-chain.ts', import.meta.url)`. */
import { blobs } from '@causeway/da-ethereum'
import { defineRollup } from '@causeway/node'
import { ballotChain } from './examples/app.js'

export default defineRollup({ chain: { id: 42001n, name: 'modules' }, execution: ballotChain(`0x${'fe'.repeat(20)}`), da: blobs() })
