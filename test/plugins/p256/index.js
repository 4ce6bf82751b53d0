import { CausewayError, definePlugin } from '@causeway/core'
import { evmPart } from '@causeway/execution-evm'
import { concatHex, isHex, size } from 'viem'

export const P256_VERIFY = '0x0000000000000000000000000000000000b00256'

export function p256({ address = P256_VERIFY } = {}) {
  return definePlugin({
    name: 'p256',
    engine: evmPart({ precompiles: [{ address, name: 'p256-verify', version: 1, module: new URL('./precompile.js', import.meta.url) }] }),
    uses: ['provider'],
    setup: ({ provider }) => ({
      rpc: {
        async p256_verify([query]) {
          const words = ['hash', 'r', 's', 'x', 'y'].map((name) => query?.[name])
          if (words.some((word) => !isHex(word) || size(word) !== 32)) throw new CausewayError('p256_verify takes { hash, r, s, x, y }, of 32 bytes each', { code: 'INVALID_PARAMS' })
          return (await provider.request({ method: 'eth_call', params: [{ to: address, data: concatHex(words) }, 'latest'] })) !== '0x'
        },
      },
    }),
  })
}
