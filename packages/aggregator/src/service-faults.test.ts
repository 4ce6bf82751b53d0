import { CausewayError, policyHash, type Certificate } from '@causeway/core'
import { crashableStore, memoryStore, testAddress, type TwinChain } from '@causeway/testing'
import { describe, expect, it } from 'vitest'
import { createScene, runSteps } from './service-fixture.js'

const ALL = 'composed proving proven settling settled collecting'

describe('when others settle, too', () => {
  it('adopts the same epoch, whoever settled it, in each state', async () => {
    const scene = createScene()
    const certificates = await scene.certify()
    const theirs = scene.aggregator({ beneficiary: testAddress(0x07) })
    for (const certificate of certificates) await theirs.submit(certificate)
    expect(await theirs.run()).toBe(ALL)
    const landed = scene.l1.epochs.splice(0)
    for (const state of ['composed', 'proving', 'proven', 'settling']) {
      const ours = scene.aggregator()
      for (const certificate of certificates) await ours.submit(certificate)
      while ((await ours.step()).to !== state);
      scene.l1.epochs.push(...landed)
      expect((await ours.step()).to, state).toBe('settled')
      expect(await ours.run()).toBe('collecting')
      expect(scene.l1.epochs.splice(0)).toEqual(landed)
    }
    expect(scene.l1.refused).toEqual([])
  })

  it('gives up the proof of an epoch in whose place another landed, and composes with what is left', async () => {
    const scene = createScene({ chainIds: [101n, 102n, 103n], places: 3 })
    const certificates = (await scene.certify()) as [Certificate, Certificate, Certificate]
    const ours = scene.aggregator({ pollInterval: 1000, epochInterval: 0 })
    const theirs = scene.aggregator({ beneficiary: testAddress(0x07), epochInterval: 0 })
    for (const certificate of certificates.slice(0, 2)) await ours.submit(certificate)
    await ours.step()
    await ours.step()
    ours.prover.next.push(() => new Promise(() => undefined))
    const proving = ours.step()
    await theirs.submit(certificates[0])
    expect(await theirs.run()).toBe(ALL)
    await new Promise((resolve) => setTimeout(resolve, 20))
    await scene.clock.advance(1000)
    expect(await proving).toMatchObject({ from: 'proving', to: 'collecting' })
    expect(await ours.run()).toBe(ALL)
    expect(scene.l1.epochs.map(({ certificates: list }) => list.map(({ slot }) => slot))).toEqual([[0], [1]])
    expect(scene.l1.refused).toEqual([])
  })

  it('settles again with the same proof what L1 took back', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    for (const certificate of await scene.certify()) await service.submit(certificate)
    expect(await service.run()).toBe(ALL)
    const root = scene.l1.epochs[0]?.newRoot
    scene.l1.reorg()
    expect(await service.run()).toBe('settling settled collecting')
    expect([scene.l1.epochs.length, scene.l1.epochs[0]?.newRoot, service.prover.asked.length]).toEqual([1, root, 1])
    expect(service.events).toContainEqual({ kind: 'rewound', epoch: 0n })
    // Not if it is final.
    scene.l1.finalize()
    await service.step()
    expect([...service.store.range({ start: 'aggregator/settled/', end: 'aggregator/settled0' })]).toEqual([])
  })
})

