// Starts a TypeScript program as a thread (its URL is the argument): what `--import tsx` registers does not reach threads.
import { register } from 'tsx/esm/api'

register()
await import(process.argv[2])
