import { custom, http, type Transport } from 'viem'

/** What goes wrong between a node and its L1, each a probability from 0 to 1. */
export type L1Faults = {
  /** The request fails, before or (half of the time) after the node has answered it. */
  error: number
  /** `latest` is a block behind, as behind a load balancer. */
  lag: number
}

/** A transport to an L1 node on which requests fail and reads lag. Everything follows from `random` and the order of requests. */
export function faultyL1(url: string, { random, rates }: { random: () => number; rates: () => L1Faults }): Transport {
  return (options) => {
    const { request } = http(url, { retryCount: 0, timeout: 60_000 })(options)
    return custom({
      async request({ method, params }: { method: string; params?: unknown }): Promise<unknown> {
        const { error, lag } = rates()
        const fails = random() < error
        const late = random() < 0.5
        const lags = random() < lag
        if (fails && !late) throw new Error(`fault: L1 did not get ${method}`)
        const answer: unknown = await request({ method, params } as never)
        if (fails) throw new Error(`fault: the answer of L1 to ${method} was lost`)
        return lags && isLatest(method, params) ? ((await before(answer, (number) => request({ method, params: [number, (params as unknown[])[1]] } as never))) ?? answer) : answer
      },
    }, { retryCount: 0 })(options)
  }
}

function isLatest(method: string, params: unknown): boolean {
  return method === 'eth_getBlockByNumber' && Array.isArray(params) && params[0] === 'latest'
}

async function before(block: unknown, get: (number: string) => Promise<unknown>): Promise<unknown> {
  const { number } = block as { number: string }
  return BigInt(number) > 0n ? get(`0x${(BigInt(number) - 1n).toString(16)}`) : null
}
