import type { TestFramework } from '@causeway/messaging'

/**
 * Whether a suite finds something broken: runs its cases until one fails. For tests of a suite, with implementations that are wrong on purpose.
 * @param expect of the test framework
 */
export async function finds(expect: TestFramework['expect'], suite: (framework: TestFramework) => void): Promise<boolean> {
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
