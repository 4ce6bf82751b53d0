import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'
import { p256 } from './p256/index.js'
import { tokenIndexer } from './token-indexer/index.js'

export default defineRollup({ chain: { id: 42001n, name: 'Tokens' }, execution: evm({ feeRecipient: '0x00000000000000000000000000000000000000fe' }), da: calldata(), plugins: [tokenIndexer(), p256()] })
