/** Data availability of one's own: batches that only those with a key can read, over calldata. */
import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createCluster, evmRollup } from '@causeway/cluster'
import { CausewayError, type DaDefinition } from '@causeway/core'
import { calldata } from '@causeway/da-ethereum'
import { parseEther } from 'viem'

const sealed = (inner: DaDefinition, key: Uint8Array): DaDefinition => ({
  ...inner,
  name: `${inner.name}, sealed`,
  create(host) {
    const da = inner.create(host)
    return {
      maxBytes: da.maxBytes - 28,
      async submit(batch, index) {
        const iv = randomBytes(12)
        const cipher = createCipheriv('aes-256-gcm', key, iv)
        return da.submit(Buffer.concat([iv, cipher.update(batch), cipher.final(), cipher.getAuthTag()]), index)
      },
      async retrieve(reference) {
        const bytes = await da.retrieve(reference)
        const opened = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16))
        try {
          return new Uint8Array(Buffer.concat([opened.update(bytes.subarray(12, -16)), opened.final()]))
        } catch (cause) {
          throw new CausewayError('The batch does not open with this key.', { code: 'DA_PERMANENT', cause })
        }
      },
    }
  },
})
const rollup = evmRollup({ id: 779n, feeRecipient: '0x00000000000000000000000000000000000000fe', da: sealed(calldata(), randomBytes(32)) })
const cluster = await createCluster({ aggregator: false, chains: [{ name: 'sealed', rollup }] })
const [chain] = cluster.chains
const { index } = await cluster.deposit(chain, { amount: parseEther('1') })
assert.equal((await chain.client.waitForDeposit({ index, until: 'certified' })).rung, 'certified')
await cluster.stop()
console.log('the follower has opened what L1 has, and signed it')
