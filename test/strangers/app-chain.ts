/** A chain without the EVM, of one module of one's own. */
import assert from 'node:assert/strict'
import { createCluster } from '@causeway/cluster'
import { blobs } from '@causeway/da-ethereum'
import { app, appActions, defineModule, map, t } from '@causeway/execution-app'
import { defineRollup } from '@causeway/node'
import { createWalletClient, http, parseEther, publicActions } from 'viem'

const guestbook = defineModule({
  name: 'guestbook',
  state: { entries: map(t.address, t.text(64)) },
  actions: {
    sign: {
      args: { text: t.text(64) },
      run({ state, args, sender, fail }) {
        if (args.text === '') fail('NOTHING_SAID')
        state.entries.set(sender, args.text)
      },
    },
  },
})
const rollup = defineRollup({ chain: { id: 778n }, execution: app({ modules: [guestbook], feeRecipient: '0x00000000000000000000000000000000000000fe' }), da: blobs() })
const cluster = await createCluster({ aggregator: false, chains: [{ name: 'guests', rollup }] })
const [chain] = cluster.chains
const { index } = await cluster.deposit(chain, { amount: parseEther('1') })
await chain.client.waitForDeposit({ index })
const guest = createWalletClient({ account: cluster.userAccount(0), transport: http(chain.rpcUrl) }).extend(publicActions).extend(appActions([guestbook]))
await guest.waitForTransactionReceipt({ hash: await guest.write.guestbook.sign({ text: 'I was here' }) })
assert.equal(await guest.read.guestbook.entries(guest.account.address), 'I was here')
await cluster.stop()
console.log('the guestbook has an entry')
