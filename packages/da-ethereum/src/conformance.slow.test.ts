import { systemClock as clock, type DaDefinition } from '@causeway/core'
import { createL1Sender } from '@causeway/l1'
import { daConformance } from '@causeway/testing/conformance'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blobs } from './blobs.js'
import { calldata } from './calldata.js'
import { CHAIN, OTHER_CHAIN, startL1 } from './l1.test-helper.js'

const definitions: Record<'blobs' | 'calldata', DaDefinition> = { blobs: blobs(), calldata: calldata() }

describe.each(['blobs', 'calldata'] as const)('%s', (daKind) => {
  let l1: Awaited<ReturnType<typeof startL1>>
  let senders: ReturnType<typeof createL1Sender>[] = []
  beforeAll(async () => {
    l1 = await startL1(daKind)
    senders = [1, 2].map((index) => createL1Sender({ client: l1.client, account: l1.account(index), clock, pollInterval: 50 }))
  })
  afterAll(async () => {
    for (const sender of senders) await sender.close()
    await l1?.stop()
  })

  daConformance({ it, expect }, async () => {
    const { client, hub } = l1
    const { kind, create } = definitions[daKind]
    const [one, two] = senders.map((sender, i) => create({ client, hub, sender, chainId: i === 0 ? CHAIN : OTHER_CHAIN }))
    if (!one || !two) throw new Error('there are two')
    return { kind, da: one, otherChain: two, reader: create({ client, hub, chainId: CHAIN }), length: (chain) => l1.length(chain === 'own' ? CHAIN : OTHER_CHAIN), close: async () => undefined }
  })
})
