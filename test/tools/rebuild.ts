/**
 * Rebuilds a cluster's registry and outboxes from L1's logs alone, and compares with the hub:
 *
 *   node --import tsx --conditions=source test/tools/rebuild.ts --rpc http://127.0.0.1:8545 --hub 0x… [--from-block 0] [--json]
 */
import { parseArgs } from 'node:util'
import { rebuildFromL1 } from '@causeway/aggregator'
import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, encodeJson, toBytes32 } from '@causeway/core'
import { createPublicClient, getAddress, http } from 'viem'

const { values } = parseArgs({
  options: { rpc: { type: 'string' }, hub: { type: 'string' }, 'from-block': { type: 'string', default: '0' }, json: { type: 'boolean', default: false } },
})
if (!values.rpc || !values.hub) throw new CausewayError('--rpc and --hub are needed.', { code: 'USAGE', fix: 'pass the URL of an L1 node and the address of the hub' })

const client = createPublicClient({ transport: http(values.rpc) })
const hub = getAddress(values.hub)
const toBlock = await client.getBlockNumber()
const { registry, outboxes } = await rebuildFromL1({ client, hub, fromBlock: BigInt(values['from-block']), toBlock })
const root = await client.readContract({ address: hub, abi: causewayHubAbi, functionName: 'root', blockNumber: toBlock })
if (root !== toBytes32(registry.root))
  throw new CausewayError(`The rebuilt root is ${toBytes32(registry.root)}, the hub's is ${root}.`, { code: 'REGISTRY_MISMATCH', fix: 'start from the block of the hub’s deployment' })

const chains = [...registry.headers].map(([slot, header]) => ({ slot, header, messages: outboxes.get(header.chainId)?.length ?? 0 }))
if (values.json) console.log(encodeJson({ epoch: registry.epoch, root, chains }))
else {
  console.log(`epoch ${registry.epoch} at L1 block ${toBlock}: root ${root}, the hub agrees`)
  for (const { slot, header, messages } of chains) console.log(`  slot ${slot}: chain ${header.chainId}, height ${header.height}, ${messages} messages, ${header.l1InboxCursor} L1 entries`)
}
