import { encodeJson, errorCode, type LinkEvent, systemClock } from '@causeway/core'
import { createL1Reader } from '@causeway/l1'
import { connectLink, serveLink, type LinkServer, type WebSocketLink } from '@causeway/messaging'
import { createMembers } from '@causeway/node'
import { createRandom, mutationsOf } from '@causeway/testing'
import { createTestCluster } from '@causeway/testing/cluster'
import { parseEther } from 'viem'
import { expect, it } from 'vitest'

/** Changed copies of each event that are sent, drawn anew each time; `link-authority.slow.test.ts` sends them all. */
const COPIES = 12
const EPOCHS = 2

it('nothing that is replayed, changed, flooded or answered first costs a block or an epoch (SEED=11)', async () => {
  const random = createRandom(11)
  const cluster = await createTestCluster({ chains: ['a', 'b', 'c'] })
  const links: WebSocketLink[] = []
  let server: LinkServer | undefined
  try {
    const [a, b, c] = cluster.chains
    const [alice, bob] = cluster.users
    await cluster.l1.mine(3)
    for (const chain of [a, c]) await cluster.l1.deposit({ chainId: chain.chainId, amount: parseEther('10'), recipient: alice.address })
    for (let i = 0; i < 2; i++) await cluster.round()

    const reader = createL1Reader({ client: cluster.l1.client, addresses: cluster.contracts, clock: systemClock })
    await reader.poll()
    server = await serveLink({ hub: cluster.hub, domain: cluster.domain, members: createMembers(reader), aggregator: cluster.l1.account(1).address, clock: systemClock })
    const { url } = server
    const connect = (keys?: Parameters<typeof connectLink>[0]['keys']) => {
      const link = connectLink({ url, clock: systemClock, ...(keys && { keys }) })
      links.push(link)
      return link
    }
    // One only listens; one has nothing, and is cut off; one has all keys of c; and one sits where no relay looks.
    const spy = connect()
    const [stranger, member, inside] = [connect(), connect({ domain: cluster.domain, accounts: [c.batcher], attesters: c.signers }), cluster.connect('inside')]
    await Promise.all(links.map((link) => link.ready()))
    const heard: LinkEvent[] = []
    const own = new Set<string>()
    // What honest nodes say, and not the copies.
    spy.subscribe((event) => void (own.has(encodeJson(event)) || heard.push(event)))
    const junk = (link: typeof inside) =>
      link.serve(async (query) => {
        const head = heard.findLast((event) => event.kind === 'head')
        const certificate = heard.findLast((event) => event.kind === 'certificate')
        if (query.kind === 'heads' && head?.kind === 'head') return { kind: 'heads', heads: [{ ...head.head, chainId: query.chainId }] }
        return certificate?.kind === 'certificate' ? { kind: 'certificate', certificate: { ...certificate.certificate, openings: { inbox: [], balances: [], outbox: [] } }, toBlock: 0n } : null
      })
    for (const link of [stranger, member, inside]) junk(link)

    const isOfC = (event: LinkEvent) => encodeJson(event).includes(`"chainId":"${c.chainId}n"`)
    let sent = 0
    const say = (link: typeof inside, event: LinkEvent) => {
      try {
        link.publish(event)
        sent++
      } catch (error) {
        expect(errorCode(error)).toMatch(/^(MALFORMED|OUT_OF_RANGE)$/)
      }
    }
    let done = 0
    /** Sends what was heard since the last time, changed, and some of all that was ever heard, as it was. */
    async function attack(): Promise<void> {
      await systemClock.sleep(30)
      const fresh = heard.slice(done)
      for (const event of fresh) {
        const copies = mutationsOf(event, random.below(2 ** 31))
        for (let i = 0; i < COPIES; i++) {
          const { value } = random.pick(copies)
          own.add(encodeJson(value))
          for (const link of [stranger, inside, ...(isOfC(event) ? [member] : [])]) say(link, value)
        }
        await cluster.settleLink()
      }
      done += fresh.length
      for (let i = 0; i < 100 && heard.length > 0; i++) for (const link of [stranger, inside, member]) say(link, random.pick(heard))
      for (const event of heard) own.add(encodeJson(event))
      await systemClock.sleep(30)
      await cluster.settleLink()
    }

    const heights = () => [a, b].map((chain) => chain.sequencer.rollup.settled().header.height)
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const before = heights()
      await a.sendMessage(alice, { destination: b.chainId, recipient: bob.address, value: parseEther('1') })
      await a.build()
      await c.build()
      await attack()
      expect((await b.build()).imports).toHaveLength(1)
      await attack()
      for (const chain of [a, c, b]) {
        await chain.publish()
        await chain.derive()
        await chain.certify()
        await attack()
        // Whoever takes a copy for its source's word rebuilds here.
        if (chain !== b) await b.build()
      }
      await cluster.settle()
      await attack()
      expect(heights()).toEqual(before.map((height) => height + 1n))
    }
    expect([...new Set(heard.map(({ kind }) => kind))].sort()).toEqual(expect.arrayContaining(['attestation', 'certificate', 'head', 'proposal', 'verdict']))
    expect(sent).toBeGreaterThan(1_000)
    for (const chain of [a, b]) for (const { rollup } of [chain.sequencer, chain.follower]) expect(rollup.chain.incarnation).toBe(0n)
    expect(await b.balance(bob.address)).toBe(parseEther(String(EPOCHS)))
    expect(cluster.aggregator.status().failures).toBe(0)
  } finally {
    await Promise.all(links.map((link) => link.close()))
    await server?.close()
    await cluster.stop()
  }
})