describe('when chains crowd', () => {
  it('serves them in turn, a pair that needs each other in one epoch; or an operator its own first', async () => {
    const scene = createScene({ chainIds: [101n, 102n, 103n, 104n, 105n] })
    const [a, b, ...junk] = scene.chains as unknown as TwinChain[]
    if (!a || !b) throw new Error('no chains')
    const service = scene.aggregator({ epochInterval: 0 })
    const own = scene.aggregator({ epochInterval: 0, prefer: [a.chainId, b.chainId] })
    const submit = async (certificates: readonly Certificate[]) => {
      scene.l1.finalize()
      for (const certificate of certificates) for (const { submit: to } of [service, own]) await to(certificate)
    }
    const settledIn = () => scene.l1.epochs.map(({ certificates }) => certificates.map(({ slot }) => slot))
    const accept = async (certificates: readonly Certificate[]) => {
      for (const certificate of certificates) scene.chains.find(({ chainId }) => chainId === certificate.before.chainId)?.accept(certificate)
    }
    // All are registered, junk is always there first, and has certificates in stock.
    for (let round = 0; round < 2; round++) {
      const stock = await scene.certify(junk)
      await submit(stock)
      await service.run()
      await accept(stock)
    }
    expect(settledIn().flat().every((slot) => slot >= 2)).toBe(true)
    const before = scene.l1.epochs.length
    await submit(await scene.certify(junk))
    scene.cluster.tick()
    a.deposit(100n)
    const message = a.send({ destination: b.chainId, amount: 5n })
    scene.cluster.tick()
    b.import(message, policyHash(a.policy))
    const pair = await Promise.all([b.certify(), a.certify()])
    pair.forEach(scene.l1.publish)
    await submit(pair)
    // What its operator's own aggregator would settle first, and what any other does.
    while ((await own.step()).to !== 'composed');
    expect(own.link.said.filter((said) => said.kind === 'verdict' && said.verdict === 'composed').map((said) => said.kind === 'verdict' && said.chainId)).toEqual([101n, 102n])
    await service.run()
    expect(settledIn()[before]).toEqual([0, 1])
    expect(new Set(settledIn().slice(before + 1).flat())).toEqual(new Set([2, 3, 4]))
  })
})

describe('when prover and twin disagree', () => {
  it('finds the certificate that cannot be proven, and settles the others', async () => {
    const scene = createScene()
    const honest = scene.aggregator()
    let asked = 0
    const service = scene.aggregator({
      epochInterval: 0,
      prover: {
        ...honest.prover,
        async prove(witness, signal) {
          asked++
          const cause = new CausewayError('no witness', { code: 'UNSATISFIED' })
          if (witness.certificates.some(({ slot }) => slot === 1n)) throw new CausewayError('failed', { code: 'PROOF_FAILED', cause })
          return honest.prover.prove(witness, signal)
        },
      },
    })
    for (const certificate of await scene.certify()) await service.submit(certificate)
    for (let i = 0; i < 4; i++) {
      await service.run()
      await scene.clock.advance(60_000)
    }
    expect(scene.l1.epochs.map(({ certificates }) => certificates.map(({ slot }) => slot))).toEqual([[0]])
    expect(service.link.said.at(-1)).toMatchObject({ chainId: 102n, verdict: 'invalid', reason: expect.stringMatching(/^UNSATISFIED/) })
    expect(asked).toBe(3)
    expect(await service.run()).toBe('')
  })

  it('does not let it take the same others along each time, however busy the rest are', async () => {
    const scene = createScene({ chainIds: [101n, 102n, 103n, 104n] })
    const honest = scene.aggregator()
    let poisoned = false
    const service = scene.aggregator({
      epochInterval: 0,
      prover: {
        ...honest.prover,
        async prove(witness, signal) {
          if (poisoned && witness.certificates.some(({ slot }) => slot === 1n)) throw new CausewayError('failed', { code: 'PROOF_FAILED', cause: new CausewayError('no witness', { code: 'UNSATISFIED' }) })
          return honest.prover.prove(witness, signal)
        },
      },
    })
    // Whoever has settled is there again at once.
    const waiting = new Map<number, Certificate>()
    const next = async (slot: number) => {
      const chain = scene.chains[slot] as TwinChain
      const last = waiting.get(slot)
      if (last) chain.accept(last)
      const [certificate] = (await scene.certify([chain])) as [Certificate]
      waiting.set(slot, certificate)
      await service.submit(certificate)
    }
    scene.l1.after = async () => {
      scene.l1.finalize()
      for (const { slot } of scene.l1.epochs.at(-1)?.certificates ?? []) await next(slot)
    }
    for (const slot of [0, 1, 2, 3]) await next(slot)
    const play = async (steps: number) => {
      const before = scene.l1.epochs.length
      for (let i = 0; i < steps; i++) if ((await service.step()).reason.startsWith('pausing')) await scene.clock.advance(60_000)
      return scene.l1.epochs.slice(before).map(({ certificates }) => certificates.map(({ slot }) => slot))
    }
    expect(new Set((await play(24)).flat())).toEqual(new Set([0, 1, 2, 3]))
    poisoned = true
    const after = await play(100)
    const times = (slot: number) => after.flat().filter((item) => item === slot).length
    expect(times(1)).toBe(0)
    for (const slot of [0, 2, 3]) expect(times(slot), `slot ${slot} of ${JSON.stringify(after)}`).toBeGreaterThanOrEqual(3)
  }, 60_000)
})

