// Starts a TypeScript program as a thread (its URL is the argument): what `--import tsx` registers does not reach threads. Its translation is
// most of the work of a start, so it steps back for the thread that builds blocks (see simulation-thread.ts) before it begins.
import { getPriority, setPriority } from 'node:os'
import { register } from 'tsx/esm/api'

if (process.platform === 'linux' && getPriority() < 10) setPriority(10)
register()
await import(process.argv[2])
