import { spawn } from 'node:child_process'
import { CausewayError } from '@causeway/core'
import { serveJobs } from './worker.js'

/** Worker of the tests: does what its input says. */
serveJobs(
  async (input) => {
    const [what, argument] = new TextDecoder().decode(input).split(' ')
    if (what === 'exit') process.exit(3)
    if (what === 'throw') throw new Error('not this time')
    if (what === 'refuse') throw new CausewayError('never', { code: 'RULE_R20' })
    if (what === 'hang') {
      // A native prover, as far as processes go.
      const grandchild = spawn('sleep', ['300'], { stdio: 'ignore' })
      if (argument) process.stderr.write(`grandchild ${grandchild.pid}\n`)
      await new Promise(() => undefined)
    }
    return new TextEncoder().encode(`${what} by ${process.pid}`)
  },
)
