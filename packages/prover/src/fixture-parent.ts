import { silentLog, systemClock as clock } from '@causeway/core'
import { memoryStore } from '@causeway/testing'
import { createBroker, spawnWorkers, workerCommand } from './index.js'

/** Process of the tests that is killed while its worker works. Prints who works. */
const broker = createBroker({ store: memoryStore(), clock, log: silentLog })
const workers = spawnWorkers({
  broker,
  clock,
  kinds: ['test'],
  count: 1,
  command: workerCommand('./fixture-worker', import.meta.url),
  timeoutMs: 60_000,
  log: {
    ...silentLog,
    debug: (_, fields) => {
      const grandchild = /grandchild (\d+)/.exec(String(fields?.stderr))?.[1]
      if (grandchild) process.stdout.write(JSON.stringify({ worker: workers.pids()[0], grandchild: Number(grandchild) }))
    },
  },
})
await broker.submit({ kind: 'test', input: new TextEncoder().encode('hang aloud') })
