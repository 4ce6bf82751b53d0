import { createRoundRobin, type Scheduler } from '@causeway/core'

/** Gives the clients of one RPC endpoint their turns. */
export function createScheduler(): Scheduler {
  const goingOn: (() => void)[] = []
  const clients = createRoundRobin<object, () => void>()
  let isRunning = false

  function run(): void {
    const resolve = goingOn.shift() ?? clients.shift()
    resolve?.()
    isRunning = goingOn.length > 0 || clients.size() > 0
    if (isRunning) setImmediate(run)
  }
  function wake(): void {
    if (!isRunning) setImmediate(run)
    isRunning = true
  }
  return {
    next: (client) =>
      new Promise((resolve) => {
        clients.push(client, resolve)
        wake()
      }),
    goOn: () =>
      new Promise((resolve) => {
        goingOn.push(resolve)
        wake()
      }),
  }
}
