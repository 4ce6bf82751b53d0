import { createRoundRobin, type Turns } from '@causeway/core'

/** The turns of one RPC endpoint. */
export function createTurns(): Turns {
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
