import { pluginConformance } from '@causeway/testing/conformance'
import { describe, expect, it, vi } from 'vitest'
import { mailbox } from '../src/index.ts'

vi.setConfig({ testTimeout: 120_000 })

const RECIPIENT = '0x00000000000000000000000000000000000000b0'

// What every plugin has to stand: hooks that fail behind their work, blocks that are taken back, crashes. Each time, what it makes of the chain
// has to be what it makes of it on a node that comes late.
describe('the kit', () =>
  pluginConformance(
    { it, expect },
    {
      plugins: () => [mailbox()],
      // Something that it takes notice of: a message with 1 wei, from L1.
      act: (cluster, chain) => cluster.l1.deposit({ chainId: chain.chainId, amount: 1n, recipient: RECIPIENT }),
      // What there is to see of it.
      observe: ({ rollup }) => rollup.rpc.request({ method: 'mailbox_received', params: [RECIPIENT] }),
    },
  ))
