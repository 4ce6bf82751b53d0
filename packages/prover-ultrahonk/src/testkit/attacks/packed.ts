import { BALANCE, FIELD, findBalance, INBOX, openTree, pathRoot, REGISTRY, type Token } from '@causeway/core'
import { sourceInputs } from '../../certificate-inputs.js'
import { field, path } from '../../circuit-values.js'
import { address, advance, deposit, received, sent } from '../cluster.js'
import { certificateOf, rewriteBalance, type Loose } from '../raw.js'
import { add, attack, doing, first, misregistered, over, rewritten, set, type Attack, type Scene } from './forge.js'

const ETH: Token = { chain: 31337n, address: address(0) }
const junk: Token = { chain: 31337n, address: address(0x666) }

/** Changes both headers of the certificate in the same way. */
const bothHeaders = (change: (header: Loose) => void) =>
  rewritten((certificate) => {
    change(certificate['before'] as Loose)
    change(certificate['after'] as Loose)
  })
/** Imports one message and reads it otherwise than it was sent: its words, and so its leaf, are the same. */
const misread = (fields: Parameters<typeof sent>[1], change: (message: Loose) => void) => async (at: Scene) => {
  advance(at.cluster, at.a, [sent(at.a, fields)])
  return {
    ...(await doing(() => [received(at.a, first(at.a, 6))])(at)),
    inputs: (inputs: Loose) => change(certificateOf(inputs)['imports']?.[0]?.['message'] as Loose),
  }
}
/** Opens the header of 903 as a second source, which no message needs, under another name. */
const misnamed = (change: (source: Loose) => void) => async (at: Scene) => ({
  ...(await doing(({ a }) => [received(a, first(a))])(at)),
  inputs(inputs: Loose) {
    const { siblings } = openTree(at.cluster.registry, REGISTRY, at.cluster.root, at.c.slot)
    const source = { used: true, ...sourceInputs(at.c.slot, at.c.header), siblings: path(siblings, 32) } as unknown as Loose
    change(source)
    set(certificateOf(inputs)['sources'] as Loose, 1, source)
  },
})
/** Deposits a new token into a slot of the same token number and another name. */
const renamed = (change: (slot: Loose) => void) =>
  rewritten((certificate) => {
    change(certificate['balances']?.[0] as Loose)
    rewriteBalance(certificate, 5n)
  }, ({ b }) => [deposit(b, 5n, { token: junk })])

