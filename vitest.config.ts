import { defineConfig } from 'vitest/config'

const shared = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts', 'create-rollup/src/**/*.test.ts', 'circuits/**/*.test.ts', 'scripts/**/*.test.ts'], exclude: ['**/*.{slow,world}.test.ts', '**/node_modules/**'], testTimeout: 30_000, sequence: { groupOrder: 0 } },
      },
      {
        ...shared,
        test: {
          name: 'slow',
          include: ['packages/*/src/**/*.slow.test.ts', 'create-rollup/src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // One after the other, and after the unit tests: they prove, run anvil and keep to block times.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'world',
          // What people do: the command, joining, templates, programs from tarballs.
          include: ['create-rollup/src/**/*.world.test.ts', 'test/**/*.world.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
