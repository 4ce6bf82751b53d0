import { buildEpoch, deposit } from '../cluster.js'
import { certificateOf } from '../raw.js'
import { after, attack, doing, edited, set, type Attack } from './forge.js'

/** Headers and the times of entries (R1 to R5). */
export const headers: readonly Attack[] = [
  attack(1, 'skips a height', edited(after(({ height }) => ({ height: height + 1n })))),
  attack(1, 'stays at its height', edited(after(({ height }) => ({ height: height - 1n })))),
  attack(2, 'does not advance its clock', edited(after((_, before) => ({ timestamp: before.timestamp })))),
  attack(3, 'runs ahead of L1 by more than the drift', async (at) => ({
    witness: await buildEpoch(at.cluster, [{ chain: at.b, entries: [], edit: after(() => ({ timestamp: at.cluster.time + 30_001n })) }]),
  })),
  attack(4, 'changes its chain id', edited(after(() => ({ chainId: 904n })))),
  attack(4, 'changes its policy', edited(after(() => ({ policyHash: 12345n })))),
  attack(4, 'changes the age of its policy', edited(after(() => ({ policySince: 1n })))),
  attack(5, 'goes back in time between entries', doing(({ b }) => [{ ...deposit(b, 5n), time: b.header.timestamp + 200n }, deposit(b, 6n, {}, 1)])),
  attack(5, 'has an entry later than its header', edited(after((_, before) => ({ timestamp: before.timestamp + 1n })), ({ b }) => [deposit(b, 5n)])),
  attack(5, 'has an entry as old as the header before', edited(after((_, before) => ({ timestamp: before.timestamp + 1n })), ({ b }) => [{ ...deposit(b, 5n), time: b.header.timestamp }])),
  attack(
    5,
    'has an entry as old as the header before, behind an empty place',
    async (at) => ({
      ...(await edited(after((_, before) => ({ timestamp: before.timestamp + 1n })), ({ b }) => [{ ...deposit(b, 5n), time: b.header.timestamp }])(at)),
      inputs(inputs) {
        const certificate = certificateOf(inputs)
        const [entry, none] = [certificate['entries']?.[0], certificate['entries']?.[1]]
        set(certificate, 'entries', Array.from({ length: 16 }, (_, i) => (i === 1 ? entry : none)))
      },
    }),
  ),
]
