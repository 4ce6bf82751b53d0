import { CausewayError, silentLog, type EpochProof, type EpochWitness, type Store } from '@causeway/core'
import { crashableStore, manualClock, memoryStore } from '@causeway/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { brokeredProver, createBroker, jobId, PROOF_NOT_NEEDED, type Broker } from './index.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const job = { kind: 'flat', input: bytes('witness') }

let store: Store
let clock: ReturnType<typeof manualClock>
let broker: Broker
const restart = () => createBroker({ store, clock, log: silentLog, maxAttempts: 3, keepMs: 1000 })

beforeEach(() => {
  store = memoryStore()
  clock = manualClock()
  broker = restart()
})

describe('broker', () => {
  it('names a job by its content and does not queue it twice', async () => {
    const id = await broker.submit(job)
    expect(id).toBe(jobId('flat', job.input))
    expect(await broker.submit({ ...job })).toBe(id)
    expect(await broker.submit({ ...job, kind: 'other' })).not.toBe(id)
    expect(broker.list().map(({ state }) => state)).toEqual(['queued', 'queued'])
  })

  it('gives each job to one worker, the oldest first, and only of its kinds', async () => {
    const first = await broker.submit(job)
    const second = await broker.submit({ kind: 'flat', input: bytes('another') })
    const claims = await Promise.all([broker.claim(['flat'], 1000), broker.claim(['flat'], 1000), broker.claim(['flat'], 1000), broker.claim(['groth16'], 1000)])
    expect(claims.map((claim) => claim?.id)).toEqual([first, second, undefined, undefined])
    expect(claims[0]?.input).toEqual(job.input)
  })

  it('takes a lease back when it runs out, unless it is renewed; the late result still counts', async () => {
    const id = await broker.submit(job)
    const slow = await broker.claim(['flat'], 1000)
    await clock.advance(900)
    expect(await broker.heartbeat(id, slow?.lease ?? 0n, 1000)).toBe(true)
    await clock.advance(900)
    expect(await broker.claim(['flat'], 1000)).toBeNull()
    await clock.advance(200)
    const quick = await broker.claim(['flat'], 1000)
    expect(quick?.lease).toBe((slow?.lease ?? 0n) + 1n)
    expect(await broker.heartbeat(id, slow?.lease ?? 0n, 1000)).toBe(false)
    await broker.fail(id, 'from a worker that no longer has it', { retry: false, lease: slow?.lease ?? 0n })
    expect(await broker.complete(id, bytes('proof'))).toBe(true)
    expect(await broker.complete(id, bytes('another proof'))).toBe(true)
    await broker.fail(id, 'too late', { retry: false })
    expect(broker.result(id)).toEqual(bytes('proof'))
    expect(await broker.claim(['flat'], 1000)).toBeNull()
  })

  it('remembers nothing as failed for good', async () => {
    const id = await broker.submit(job)
    await broker.claim(['flat'], 1000)
    await broker.fail(id, 'out of memory', { retry: false })
    await expect(broker.wait(id)).rejects.toMatchObject({ code: 'PROOF_FAILED' })
    expect(await broker.submit(job)).toBe(id)
    expect(await broker.claim(['flat'], 1000)).toMatchObject({ id, input: job.input })
  })

  it('stops retrying a job that kills its workers, and says why', async () => {
    const id = await broker.submit(job)
    for (let i = 0; i < 3; i++) {
      const claim = await broker.claim(['flat'], 1000)
      await broker.fail(id, 'segmentation fault', { retry: true, lease: claim?.lease ?? 0n })
    }
    expect(await broker.claim(['flat'], 1000)).toBeNull()
    await expect(broker.wait(id)).rejects.toThrow(/3 attempts; the last one: segmentation fault/)
  })

  it('does not count a claim that was given back', async () => {
    await broker.submit(job)
    for (let i = 0; i < 5; i++) {
      const claim = await broker.claim(['flat'], 1000)
      expect(claim).not.toBeNull()
      await broker.release(claim?.id as `0x${string}`, claim?.lease ?? 0n)
    }
  })

  it('goes on after a restart in every state', async () => {
    const [done, leased, queued] = await Promise.all(['done', 'leased', 'queued'].map((text) => broker.submit({ kind: 'flat', input: bytes(text) })))
    await broker.claim(['flat'], 1000)
    await broker.complete(done as `0x${string}`, bytes('proof'))
    const before = await broker.claim(['flat'], 60_000)
    expect(before?.id).toBe(leased)
    broker = restart()
    expect(broker.result(done as `0x${string}`)).toEqual(bytes('proof'))
    const again = await broker.claim(['flat'], 1000)
    expect(again).toMatchObject({ id: leased, input: bytes('leased') })
    expect(again?.lease).toBeGreaterThan(before?.lease ?? 0n)
    expect((await broker.claim(['flat'], 1000))?.id).toBe(queued)
    expect(await broker.complete(leased as `0x${string}`, bytes('late'))).toBe(true)
  })

  it('says nothing that a crash could take back', async () => {
    const dying = crashableStore(store)
    broker = createBroker({ store: dying, clock, log: silentLog })
    const id = await broker.submit(job)
    dying.crash()
    await expect(broker.complete(id, bytes('proof'))).rejects.toMatchObject({ code: 'CRASHED' })
    expect(broker.result(id)).toBeNull()
    expect(await restart().claim(['flat'], 1000)).toMatchObject({ id })
  })

  it('forgets finished jobs after a while', async () => {
    const id = await broker.submit(job)
    await broker.complete(id, bytes('proof'))
    await clock.advance(1500)
    await broker.submit({ kind: 'flat', input: bytes('another') })
    expect(broker.result(id)).toBeNull()
    expect([...store.range({ start: '', end: '~' })].length).toBe(2)
  })
})

describe('brokeredProver', () => {
  const witness = { epoch: 1n } as unknown as EpochWitness
  const proof: EpochProof = { proof: '0x01', publicInputs: [] }
  const prover = (decode: (output: Uint8Array) => EpochProof = () => proof) =>
    brokeredProver({ broker, name: 'flat', places: 2, encode: ({ epoch }) => bytes(`epoch ${epoch}`), decode })

  it('joins the job that is there', async () => {
    const asked = [prover().prove(witness), prover().prove(witness)]
    const claim = await broker.claim(['flat'], 1000)
    await broker.complete(claim?.id as `0x${string}`, bytes('proof'))
    expect(await Promise.all(asked)).toEqual([proof, proof])
    expect(await prover().prove(witness)).toEqual(proof)
  })

  it('keeps the job through a shutdown and takes it back when it is superseded', async () => {
    for (const [reason, jobs] of [[new Error('shutdown'), 1], [new CausewayError('superseded', { code: PROOF_NOT_NEEDED }), 0]] as const) {
      const abort = new AbortController()
      const asked = prover().prove(witness, abort.signal)
      await broker.submit({ kind: 'flat', input: bytes('epoch 1') })
      abort.abort(reason)
      await expect(asked).rejects.toBe(reason)
      expect(broker.list().length).toBe(jobs)
    }
  })

  it('does not keep an output that cannot be read', async () => {
    const asked = prover(() => {
      throw new Error('garbage')
    }).prove(witness)
    const claim = await broker.claim(['flat'], 1000)
    await broker.complete(claim?.id as `0x${string}`, bytes('garbage'))
    await expect(asked).rejects.toThrow('garbage')
    expect(broker.list()).toEqual([])
  })
})