describe('when it is killed', () => {
  it('ends in exactly one settlement, wherever it was', async () => {
    const scene = createScene()
    const certificates = await scene.certify()
    let runs = 0
    for (let writes = 0; ; writes++) {
      const disk = memoryStore()
      const dying = crashableStore(disk)
      const first = scene.aggregator({ store: dying })
      dying.crashAfter(writes)
      const died = await (async () => {
        for (const certificate of certificates) await first.submit(certificate)
        await first.run()
      })().then(() => false, (error: { code?: string }) => error.code === 'CRASHED')
      const second = scene.aggregator({ store: disk })
      for (const certificate of certificates) second.link.answers.set(certificate.before.chainId, certificate)
      await second.run()
      expect(scene.l1.epochs.length, `crash after ${writes} writes`).toBe(1)
      expect(scene.l1.refused, `crash after ${writes} writes`).toEqual([])
      expect(second.status()).toMatchObject({ state: 'collecting', settled: { epoch: 1n } })
      scene.l1.epochs.splice(0)
      runs = writes
      if (!died) break
    }
    // Two candidates, six transitions, and what is kept of the epoch.
    expect(runs).toBeGreaterThanOrEqual(8)
  }, 120_000)

  it('adopts what landed in the moment of its death', async () => {
    const scene = createScene()
    const store = memoryStore()
    const dying = crashableStore(store)
    const first = scene.aggregator({ store: dying })
    for (const certificate of await scene.certify()) await first.submit(certificate)
    scene.l1.after = async () => {
      dying.crash()
      throw new Error('killed')
    }
    await expect(first.run()).rejects.toMatchObject({ code: 'CRASHED' })
    const second = scene.aggregator({ store })
    expect(second.status().state).toBe('settling')
    expect(await second.run()).toBe('settled collecting')
    expect([scene.l1.epochs.length, second.prover.asked.length]).toEqual([1, 0])
  })

  it('is stopped in the middle of a proof, and asks for it again', async () => {
    const scene = createScene()
    const store = memoryStore()
    const first = scene.aggregator({ store })
    for (const certificate of await scene.certify()) await first.submit(certificate)
    first.prover.next.push(() => new Promise(() => undefined))
    first.start()
    while (first.prover.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await first.stop()
    const second = scene.aggregator({ store })
    expect(await second.run()).toBe('proven settling settled collecting')
    expect(second.prover.asked[0]).toEqual(first.prover.asked[0])
    expect(second.events.filter(({ kind }) => kind === 'verdict').length).toBe(2)
  })

  it('runs by itself until it is stopped', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    service.start()
    const settled = new Promise<void>((resolve) => service.subscribe((happened) => happened.kind === 'epoch' && resolve()))
    for (const certificate of await scene.certify()) service.link.deliver({ kind: 'certificate', certificate, toBlock: 1n })
    await settled
    await service.stop()
    expect(scene.l1.epochs.length).toBe(1)
    expect(await runSteps(scene.aggregator({ store: service.store }).step)).toMatch(/^(collecting)?$/)
  })
})
