import { CausewayError, type Store } from '@causeway/core'

/** What goes wrong with a store, a probability from 0 to 1. */
export type StoreFaults = {
  /** A write fails, and nothing of it lands, as on a full disk. */
  error: number
}

/** A store whose writes fail at times. Everything follows from `random` and the order of writes. */
export function faultyStore(below: Store, { random, rates }: { random: () => number; rates: () => StoreFaults }): Store {
  return {
    ...below,
    async write(changes) {
      if (random() < rates().error) throw new CausewayError('fault: the disk is full', { code: 'STORE_WRITE' })
      await below.write(changes)
    },
  }
}
