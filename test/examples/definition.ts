import { secret } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { evm } from '@causeway/execution-evm'
import { defineRollup } from '@causeway/node'

/** All but `chain`, `execution` and `da` may be left out. */
export default defineRollup({
  chain: { id: 4242n, name: 'My chain' },
  execution: evm({ feeRecipient: '0x00000000000000000000000000000000000000fe', hardfork: 'osaka' }),
  da: calldata(),
  keys: { batcher: secret('BATCHER_KEY'), attester: secret('ATTESTER_KEY') },
  sequencing: { blockTime: 500, certify: { delay: 1_000 } },
  interop: { allow: [{ from: 42002n, rung: 'included', cap: 10n ** 18n }] },
})
