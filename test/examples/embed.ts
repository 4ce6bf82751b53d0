import { createServer } from 'node:http'
import { createCluster, openMembership, runMember } from '@causeway/cluster'
import { silentLog } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { app, appActions, defineModule, map, t } from '@causeway/execution-app'
import { defineRollup } from '@causeway/node'
import { createWalletClient, http, parseEther, publicActions } from 'viem'

const guestbook = defineModule({
  name: 'guestbook',
  state: { entries: map(t.address, t.text(64)) },
  events: { Signed: { who: t.address, text: t.text(64) } },
  actions: {
    sign: {
      args: { text: t.text(64) },
      run({ state, args, sender, emit }) {
        state.entries.set(sender, args.text)
        emit('Signed', { who: sender, text: args.text })
      },
    },
  },
})
const definition = defineRollup({ chain: { id: 779n, name: 'Guestbook' }, execution: app({ modules: [guestbook], feeRecipient: '0x00000000000000000000000000000000000000fe' }), da: blobs() })

// A cluster of its own, or one that runs somewhere else: then only its URL is needed here.
const cluster = await createCluster({ chains: [], aggregator: false })
const membership = await openMembership({ cluster: cluster.url, name: 'guestbook', definition, directory: `${cluster.directory}/guestbook` })
await membership.join()
const chain = await runMember(membership, { log: () => silentLog, rpcPort: 0 })

// The server's account signs for its visitors, and pays: it needs ETH on the chain.
const account = cluster.userAccount(0)
const client = createWalletClient({ account, transport: http(chain.rpcUrl) }).extend(publicActions).extend(appActions([guestbook]))
await cluster.deposit({ chainId: 779n }, { amount: parseEther('1') })
while ((await client.getBalance(account)) === 0n) await new Promise((resolve) => setTimeout(resolve, 100))

const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    const text = new URL(request.url ?? '', 'http://x').searchParams.get('text') ?? ''
    const { status } = await client.waitForTransactionReceipt({ hash: await client.write.guestbook.sign({ text }) })
    return response.end(`${status}\n`)
  }
  const entries = await client.getEvents({ module: 'guestbook', event: 'Signed', fromBlock: 0n })
  response.end(entries.map(({ data, blockNumber }) => `block ${blockNumber}: ${data.text}\n`).join(''))
})
server.listen(Number(process.env['PORT'] ?? 0), () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`))

process.once('SIGTERM', async () => {
  server.close()
  await chain.stop()
  membership.close()
  await cluster.stop()
})
