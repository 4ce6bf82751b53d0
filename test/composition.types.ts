/** What the editor says of a composition: `npm run types` fails if a line here that must be red is not, or the other way round. */
import { attestedPolicy, secret, type ExecutionEngine } from '@causeway/core'
import { blobs } from '@causeway/da-ethereum'
import { app, type AppEngine } from '@causeway/execution-app'
import { evm, type EvmEngine } from '@causeway/execution-evm'
import { createRollup, defineRollup, type ChainDefinition, type Rollup, type RollupDefinition, type RollupHost } from '@causeway/node'

declare const host: RollupHost
const feeRecipient = '0x00000000000000000000000000000000000000fe'
const chain = { id: 1n }
const execution = evm({ feeRecipient })
const da = blobs()
const policy = attestedPolicy(1, [])

// A definition knows whether it has a policy, and its engine.
const whole: RollupDefinition<EvmEngine> = defineRollup({ chain, execution, da, policy })
const open: ChainDefinition<AppEngine> = defineRollup({ chain, execution: app({ modules: [], feeRecipient }), da })
export const engine: Promise<EvmEngine> = createRollup(whole, host).then((rollup) => rollup.engine)
export const any: Promise<Rollup> = createRollup(defineRollup<ExecutionEngine>({ chain, execution, da, policy }), host)

// @ts-expect-error -- a node needs a policy
void createRollup(open, host)
// @ts-expect-error -- a host is more than a role
void createRollup(whole, { role: 'follower' })
// @ts-expect-error -- the engine is another
export const other: Promise<AppEngine> = createRollup(whole, host).then((rollup) => rollup.engine)

// @ts-expect-error -- data availability is missing
defineRollup({ chain, execution })
// @ts-expect-error -- an engine is not where data goes
defineRollup({ chain, execution, da: execution })
// @ts-expect-error -- a definition of an engine, not its name
defineRollup({ chain, execution: 'evm', da })
// @ts-expect-error -- ids are bigints
defineRollup({ chain: { id: 1 }, execution, da })
// @ts-expect-error -- no such property
defineRollup({ chain, execution, da, sequencer: {} })
// @ts-expect-error -- no such property
defineRollup({ chain, execution, da, sequencing: { blocktime: 500 } })
// @ts-expect-error -- a secret by its name, not its value
defineRollup({ chain, execution, da, keys: { batcher: '0x01' } })
// @ts-expect-error -- no such rung
defineRollup({ chain, execution, da, interop: { allow: [{ from: 2n, rung: 'executed', cap: 1n }] } })
// @ts-expect-error -- a cap is in the smallest unit, a bigint
defineRollup({ chain, execution, da, interop: { allow: [{ from: 2n, rung: 'included', cap: 1 }] } })
// @ts-expect-error -- somebody gets the fees
evm({ gasLimit: 30_000_000n })
// @ts-expect-error -- no such hardfork
evm({ feeRecipient, hardfork: 'shanghai' })
// @ts-expect-error -- what it takes is a URL, or a secret
blobs({ beaconUrl: 5051 })

blobs({ beaconUrl: secret('BEACON_URL') })
