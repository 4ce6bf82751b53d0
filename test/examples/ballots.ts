import { blobs } from '@causeway/da-ethereum'
import { defineRollup } from '@causeway/node'
import { ballotChain } from './app.js'

export default defineRollup({ chain: { id: 4343n, name: 'Ballots' }, execution: ballotChain('0x00000000000000000000000000000000000000fe'), da: blobs() })
