import type { TestFramework } from '@causeway/messaging'
import { expect } from 'vitest'

/** Runs a suite as a framework would, until a case fails: whether one does. */
export async function finds(suite: (framework: TestFramework) => void): Promise<boolean> {
  const cases: (() => Promise<void>)[] = []
  suite({ it: (_name, test) => void cases.push(test), expect })
  for (const test of cases)
    try {
      await test()
    } catch (error) {
      // What the case says of it is of no interest here.
      return error instanceof Error
    }
  return false
}
