/** What may go wrong around a local cluster, and what its user is told. Real processes, real time. */
import { strict as assert } from 'node:assert'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCluster } from '@causeway/cluster'
import { afterAll, expect, it } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'causeway-faults-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

it('a chain whose process is killed comes back where it was, and stopping ends everything', async () => {
  const cluster = await createCluster({ directory, chains: [{ name: 'a', ownProcess: true }], aggregator: false })
  const [a] = cluster.chains
  const head = async () => a.client.getBlockNumber({ cacheTime: 0 })
  await expect.poll(head, { timeout: 120_000 }).toBeGreaterThan(1n)
  const before = await a.client.getBlock()
  const killed = a.child?.pid
  assert(killed !== undefined)
  process.kill(killed, 'SIGKILL')
  await expect.poll(() => a.child?.pid, { timeout: 120_000 }).not.toBe(killed)
  // Under the same URL, on the same chain.
  await expect.poll(head, { timeout: 120_000 }).toBeGreaterThan(before.number)
  expect((await a.client.getBlock({ blockNumber: before.number })).hash).toBe(before.hash)
  expect(a.error).toBe(undefined)
  expect(readFileSync(cluster.logFile, 'utf8')).toMatch(/error cluster: the process of chain a was killed by SIGKILL; it is started again/)

  await expect(createCluster({ directory })).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
  const pids = [a.child?.pid, cluster.l1.pid].map(Number)
  expect(pids.map(isAlive)).toEqual([true, true])
  await cluster.stop()
  expect(pids.map(isAlive)).toEqual([false, false])
  await expect(createCluster({ directory, chains: [{ name: 'z' }] })).rejects.toMatchObject({ code: 'DIRECTORY_OTHER_CHAINS' })
})

it('ports that are taken are named, and nothing is left running', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const refusal = (options: Parameters<typeof createCluster>[0]) => createCluster({ aggregator: false, ...options }).then(() => 'started', (error: { code: string; message: string }) => `${error.code}: ${error.message}`)
    expect(await refusal({ l1Port: port })).toMatch(new RegExp(`^ANVIL_PORT_TAKEN: Port ${port}`))
    // The other chain is started in a process of its own meanwhile, and ended again.
    expect(await refusal({ directory, chains: [{ name: 'a', ownProcess: true }, { name: 'b', rpcPort: port }] })).toMatch(new RegExp(`^PORT_IN_USE: .*:${port}`))
    const again = await createCluster({ directory, chains: [{ name: 'a', ownProcess: true }], aggregator: false })
    await again.stop()
    expect(await refusal({ directory, chains: [{ name: 'a', ownProcess: true, rpcPort: port }] })).toMatch(new RegExp(`^NODE_FAILED: .*:${port}`))
  } finally {
    server.close()
  }
})
