import { describe, expect, it } from 'vitest'
import { pluginWorld, recorder } from './world.test-helper.js'

describe('a plugin is told', () => {
  it('every block and message in order, then what is closed and settled, once', async () => {
    const world = await pluginWorld()
    const { plugin, heard } = recorder()
    const node = await world.start([plugin])
    await world.build(1)
    await world.deposit()
    await world.closeCertificate(1n, 2n)
    await node.deliver()
    expect(heard()).toEqual(['back to 0', 'block 1', 'block 2', 'delivered 0 true', 'certificate 1/1'])
    Object.assign(world.final, { block: 2n, epoch: 1n, header: { height: 1n } })
    await world.build(1)
    await node.deliver()
    expect(heard()).toEqual(['settled 2', 'block 3'])
    await node.deliver()
    expect(heard()).toEqual([])
  })

  it('a certificate only after its blocks, and again what replaces one that died', async () => {
    const world = await pluginWorld()
    const { plugin, heard } = recorder()
    const node = await world.start([plugin])
    await world.closeCertificate(1n, 1n)
    await node.deliver()
    expect(heard()).toEqual(['back to 0'])
    await world.build(1)
    await node.deliver()
    await world.closeCertificate(1n, 1n, 77n)
    await node.deliver()
    await world.closeCertificate(2n, 1n)
    await node.deliver()
    expect(heard()).toEqual(['block 1', 'certificate 1/1', 'certificate 1/77', 'certificate 2/2'])
  })

  it('from where it stopped after a restart, and from the first block or the next one when it is new', async () => {
    const world = await pluginWorld()
    const first = recorder()
    await world.build(2)
    await (await world.start([first.plugin])).deliver()
    await world.build(1)
    const again = recorder()
    const [old, young] = [recorder({ name: 'old' }), recorder({ name: 'young', begin: 'now' })]
    const node = await world.start([again.plugin, old.plugin, young.plugin])
    await node.deliver()
    expect(again.heard()).toEqual(['back to 2', 'block 3'])
    expect(old.heard()).toEqual(['back to 0', 'block 1', 'block 2', 'block 3'])
    expect(young.heard()).toEqual(['back to 3'])
    await world.build(1)
    await node.deliver()
    expect([again.heard(), old.heard(), young.heard()]).toEqual([['block 4'], ['block 4'], ['block 4']])
  })
})

describe('a rollback', () => {
  it('is told before the blocks that replace others, to the last that both have', async () => {
    const world = await pluginWorld()
    const { plugin, heard } = recorder()
    const node = await world.start([plugin])
    await world.build(5)
    await node.deliver()
    heard()
    await world.replace(2n, 4)
    await node.deliver()
    expect(heard()).toEqual(['back to 2', 'block 3', 'block 4', 'block 5', 'block 6'])
    await world.replace(4n, 0)
    await node.deliver()
    await world.build(1)
    await node.deliver()
    expect(heard()).toEqual(['back to 4', 'block 5'])
  })

  it('is found after a restart, also two of them, and under a plugin that began in the middle', async () => {
    const world = await pluginWorld()
    await world.build(4)
    const [all, late] = [recorder({ name: 'all' }), recorder({ name: 'late', begin: 'now' })]
    const node = await world.start([all.plugin, late.plugin])
    await world.build(2)
    await node.deliver()
    node.store.crash()
    ;[all, late].forEach(({ heard }) => heard())
    await world.replace(5n, 3)
    await world.replace(2n, 3)
    const after = await world.start([all.plugin, late.plugin])
    await after.deliver()
    expect(all.heard()).toEqual(['back to 2', 'block 3', 'block 4', 'block 5'])
    expect(late.heard()).toEqual(['back to 4', 'block 5'])
  })

  it('goes further back for a plugin that has lost more, and never forward', async () => {
    const world = await pluginWorld()
    const { plugin, heard } = recorder()
    await world.build(4)
    await (await world.start([plugin])).deliver()
    heard()
    const has = (block: bigint) => recorder({}, (told) => (told.startsWith('back') ? block : undefined))
    for (const [block, blocks] of [[2n, ['block 3', 'block 4']], [99n, []], [-1n, []], [0n, ['block 1', 'block 2', 'block 3', 'block 4']]] as const) {
      const again = has(block)
      await (await world.start([again.plugin])).deliver()
      expect(again.heard()).toEqual(['back to 4', ...blocks])
    }
  })

  it('reaches no block that is settled for good, of which no hash is kept', async () => {
    const world = await pluginWorld()
    const { plugin, heard } = recorder()
    const node = await world.start([plugin])
    await world.build(6)
    await node.deliver()
    const kept = () => [...world.store.range({ start: 'plugin/recorder/told/', end: 'plugin/recorder/told0' })].length
    expect(kept()).toBe(6)
    world.final.block = 5n
    await world.build(1)
    await node.deliver()
    expect(kept()).toBe(2)
    heard()
    await world.replace(5n, 2)
    await node.deliver()
    expect(heard()).toEqual(['back to 5', 'block 6', 'block 7'])
  })
})

