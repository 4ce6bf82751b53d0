#!/usr/bin/env node
import { CausewayError } from '@causeway/core'
import { create } from './create.js'
import { Cancelled } from './questions.js'

const CANCELLED = 130

function cancel(): void {
  console.error('Cancelled. Nothing was written.')
  process.exit(CANCELLED)
}

// While a question is open, its answer tells of Ctrl-C.
process.once('SIGINT', cancel)
process.once('SIGTERM', cancel)

const { stdin, stdout, env } = process
const hasTerminal = stdin.isTTY && stdout.isTTY && !env['CI']
try {
  await create(process.argv.slice(2), {
    cwd: process.cwd(),
    userAgent: env['npm_config_user_agent'],
    ...(hasTerminal && { terminal: { input: stdin, output: stdout } }),
    print: (text) => void stdout.write(text),
    // The project is made in a moment. A signal that comes meanwhile has to wait, and then there is nothing to cancel.
    writing: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, cancel).on(signal, () => undefined)
    },
  })
} catch (error) {
  if (error instanceof Cancelled) cancel()
  console.error(error instanceof CausewayError ? error.message : error)
  process.exitCode = 1
}
