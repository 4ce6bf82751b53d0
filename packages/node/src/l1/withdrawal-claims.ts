import { causewayBridgeAbi } from '@causeway/contracts'
import { CausewayError, createSerial } from '@causeway/core'
import type { Address, Hex, PublicClient } from 'viem'

/** Reads that may wait for L1. */
const MAX_WAITING = 64

/**
 * Whether withdrawals have been claimed, as L1 says. Anybody can ask for any of them, so L1 is asked one thing at a time, and once a block for
 * each: nobody uses up what the node may ask of its L1. The answer throws `L1_BUSY` if too many wait.
 */
export function createWithdrawalClaims({ client, bridge, l1Block }: { client: Pick<PublicClient, 'readContract'>; bridge: Address; l1Block(): bigint }): (digest: Hex) => Promise<boolean> {
  const inTurn = createSerial()
  let known = new Map<Hex, Promise<boolean>>()
  let at = -1n
  let waiting = 0

  return async (digest) => {
    const block = l1Block()
    if (block !== at) [at, known] = [block, new Map()]
    const answer = known.get(digest)
    if (answer) return answer
    if (waiting >= MAX_WAITING) throw new CausewayError('too many requests wait for L1', { code: 'L1_BUSY', fix: 'try again in a moment' })
    waiting++
    const answers = known
    const asked = inTurn(() => client.readContract({ address: bridge, abi: causewayBridgeAbi, functionName: 'claimed', args: [digest] })).finally(() => waiting--)
    answers.set(digest, asked)
    asked.catch(() => answers.delete(digest))
    return asked
  }
}
