import { definePlugin, serviceName, type Message } from '@causeway/core'
import { getAddress, type Address } from 'viem'

/** What plugins get that require this one: `requires: [MAILBOX]`, then `service(MAILBOX).received(…)`. */
export type Mailbox = { received(recipient: Address): number }
/** The plugin's name, the same for ever: its rows in the database begin with it. */
export const MAILBOX = serviceName<Mailbox>('mailbox')

/** Counts the messages that somebody got: in the node's database, a row for each. Serves `mailbox_received`, with an address as its parameter. */
export const mailbox = () =>
  definePlugin({
    name: MAILBOX,
    // What `setup` gets: rows of its own in the node's database. There are `provider` (EIP-1193) and `folder`, too.
    uses: ['store'],
    setup({ store, log }) {
      // By recipient to be counted, and by block to be taken back.
      const byRecipient = (recipient: Address, rest = '') => `to/${recipient.toLowerCase()}/${rest}`
      const byBlock = (block: bigint, rest = '') => `at/${block.toString(16).padStart(16, '0')}/${rest}`
      const rowsOf = ({ recipient }: Message, block: bigint, id: string) => [byRecipient(recipient, id), byBlock(block, `${recipient.toLowerCase()}/${id}`)]
      const mailbox: Mailbox = { received: (recipient) => [...store.range({ start: byRecipient(recipient), end: byRecipient(recipient, '~') })].length }
      return {
        provides: mailbox,
        hooks: {
          messageDelivered: ({ message, id, block }) => store.write(rowsOf(message, block.number, id).map((key) => ({ key, value: new Uint8Array() }))),
          // What was told of later blocks does not count, or is told again. It comes after each start and each failure, so whatever this takes back
          // correctly is right after anything.
          async rolledBack({ to }) {
            for (const { key } of [...store.range({ start: byBlock(to + 1n), end: 'at~' })]) {
              const [, , recipient, id] = key.split('/') as [string, string, Address, string]
              await store.write([{ key: byRecipient(recipient, id), value: null }, { key, value: null }])
              log.info('a message was taken back', { id })
            }
          },
        },
        rpc: { mailbox_received: ([recipient]) => mailbox.received(getAddress(String(recipient))) },
      }
    },
  })
