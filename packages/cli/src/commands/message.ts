import type { MessageStatus } from '@causeway/client'
import { connectChain } from '@causeway/cluster'
import { CausewayError, RUNGS, systemClock, type Rung } from '@causeway/core'
import { isHex, size } from 'viem'
import { style, type Output } from '../output.js'
import { clusterInfo, runningChain, type ChainChoice } from './chain.js'
import type { ClusterChoice } from './membership.js'

/**
 * Follows a message until it is at a rung, or the signal ends it. What the chain that is asked knows counts, and what its destination knows, if the
 * cluster names that chain.
 */
export async function message({ id, until, rpc, ...choice }: ChainChoice & ClusterChoice & { id: string; until: string }, output: Output, signal: AbortSignal): Promise<void> {
  if (!isHex(id) || size(id) !== 32) throw new CausewayError(`${id} is no id of a message.`, { code: 'BAD_ARGUMENT', fix: 'it is 0x and 64 hex digits, as sendMessage answers it' })
  if (!isRung(until)) throw new CausewayError(`There is no rung ${until}.`, { code: 'BAD_ARGUMENT', fix: `one of ${RUNGS.join(', ')}` })
  const chain = await runningChain(rpc === undefined ? {} : { rpc })
  const others = rpc === undefined || choice.cluster !== undefined ? (await clusterInfo(choice)).chains : []
  const place = (state: MessageStatus | null) => (state ? RUNGS.indexOf(state.rung) : -1)
  const began = systemClock.now()
  let told = -1
  while (!signal.aborted) {
    const here = await chain.client.getMessageStatus({ id })
    const destination = here && others.find(({ chainId }) => BigInt(chainId) === here.destination && here.destination !== chain.chainId)
    const there = destination ? await connectChain({ ...destination, chainId: BigInt(destination.chainId) }).client.getMessageStatus({ id }) : null
    const state = place(there) > place(here) ? there : here
    for (; told < place(state); told++) output.line(`  ${style('green', '✓')} ${RUNGS[told + 1]} ${style('dim', `${(Number(systemClock.now() - began) / 1000).toFixed(1)} s`)}`)
    if (place(state) >= RUNGS.indexOf(until)) return output.result({ ...state }, state?.execution?.ok === false ? ['  its call failed on the destination: the value is with refundTo'] : [])
    await systemClock.sleep(500, signal)
  }
}

const isRung = (text: string): text is Rung => (RUNGS as readonly string[]).includes(text)
