import { definePlugin, serviceName, type Message } from '@causeway/core'
import { getAddress, type Address } from 'viem'

/** What plugins that require this one get. */
export type Mailbox = { received(recipient: Address): number }
export const MAILBOX = serviceName<Mailbox>('mailbox')

/** Counts the messages that somebody got: in the node's database, a row for each. */
export const mailbox = () =>
  definePlugin({
    name: MAILBOX,
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