/** Numbers out of their range, hidden in what they are packed with or in what no other rule looks at (R24). */
export const packed: readonly Attack[] = [
  attack(
    24,
    'counts an L1 entry again, hidden in the size of its outbox',
    bothHeaders((header) => {
      add(header, 'outbox_size', 1n << 64n)
      add(header, 'l1_inbox_cursor', -1n)
    }),
    { twin: null },
  ),
  attack(24, 'says that its policy is older than time', bothHeaders((header) => set(header, 'policy_since', field(1n << 64n))), { twin: null }),
  attack(
    24,
    'begins its heights again',
    rewritten((certificate) => {
      set(certificate['before'] as Loose, 'height', field(-1n))
      set(certificate['after'] as Loose, 'height', field(0n))
    }),
    { twin: null },
  ),
  attack(24, 'was before time began', rewritten((certificate) => set(certificate['before'] as Loose, 'timestamp', field(-1n))), { twin: null }),
  ...['state_root_hi', 'state_root_lo'].map((name) =>
    attack(24, `had a state root that is no digest (${name})`, rewritten((certificate) => set(certificate['before'] as Loose, name, field(1n << 128n))), { twin: null }),
  ),
  attack(
    24,
    'begins to count its L1 entries before the first',
    rewritten((certificate) => {
      set(certificate['before'] as Loose, 'l1_inbox_cursor', field(-1n))
      set(certificate['after'] as Loose, 'l1_inbox_cursor', field(0n))
    }, ({ b }) => [deposit(b, 5n)]),
    { twin: null },
  ),
  attack(
    24,
    'opens a negative balance',
    rewritten((certificate, _, { b }) => {
      const { position } = findBalance(b.nodes, b.header.balanceRoot, ETH)
      const { siblings } = openTree(b.nodes, BALANCE, b.header.balanceRoot, position)
      set(certificate['balances'] as Loose, 1, { used: true, chain: field(ETH.chain), address: field(0n), position: field(position), empty: false, before: field(-5n), siblings: path(siblings, 32) })
      rewriteBalance(certificate, -5n)
    }),
    { twin: null },
  ),
  attack(
    24,
    'credits a token under a longer name (chain)',
    renamed((slot) => {
      add(slot, 'chain', 1n << 64n)
      add(slot, 'address', -1n)
    }),
    { twin: null },
  ),
  attack(
    24,
    'credits a token under a longer name (address)',
    renamed((slot) => {
      add(slot, 'chain', 1n)
      add(slot, 'address', -over(1n, 1n << 64n))
    }),
    { twin: null },
  ),
  attack(
    24,
    'opens a bitmap of 129 messages',
    rewritten((certificate) => {
      const siblings = Array.from({ length: INBOX.depth }, () => 0n)
      set(certificate['inbox'] as Loose, 0, { used: true, index: field(0n), before: field(1n << 128n), siblings: path(siblings, INBOX.depth) })
      for (const header of ['before', 'after']) set(certificate[header] as Loose, 'inbox_root', field(pathRoot(INBOX, 0n, 1n << 128n, siblings)))
    }),
    { twin: null },
  ),
  attack(
    24,
    'opens a source under a longer name',
    misnamed((source) => {
      add(source, 'chain_id', 1n << 64n)
      add(source, 'height_and_timestamp', -1n)
    }),
    { twin: null },
  ),
  attack(
    24,
    'opens a source under the name of another',
    misnamed((source) => {
      add(source, 'chain_id', -898n)
      add(source, 'height_and_timestamp', over(898n, 1n << 64n))
    }),
    { twin: null },
  ),
  attack(
    24,
    'reads an expired message as one that expires later, hidden in its gas limit',
    async (at) =>
      misread({ destination: 902n, amount: 5n, expiry: at.a.header.timestamp + 210n }, (message) => {
        add(message, 'expiry', 1000n)
        add(message, 'gas_limit', -over(1000n, 1n << 64n))
      })(at),
    { twin: 'RULE_R11' },
  ),
  attack(
    24,
    "reads the source's own token as ETH, hidden in the sender",
    async (at) => {
      advance(at.cluster, at.a, [sent(at.a, { destination: 902n, amount: 5n, token: { chain: 901n, address: address(0) } })])
      const { witness } = await doing(() => [received(at.a, first(at.a, 6))], { creditTo: () => ETH })(at)
      return {
        witness,
        inputs(inputs) {
          const message = certificateOf(inputs)['imports']?.[0]?.['message'] as Loose
          add(message, 'token_chain', 31337n - 901n)
          add(message, 'sender', (901n - 31337n) << 160n)
        },
      }
    },
    { twin: 'RULE_R19' },
  ),
  attack(
    24,
    'reads a message as that of another sender, hidden in the chain of its token',
    misread({ destination: 902n }, (message) => {
      add(message, 'sender', 1n)
      add(message, 'token_chain', -over(1n, 1n << 160n))
    }),
    { twin: null },
  ),
  // In a row that is used, these hide in nothing, or another rule binds them to what is in range.
  ...(
    [
      ['source', 64n],
      ['nonce', 32n],
      ['timestamp', 64n],
      ['destination', 64n],
      ['recipient', 160n],
      ['refund_to', 160n],
      ['token_address', 160n],
      ['fee', 128n],
      ['payload_hi', 128n],
      ['payload_lo', 128n],
    ] as const
  ).map(([name, bits]) =>
    attack(
      24,
      `has a message in an unused row whose ${name} is of ${bits + 1n} bits`,
      async (at) => ({
        ...(await doing(() => [])(at)),
        inputs: (inputs) => set(certificateOf(inputs)['exports']?.[7]?.['message'] as Loose, name, field(1n << bits)),
      }),
      { twin: null },
    ),
  ),
  attack(
    24,
    'has a challenge of p in an unused place for a signature',
    async (at) => ({
      ...(await doing(() => [])(at)),
      inputs(inputs) {
        const place = certificateOf(inputs)['policy']?.['signers']?.[7] as Loose
        set(place, 'e_hi', field(FIELD >> 128n))
        set(place, 'e_lo', field(FIELD & ((1n << 128n) - 1n)))
      },
    }),
    { twin: null },
  ),
  attack(
    24,
    'consumes a good registration as refused, by another slot hidden in its kind',
    misregistered(
      (opening) => ({ ...opening, entry: { ...opening.entry, kind: 2 } }),
      (place, { cluster }) => {
        // The same words: kind * 2^32 + slot is what it was.
        set(place, 'slot', field(2n + 256n))
        set(place, 'kind', field(1n - over(256n, 1n << 32n)))
        const { leaf, siblings } = openTree(cluster.registry, REGISTRY, cluster.root, 2n + 256n)
        set(place, 'leaf', field(leaf))
        set(place, 'siblings', path(siblings, 32))
      },
    ),
    { twin: null },
  ),
]
