import { CausewayError, errorCode, type DataAvailability } from '@causeway/core'
import { describe, expect, it } from 'vitest'
import { memoryDa } from '../memory-da.js'
import { daConformance, type DaFixture } from './da.js'
import { finds } from './finds.js'

const { kind } = memoryDa()

function fixture(breakIt: (da: DataAvailability) => DataAvailability = (da) => da): DaFixture {
  const place = memoryDa()
  const chain = (chainId: bigint) => breakIt(place.create({ chainId }))
  return { kind, da: chain(1n), reader: chain(1n), otherChain: chain(2n), length: async (of) => place.length(of === 'own' ? 1n : 2n), close: async () => undefined }
}

describe('in memory', () => daConformance({ it, expect }, async () => fixture()))

describe('the suite finds data availability that', () => {
  const permanent = () => {
    throw new CausewayError('There is no such posting.', { code: 'DA_PERMANENT' })
  }
  const broken: Record<string, (da: DataAvailability) => DataAvailability> = {
    'gives up what it does not find': (da) => ({ ...da, retrieve: (reference) => da.retrieve(reference).catch(permanent) }),
    'reads references of any kind': (da) => ({ ...da, retrieve: (reference) => da.retrieve({ ...reference, kind }) }),
    'calls its postings of another kind': (da) => ({ ...da, submit: async (batch, index) => ({ ...(await da.submit(batch, index)), kind: kind + 1 }) }),
    'takes more than it can give back': (da) => ({ ...da, submit: (batch, index) => da.submit(batch.slice(0, da.maxBytes), index) }),
    'takes less than it says': (da) => ({ ...da, maxBytes: da.maxBytes + 1 }),
    'has what it posted, and nobody else does': (da) => {
      const own = new Set<string>()
      return {
        ...da,
        submit: (batch, index) => da.submit(batch, index).then((reference) => (own.add(reference.l1Transaction), reference)),
        retrieve: async (reference) => (own.has(reference.l1Transaction) ? da.retrieve(reference) : Promise.reject(new CausewayError('Not here.', { code: 'DA_TRANSIENT' }))),
      }
    },
    'keeps batches by their number': (da) => {
      const kept = new Map<bigint, Uint8Array>()
      return {
        ...da,
        submit: (batch, index) => da.submit(batch, index).then((reference) => (kept.set(reference.index, batch.slice()), reference)),
        retrieve: async (reference) => kept.get(reference.index)?.slice() ?? da.retrieve(reference),
      }
    },
    'posts a batch once': (da) => {
      const posted = new Map<string, ReturnType<DataAvailability['submit']>>()
      return {
        ...da,
        submit(batch, index) {
          const key = Buffer.from(batch).toString('hex')
          const posting = posted.get(key) ?? da.submit(batch, index)
          posted.set(key, posting)
          return posting
        },
      }
    },
    'posts before it refuses': (da) => ({ ...da, submit: async (batch, index) => (batch.length > da.maxBytes ? da.submit(batch.slice(1), index).then(permanent) : da.submit(batch, index)) }),
    'posts whatever the number': (da) => ({ ...da, submit: (batch, index) => da.submit(batch, index).catch((error: unknown) => (errorCode(error) === 'DA_TRANSIENT' ? da.submit(batch, index + 1n) : Promise.reject(error as Error))) }),
    'gives up when another was first': (da) => ({ ...da, submit: (batch, index) => da.submit(batch, index).catch(permanent) }),
    'gives the same bytes to all': (da) => {
      const cache = new Map<string, Promise<Uint8Array>>()
      return {
        ...da,
        retrieve(reference) {
          const batch = cache.get(reference.l1Transaction) ?? da.retrieve(reference)
          cache.set(reference.l1Transaction, batch)
          return batch
        },
      }
    },
  }
  it.each(Object.entries(broken))('%s', async (_name, breakIt) => {
    expect(await finds(expect, (framework) => daConformance(framework, async () => fixture(breakIt)))).toBe(true)
  })
})
