import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const ALL = null
/** What each package may import of the others: core, and contracts and l1 where it touches a chain, but never another plugin. */
const LAYERS = {
  core: [],
  contracts: ['core'],
  l1: ['core', 'contracts'],
  messaging: ['core'],
  sequencer: ['core'],
  'execution-*': ['core', 'contracts', 'l1'],
  'da-*': ['core', 'contracts', 'l1'],
  prover: ['core'],
  'prover-*': ['core', 'contracts', 'l1'],
  aggregator: ['core', 'contracts', 'l1'],
  client: ['core', 'contracts'],
  // Composes one chain; it is given its engine and its da.
  node: ['core', 'contracts', 'l1', 'messaging', 'sequencer', 'client'],
  cluster: ALL,
  cli: ALL,
}

/** Where time may be read and timers set: clocks, and watchdogs over child processes, threads and simulations, which must work when everything else has stopped. */
const TIMERS = ['packages/core/src/system-clock.ts', 'packages/execution-evm/src/deadline.ts', 'packages/execution-evm/src/threads.ts', 'packages/l1/src/anvil.ts', 'packages/l1/src/anvil-guard.ts', 'packages/prover/src/worker-process.ts', 'packages/prover/src/workers.ts']

/** Tests and what only they use. */
const TESTS = ['**/*.test.ts', '**/*test-helper*', '**/*fixture*', '**/testkit/**', 'packages/testing/**', 'test/**']

const USE_CLOCK = 'Take a Clock (core, seams/host.ts), so that tests can step time.'
const RELATIVE = { regex: '^(\\.\\./)+(packages/)?[a-z0-9-]+/src(/|$)', message: 'Import another package by its name.' }
const NO_EMPTY_CATCH = { selector: 'CatchClause[body.body.length=0]', message: 'Handle the error, or let it through.' }
const NO_DEFAULT = { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }
const TIMER_MODULES = { group: ['timers', 'timers/promises', 'node:timers', 'node:timers/promises'], message: USE_CLOCK }

/** Type-only imports are no exception: a layer that names another one's types depends on it. */
const layer = (name, allowed) => ({
  files: [`packages/${name}/src/**/*.ts`],
  ignores: TESTS,
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          RELATIVE,
          TIMER_MODULES,
          ...(allowed === ALL ? [] : [{ regex: `^@causeway/(?!(${allowed.join('|') || '-'})(/|$))`, message: `Packages that ${name} may import: ${allowed.join(', ') || 'none'}.` }]),
          { regex: '^@causeway/contracts/testing$', message: 'Its verifier accepts anything: tests only.' },
        ],
      },
    ],
  },
})

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/generated/', '**/*.d.ts', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['packages/*/src/**/*.ts', 'packages/*/scripts/**/*.ts', 'create-rollup/**/*.ts', 'circuits/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts', '*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-empty': 'error',
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      eqeqeq: 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false, attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [RELATIVE] }],
    },
  },
  { files: ['create-rollup/**/*.ts'], rules: { 'no-restricted-syntax': ['error', NO_EMPTY_CATCH, NO_DEFAULT] } },
  // Of projects that are to be: their types are checked once they are made (create-rollup/src/templates.world.test.ts).
  { files: ['templates/**/*.ts'], languageOptions: { parser: tseslint.parser }, rules: { 'no-empty': 'error', 'no-var': 'error', eqeqeq: 'error' } },
  {
    files: ['packages/*/src/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', NO_EMPTY_CATCH, NO_DEFAULT],
      'no-console': 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    ignores: [...TESTS, ...TIMERS],
    rules: {
      'no-restricted-globals': ['error', ...['setTimeout', 'setInterval', 'performance'].map((name) => ({ name, message: USE_CLOCK }))],
      'no-restricted-properties': ['error', ...[['Date', 'now'], ['performance', 'now'], ['globalThis', 'setTimeout'], ['globalThis', 'setInterval']].map(([object, property]) => ({ object, property, message: USE_CLOCK }))],
      'no-restricted-syntax': ['error', NO_EMPTY_CATCH, NO_DEFAULT, { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: USE_CLOCK }],
    },
  },
  ...Object.entries(LAYERS).map(([name, allowed]) => layer(name, allowed)),
  { files: [...TESTS, 'packages/prover-ultrahonk/src/worker.ts'], rules: { 'no-console': 'off' } },
  // They use the testkit of prover-ultrahonk, which is no part of the package.
  { files: ['circuits/**/*.ts', 'test/bench/prover.ts', 'test/mutants/**/*.ts'], rules: { '@typescript-eslint/no-restricted-imports': 'off' } },
)