describe('what goes wrong with a hook', () => {
  it('a crash between the block and the call, in a call, and between the call and the cursor: told again, after it was taken back', async () => {
    const world = await pluginWorld()
    const told = recorder()
    // The process dies when it wants to write the cursor, n writes from its start.
    for (const writes of [0, 1, 2, 3, 4]) {
      await world.build(1)
      const node = await world.start([told.plugin])
      node.store.crashAfter(writes)
      await node.deliver().catch((error: unknown) => expect(error).toMatchObject({ code: 'CRASHED' }))
    }
    await (await world.start([told.plugin])).deliver()
    // Applied as an indexer would, nothing is missing or double.
    const blocks: number[] = []
    for (const line of told.heard()) {
      const [what, number = ''] = line.split(/ (?=\d)/)
      if (what === 'block') blocks.push(Number(number))
      else if (what === 'back to') while ((blocks.at(-1) ?? 0) > Number(number)) blocks.pop()
    }
    expect(blocks).toEqual([1, 2, 3, 4, 5])
  })

  it('one that throws is called again after growing pauses, and is logged with the name of the plugin; others do not wait for it', async () => {
    const world = await pluginWorld()
    let broken = true
    const failing = recorder({ name: 'failing' }, (told) => {
      if (broken && told === 'delivered 0 true') throw new Error('no disk')
    })
    const other = recorder({ name: 'other' })
    const node = await world.start([failing.plugin, other.plugin])
    const stop = new AbortController()
    const running = node.run(stop.signal)
    await world.deposit()
    await failing.hears(['back to 0', 'block 1', 'delivered 0 true'])
    await world.build(1)
    await other.hears(['back to 0', 'block 1', 'delivered 0 true', 'block 2'])
    expect(failing.heard()).toEqual([])
    const again = ['back to 0', 'block 1', 'delivered 0 true']
    await expect.poll(() => world.logged).toHaveLength(1)
    await world.clock.advance(1_000)
    await failing.hears(again)
    await expect.poll(() => world.logged).toHaveLength(2)
    await world.clock.advance(1_999)
    expect(failing.heard()).toEqual([])
    await world.clock.advance(1)
    await failing.hears(again)
    expect(world.logged.every(({ plugin, error }) => plugin === 'failing' && (error as Error).message === 'no disk')).toBe(true)
    expect(node.metrics()).toContain('causeway_plugin_failures_total{plugin="failing"} 3')
    broken = false
    await world.clock.advance(4_000)
    await failing.hears([...again, 'block 2'])
    expect(node.metrics()).toContain('causeway_plugin_block{plugin="failing"} 2')
    stop.abort()
    await running
  })

  it('one that hangs is told to stop after 30 s, and called again', async () => {
    const world = await pluginWorld()
    const signals: AbortSignal[] = []
    const { plugin, hears } = recorder({}, (told, signal) => told === 'block 1' && signals.push(signal) === 1 && new Promise(() => undefined))
    const node = await world.start([plugin])
    const stop = new AbortController()
    const running = node.run(stop.signal)
    await world.build(1)
    await hears(['back to 0', 'block 1'])
    await world.clock.advance(29_999)
    expect([signals[0]?.aborted, world.logged]).toEqual([false, []])
    await world.clock.advance(1)
    await expect.poll(() => world.logged).toMatchObject([{ plugin: 'recorder', error: { code: 'PLUGIN_TIMEOUT' } }])
    expect(signals[0]?.aborted).toBe(true)
    await world.clock.advance(1_000)
    await hears(['back to 0', 'block 1'])
    stop.abort()
    await running
  })

  it('one that hangs does not hold up the end of the node', async () => {
    const world = await pluginWorld()
    let signal: AbortSignal | undefined
    const { plugin } = recorder({}, (told, given) => told === 'block 1' && ((signal = given), new Promise(() => undefined)))
    const node = await world.start([plugin])
    const stop = new AbortController()
    const running = node.run(stop.signal)
    await world.build(1)
    await expect.poll(() => signal).toBeDefined()
    stop.abort()
    await running
    expect(signal?.aborted).toBe(true)
  })
})
