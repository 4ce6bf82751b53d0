import { CausewayError, createSerial, type Clock, type Store } from '@causeway/core'
import { bytesToBigInt, hexToBytes, numberToHex, type Hex } from 'viem'

/** Batches of a member, by chain and hash: kept from when they come for `retention` ms, up to `quota` bytes a chain. */
export type KeptBatches = {
  get(chainId: bigint, batchHash: Hex): Uint8Array | undefined
  /** Resolves when the batch is on disk. @throws CausewayError `QUOTA_FULL` */
  keep(chainId: bigint, batchHash: Hex, batch: Uint8Array): Promise<void>
  /** Forgets what is older than `retention`. Resolves to how many. */
  prune(): Promise<number>
}

const hex = (n: bigint) => n.toString(16).padStart(16, '0')
const batchKey = (chainId: bigint, batchHash: Hex) => `batch/${hex(chainId)}/${batchHash}`
/** By time, oldest first; the value is the length. */
const AGES = 'age/'
const ageKey = (time: bigint, chainId: bigint, batchHash: Hex) => `${AGES}${hex(time)}/${hex(chainId)}/${batchHash}`
const bytesOf = (n: bigint) => hexToBytes(numberToHex(n, { size: 8 }))
/** The time of arrival (ms) before a batch's bytes. */
const HEAD = 8
const PIECE = 100

/** Opens what a member keeps. */
export function keptBatches({ store, clock, retention, quota }: { store: Store; clock: Clock; retention: number; quota: number }): KeptBatches {
  const used = new Map<bigint, number>()
  // One after the other: what is old and comes again just as it is pruned would be signed for, and be gone.
  const serially = createSerial()
  for (const { key, value } of store.range({ start: AGES, end: `${AGES}\xff` })) count(BigInt(`0x${key.split('/')[2]}`), Number(bytesToBigInt(value)))

  function count(chainId: bigint, bytes: number): void {
    used.set(chainId, (used.get(chainId) ?? 0) + bytes)
  }

  return {
    get: (chainId, batchHash) => store.get(batchKey(chainId, batchHash))?.subarray(HEAD),
    keep: (chainId, batchHash, batch) => serially(() => keep(chainId, batchHash, batch)),
    prune: () => serially(prune),
  }

  async function keep(chainId: bigint, batchHash: Hex, batch: Uint8Array): Promise<void> {
    const now = clock.now()
    const held = store.get(batchKey(chainId, batchHash))
    if (!held && (used.get(chainId) ?? 0) + batch.length > quota)
      throw new CausewayError(`The member keeps ${quota} bytes of chain ${chainId} at most.`, { code: 'QUOTA_FULL', fix: 'raise the member’s `quota`, or have it keep batches for a shorter time' })
    // What comes again is kept as long as if it had come now.
    const before = held ? [{ key: ageKey(bytesToBigInt(held.subarray(0, HEAD)), chainId, batchHash), value: null }] : []
    await store.write([
      ...before,
      { key: batchKey(chainId, batchHash), value: new Uint8Array(Buffer.concat([bytesOf(now), batch])) },
      { key: ageKey(now, chainId, batchHash), value: bytesOf(BigInt(batch.length)) },
    ])
    if (!held) count(chainId, batch.length)
  }

  async function prune(): Promise<number> {
    const end = `${AGES}${hex(clock.now() - BigInt(retention))}`
    for (let pruned = 0; ; ) {
      const old = [...store.range({ start: AGES, end, limit: PIECE })]
      if (old.length === 0) return pruned
      const batches = old.map(({ key, value }) => {
        const [, , chain, batchHash] = key.split('/') as [string, string, string, Hex]
        return { age: key, chainId: BigInt(`0x${chain}`), batchHash, length: Number(bytesToBigInt(value)) }
      })
      await store.write(batches.flatMap(({ age, chainId, batchHash }) => [{ key: age, value: null }, { key: batchKey(chainId, batchHash), value: null }]))
      for (const { chainId, length } of batches) count(chainId, -length)
      pruned += old.length
    }
  }
}
