/** `npm run bench:rpc`: what 60 s of endless calls, batches and 200 sockets that do not read do to a chain's blocks and its memory. */
import { flood, summary } from '../rpc-flood.js'
import { report } from './report.js'

report('rpc', summary(await flood(Number(process.argv[2] ?? 60), process.argv[3])))
process.exit()
