import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CausewayError, definePlugin, serviceName } from '@causeway/core'
import { openTransfers } from './transfers.js'

/** `Transfer(address,address,uint256)` */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const ADDRESS = /^0x[0-9a-f]{40}$/i
const MOST = 1000
/** Transfers that are written at once: for as long, the node builds no block. */
const SLICE = 200

export const TOKEN_INDEXER = serviceName('token-indexer')

export function tokenIndexer() {
  return definePlugin({
    name: TOKEN_INDEXER,
    uses: ['provider', 'folder'],
    commands: {
      balances: {
        describe: 'HOLDER: what an account has of each token',
        async run({ args: [holder], provider, print }) {
          for (const { token, amount } of await provider.request({ method: 'token_balances', params: [{ holder }] })) print(`${token}  ${BigInt(amount)}`)
        },
      },
    },
    setup({ provider, folder }) {
      const kept = openTransfers(join(folder, 'transfers.sqlite'))
      let indexed = 0
      const queries = {
        transfers: ({ token, holder, after = { block: 0n, logIndex: -1 }, limit = MOST }) =>
          kept.transfers({ token: address('token', token), holder: address('holder', holder), after: { block: Number(after.block), logIndex: after.logIndex }, limit: atMost(limit) }),
        balances: ({ holder, after, limit = MOST }) => kept.balances({ holder: address('holder', holder), after: address('after', after) ?? '', limit: atMost(limit) }),
      }
      return {
        provides: queries,
        hooks: {
          async block({ number, hash }, { signal }) {
            const logs = await provider.request({ method: 'eth_getLogs', params: [{ blockHash: hash, topics: [TRANSFER] }] })
            signal.throwIfAborted()
            // An ERC-721's has its token id as a fourth topic.
            const transfers = logs.filter(({ topics, data }) => topics.length === 3 && data.length === 66)
            // A full block has 17,000. What is written of one that is cut off here is taken back before it is told again.
            for (let at = 0; at <= transfers.length; at += SLICE) {
              kept.add(Number(number), transfers.slice(at, at + SLICE).map(transferOf), at + SLICE > transfers.length)
              await setImmediate()
              signal.throwIfAborted()
            }
            indexed += transfers.length
          },
          async rolledBack({ to }, { signal }) {
            while (kept.takeBack(Number(to), SLICE)) {
              await setImmediate()
              signal.throwIfAborted()
            }
            // Less than it should be, if the file was lost.
            return BigInt(kept.last())
          },
        },
        rpc: {
          token_transfers: ([query = {}]) => queries.transfers(query),
          token_balances: ([query = {}]) => queries.balances(query),
        },
        metrics: () => [
          { name: 'token_indexer_block', help: 'Last block in the file.', type: 'gauge', value: kept.last() },
          { name: 'token_indexer_transfers_total', help: 'Transfers written since the start.', type: 'counter', value: indexed },
        ],
        dispose: () => kept.close(),
      }
    },
  })
}

function transferOf({ logIndex, address, topics, data }) {
  return { logIndex: Number(logIndex), token: address.toLowerCase(), from: `0x${topics[1].slice(26)}`, to: `0x${topics[2].slice(26)}`, amount: BigInt(data) }
}

function address(name, value) {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !ADDRESS.test(value)) throw new CausewayError(`${name} is an address`, { code: 'INVALID_PARAMS' })
  return value.toLowerCase()
}

function atMost(limit) {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw new CausewayError(`limit is a number from 1 to ${MOST}`, { code: 'INVALID_PARAMS' })
  return limit
}
