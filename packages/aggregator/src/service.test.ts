import { testAddress } from '@causeway/testing'
import { CausewayError, policyHash, type Certificate } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { createScene } from './service-fixture.js'

const ALL = 'composed proving proven settling settled collecting'
const event = (certificate: Certificate) => ({ kind: 'certificate', certificate, toBlock: 1n }) as const

describe('aggregator', () => {
  it('composes, proves and settles as soon as every chain has a certificate', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    const [a, b] = await scene.certify()
    service.link.deliver(event(a as Certificate))
    expect(await service.step()).toMatchObject({ progress: false, reason: '1 of 2 chains have a certificate' })
    service.link.deliver(event(b as Certificate))
    service.link.deliver(event(b as Certificate))
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.epochs.map(({ epoch, queueCursor, certificates }) => [epoch, queueCursor, certificates.length])).toEqual([[1n, 2n, 2]])
    expect(service.link.said.map((said) => said.kind === 'verdict' && [said.chainId, said.height, said.verdict, said.epoch])).toEqual([
      [101n, 1n, 'composed', 1n],
      [102n, 1n, 'composed', 1n],
      [101n, 1n, 'proven', 1n],
      [102n, 1n, 'proven', 1n],
    ])
    expect(service.registry().headers.get(0n)).toEqual(a?.after)
    expect(service.status()).toMatchObject({ state: 'collecting', settled: { epoch: 1n, chains: 2 } })
    expect(service.events.filter(({ kind }) => kind === 'epoch').length).toBe(1)
    // Certificates stay until L1 cannot take the epoch back, and do no harm.
    expect(service.status().candidates.length).toBe(2)
    expect(await service.run()).toBe('')
    scene.l1.finalize()
    await service.step()
    expect(service.status().candidates).toEqual([])
  })

  it('does not wait for ever for a chain that has none', async () => {
    const scene = createScene()
    const service = scene.aggregator({ epochInterval: 5000 })
    const [a] = await scene.certify(scene.chains.slice(0, 1))
    await service.submit(a)
    expect(await service.run()).toBe('')
    await scene.clock.advance(5000)
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.epochs[0]?.certificates.length).toBe(1)
  })

  it('lets chains that have just settled join the next epoch', async () => {
    const scene = createScene()
    const service = scene.aggregator({ epochInterval: 8000 })
    const [a, b] = scene.chains
    const [ofA] = (await scene.certify([a])) as [Certificate]
    await service.submit(ofA)
    await scene.clock.advance(8000)
    // B's comes while that is proven, and has waited long when it is done.
    while ((await service.step()).to !== 'proven');
    const [ofB] = (await scene.certify([b])) as [Certificate]
    await service.submit(ofB)
    await scene.clock.advance(20_000)
    expect(await service.run()).toBe('settling settled collecting')
    expect(await service.step()).toMatchObject({ reason: '1 of 2 chains have a certificate' })
    a.accept(ofA)
    await service.submit((await scene.certify([a]))[0])
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.epochs.map(({ certificates }) => certificates.map(({ slot }) => slot))).toEqual([[0], [0, 1]])
    // Not for ever.
    b.accept(ofB)
    await service.submit((await scene.certify([b]))[0])
    expect(await service.run()).toBe('')
    await scene.clock.advance(8000)
    expect(await service.run()).toBe(ALL)
  })

  it('asks for certificates that never came', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    for (const certificate of await scene.certify()) service.link.answers.set(certificate.before.chainId, certificate)
    expect(await service.run()).toBe(ALL)
  })

  it('tells a chain why its certificate waits, and takes it when the reason is gone', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    const certificates = await scene.certify()
    const [a] = certificates as [Certificate]
    scene.l1.forget(a)
    for (const certificate of certificates) await service.submit(certificate)
    expect(await service.run()).toBe('')
    expect(service.link.said).toMatchObject([{ kind: 'verdict', chainId: 101n, verdict: 'waiting', reason: expect.stringMatching(/^L1_INBOX_BEHIND/) }])
    await service.step()
    expect(service.link.said.length).toBe(1)
    scene.l1.publish({ ...a, daHash: `0x${'66'.repeat(32)}` })
    await service.step()
    expect(service.link.said[1]).toMatchObject({ verdict: 'waiting', reason: expect.stringMatching(/^DA_BEHIND/) })
    scene.l1.publish(a)
    expect(await service.run()).toBe(ALL)
  })

  it('leaves out what ends before it could settle', async () => {
    const scene = createScene()
    const service = scene.aggregator({ provingTime: 60_000, epochInterval: 0 })
    const [soon] = await scene.certify(scene.chains.slice(0, 1), { notAfter: scene.cluster.time + 30_000n })
    await service.submit(soon)
    expect(await service.run()).toBe('')
    scene.cluster.tick(40_000n)
    expect(await service.run()).toBe('')
    expect(service.link.said.map((said) => said.kind === 'verdict' && said.reason.split(':')[0])).toEqual(['EXPIRES_SOON', 'EXPIRED'])
  })

  it('keeps the door shut for what is not a sound certificate of a member', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    const [a, b] = (await scene.certify()) as [Certificate, Certificate]
    const stranger = createScene({ chainIds: [900n] })
    const [unknown] = await stranger.certify()
    const cases: [unknown, string][] = [
      [null, 'MALFORMED'],
      [{ ...a, entries: 'none' }, 'MALFORMED'],
      [{ ...a, after: { ...a.after, height: -1n } }, 'OUT_OF_RANGE'],
      [unknown, 'UNKNOWN_CHAIN'],
      [{ ...a, before: { ...a.before, policyHash: 1n } }, 'WRONG_POLICY'],
      [{ ...a, after: { ...a.after, balanceRoot: 1n } }, 'RULE_R22'],
      [{ ...a, openings: { ...a.openings, balances: [] } }, 'RULE_R19'],
    ]
    for (const [raw, code] of cases) expect(await service.submit(raw)).toMatchObject({ accepted: false, verdict: 'invalid', code })
    expect(await service.submit(a)).toMatchObject({ accepted: true, new: true })
    expect(await service.submit(structuredClone(a))).toMatchObject({ accepted: true, new: false })
    await service.submit(b)
    expect(await service.run()).toBe(ALL)
    expect(await service.submit(await scene.chains[0].certify())).toMatchObject({ accepted: false, code: 'STALE_CERTIFICATE' })
  })

  it('says what it would do with a certificate', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    const [a, b] = scene.chains
    scene.cluster.tick()
    const sent = a.send({ destination: b.chainId })
    scene.cluster.tick()
    b.import(sent, policyHash(a.policy))
    const [ofA, ofB] = [await a.certify(), await b.certify()]
    expect(await service.simulate(ofB)).toMatchObject({ verdict: 'waiting', code: 'IMPORT_NOT_FOUND' })
    await service.submit(ofA)
    expect(await service.simulate(ofB)).toMatchObject({ verdict: 'waiting', code: 'DA_BEHIND' })
    scene.l1.publish(ofB)
    expect(await service.simulate(ofB)).toEqual({ verdict: 'valid', needs: [101n] })
    expect(await service.simulate({ ...ofB, inboxHash: ofA.daHash })).toMatchObject({ verdict: 'invalid', code: 'RULE_R22' })
    await expect(service.simulate('nonsense')).rejects.toMatchObject({ code: 'MALFORMED' })
  })

  it('tries again after failures, less and less often, and composes anew when it is no use', async () => {
    const scene = createScene()
    const service = scene.aggregator()
    for (const certificate of await scene.certify()) await service.submit(certificate)
    service.prover.next.push(async () => {
      throw new Error('out of memory')
    })
    expect(await service.run()).toBe('composed proving')
    expect(await service.step()).toMatchObject({ progress: false, reason: 'pausing after a failure' })
    await scene.clock.advance(2000)
    scene.l1.before = async () => {
      scene.l1.before = async () => undefined
      throw new CausewayError('no connection', { code: 'L1_UNREACHABLE' })
    }
    expect(await service.run()).toBe('proven settling')
    expect(service.status()).toMatchObject({ state: 'settling', failures: 2 })
    await scene.clock.advance(4000)
    expect(await service.run()).toBe('settled collecting')
    expect(service.prover.asked.length).toBe(2)

    for (const chain of scene.chains) chain.accept(await chain.certify())
    for (const certificate of await scene.certify()) await service.submit(certificate)
    scene.l1.before = async () => {
      scene.l1.before = async () => undefined
      throw new CausewayError('settle reverts: EpochTimeOutOfRange', { code: 'L1_REVERTED' })
    }
    expect(await service.run()).toBe('composed proving proven settling collecting')
    await scene.clock.advance(2000)
    expect(await service.run()).toBe(ALL)
    expect(scene.l1.epochs.length).toBe(2)
  })

  it('does not take a proof of something else', async () => {
    const scene = createScene()
    const honest = scene.aggregator()
    const service = scene.aggregator({ prover: { ...honest.prover, prove: async (witness) => honest.prover.prove({ ...witness, beneficiary: testAddress(0xbad) }) } })
    for (const certificate of await scene.certify()) await service.submit(certificate)
    expect(await service.run()).toBe('composed proving')
    expect(service.status().failures).toBe(1)
  })
})
