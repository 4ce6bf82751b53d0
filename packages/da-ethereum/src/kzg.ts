import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { CausewayError } from '@causeway/core'

/** KZG for blobs. */
export type Kzg = {
  /** Commitment to a blob, 48 bytes; 0.1 s. Undefined if the bytes are no blob: an element is not below the field's modulus. */
  commitment(blob: Uint8Array): Promise<Uint8Array | undefined>
  /** Proofs for a transaction, 48 bytes each: one a blob for version 0, 128 cell proofs a blob (0.5 s) for version 1. */
  proofs(blob: Uint8Array, commitment: Uint8Array, version: 0 | 1): Promise<Uint8Array[]>
}

type Call = { id: number; kind: 'commitment' | 'cells' | 'proof'; blob: Uint8Array; commitment?: Uint8Array }
type Reply = { id: number; result: Uint8Array[] } | { id: number; error: string }

/**
 * In a thread of its own: creating the context takes 2 s, which would hold up a sequencer's blocks.
 * Without precomputed tables, which would take another second and 110 MB to make cell proofs 0.2 s faster.
 */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads')
const context = require(workerData).DasContextJs.create({ usePrecomp: false })
parentPort.on('message', ({ id, kind, blob, commitment }) => {
  try {
    const result =
      kind === 'commitment' ? [context.blobToKzgCommitment(blob)]
      : kind === 'cells' ? context.computeCellsAndKzgProofs(blob).proofs
      : [context.computeBlobKzgProof(blob, commitment)]
    parentPort.postMessage({ id, result })
  } catch (error) {
    parentPort.postMessage({ id, error: String(error) })
  }
})
`

let shared: Kzg | undefined

/** The KZG of this process; its native library is loaded with the first call. It does not keep the process alive when idle. */
export function loadKzg(): Kzg {
  shared ??= startKzg(() => (shared = undefined))
  return shared
}

function startKzg(onEnd: () => void): Kzg {
  let worker: Worker | undefined
  let next = 0
  const calls = new Map<number, { resolve(result: Uint8Array[]): void; reject(error: unknown): void }>()

  function end(error: unknown): void {
    onEnd()
    worker = undefined
    for (const { reject } of calls.values()) reject(unavailable(error))
    calls.clear()
  }

  function start(): Worker {
    const made = new Worker(WORKER, { eval: true, workerData: createRequire(import.meta.url).resolve('@crate-crypto/node-eth-kzg'), execArgv: [] })
    made.on('message', (reply: Reply) => {
      const call = calls.get(reply.id)
      calls.delete(reply.id)
      if (calls.size === 0) made.unref()
      if ('result' in reply) call?.resolve(reply.result)
      else call?.reject(new Error(reply.error))
    })
    made.on('error', end)
    made.on('exit', (code) => end(new Error(`the KZG thread ended with code ${code}`)))
    return made
  }

  function run(call: Omit<Call, 'id'>): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => {
      worker ??= start()
      const id = next++
      calls.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ ...call, id } satisfies Call)
    })
  }

  return {
    async commitment(blob) {
      try {
        return (await run({ kind: 'commitment', blob }))[0]
      } catch (error) {
        if (error instanceof CausewayError) throw error
        return undefined
      }
    },
    proofs: (blob, commitment, version) => run(version === 1 ? { kind: 'cells', blob } : { kind: 'proof', blob, commitment }),
  }
}

function unavailable(cause: unknown): CausewayError {
  return new CausewayError('The KZG library @crate-crypto/node-eth-kzg does not run here.', {
    code: 'DA_TRANSIENT',
    fix: 'Install with optional dependencies on the platform that will run it; it has binaries for Linux (glibc), macOS and Windows.',
    cause,
  })
}
