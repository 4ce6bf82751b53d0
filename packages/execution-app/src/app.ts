import { CausewayError, encodeJson, engineOptionIssues, ETH, logLimits, refuseIssues, type ExecutionDefinition, type ExecutionHost, type Issue } from '@causeway/core'
import { hexToBigInt, hexToBytes, keccak256, numberToHex, stringToBytes, zeroHash, type Address, type Hex } from 'viem'
import { bank } from './bank.js'
import { blockRows, openBlocks, sealBlock } from './block.js'
import { actionDecoder } from './decode.js'
import type { AppEngine, AppLimits } from './engine.js'
import { checkAction, executeBlock, weigh, type Rules } from './execute.js'
import { GAS, unmetered } from './gas.js'
import { stateKey } from './hashes.js'
import { createJournal } from './journal.js'
import { describeModule, type Module } from './module.js'
import { openLogs } from './logs.js'
import { appMethods } from './rpc/methods.js'
import { answer, simulateAction } from './simulate.js'
import { openState } from './state.js'
import { openStateTree } from './state-tree.js'
import { headRow } from './rows.js'

/** Options of {@link app}. All but `limits` decide state: every node of a chain needs the same. */
export type AppOptions = {
  /** In any order; the bank is always there. */
  modules: readonly Module[]
  /** Gets the fee of every action. */
  feeRecipient: Address
  /** Least price of a unit of gas, wei. Default 1,000,000. */
  gasPrice?: bigint
  /** Units that a block may use; at least `MIN_GAS_LIMIT` of core. Default 30 million. */
  gasLimit?: bigint
  limits?: Partial<AppLimits>
}

/** Grows with each change of what a block does: nodes whose numbers differ run no chain together. */
const RULES = 1

/** Typed modules as the execution engine of a chain. Mistakes in the options are in its `issues`; whoever runs it all the same gets `BAD_APP`. */
export function app(options: AppOptions): ExecutionDefinition<AppEngine> {
  const { feeRecipient, gasPrice = 1_000_000n, gasLimit = 30_000_000n } = options
  const modules = [bank, ...options.modules].sort((a, b) => (a.name < b.name ? -1 : 1))
  const issues = optionIssues({ modules, feeRecipient, gasPrice, gasLimit })
  const spec = { version: RULES, gasLimit, gasPrice, gas: GAS, feeRecipient, modules: modules.map(describeModule) }
  return {
    name: 'app',
    spec,
    issues,
    create(host) {
      refuseIssues('The options of app() have', issues, { code: 'BAD_APP' })
      return createApp({ modules: new Map(modules.map((module) => [module.name, module])), gasLimit, gasPrice, feeRecipient }, { ...logLimits(), gas: 2_000_000n, ...options.limits }, { ...spec, feeRecipient: feeRecipient.toLowerCase() }, host)
    },
  }
}

/** What is wrong with options, modules sorted by name. */
function optionIssues({ modules, feeRecipient, gasPrice, gasLimit }: Required<Omit<AppOptions, 'limits'>>): Issue[] {
  const issues = engineOptionIssues({ gasLimit, feeRecipient })
  const report = (path: string, message: string, fix: string) => void issues.push({ path, message, fix })
  if (typeof gasPrice !== 'bigint' || gasPrice < 0n || gasPrice >> 64n !== 0n) report('gasPrice', `it is ${String(gasPrice)}`, 'give it in wei, as a bigint below 2^64')
  for (const [i, { name }] of modules.entries())
    if (modules[i + 1]?.name === name) report('modules', `there are two modules '${name}'`, name === bank.name ? 'the bank is always there: leave it out, or choose another name' : 'give one of them another name')
  return issues
}

/** It only reads the store; what it would write comes back in `changes` (keys `app/…`), for the caller's one atomic write. */
function createApp(options: Pick<Rules, 'modules' | 'gasLimit' | 'gasPrice' | 'feeRecipient'>, limits: AppLimits, spec: ExecutionDefinition['spec'], { chainId, l1, store }: ExecutionHost): AppEngine {
  const rules: Rules = { ...options, chainId, l1ChainId: l1.chainId, decode: actionDecoder(chainId, options.modules) }
  const backing = { blocks: openBlocks(store), tree: openStateTree(store) }
  const { blocks, tree } = backing
  const read = (at: Hex) => {
    const block = blocks.byHash(at)
    if (!block) throw new CausewayError(`header not found: block ${at}`, { code: 'UNKNOWN_BLOCK' })
    return { block, get: (key: bigint) => tree.get(hexToBigInt(block.stateRoot), key) }
  }
  const bankAt = (at: Hex) => openState(bank, createJournal(read(at).get), unmetered)

  const engine: AppEngine = {
    name: 'app',
    chainId,
    modules: rules.modules,
    gasPrice: rules.gasPrice,
    feeRecipient: rules.feeRecipient,
    weightLimit: rules.gasLimit,
    blocks,
    limits,
    logs: openLogs(store, blocks, rules.modules),
    async genesis() {
      // The state root that is registered on L1 names the rules.
      const rulesDigest = hexToBytes(keccak256(stringToBytes(encodeJson([chainId, l1.chainId, spec]))))
      const { root, changes } = tree.update(0n, new Map([[stateKey('', '', new Uint8Array()), rulesDigest]]))
      const stateRoot = numberToHex(root, { size: 32 })
      const block = sealBlock({ number: 0n, parentHash: zeroHash, timestamp: 0n, stateRoot, gasUsed: 0n, receipts: [] }, [])
      return { hash: block.hash, stateRoot, changes: [...changes, ...blockRows(block)] }
    },
    execute: async (inputs, settings) => executeBlock(rules, backing, inputs, settings?.admit).block,
    trace: (inputs, settings) => executeBlock(rules, backing, inputs, settings?.admit).accesses,
    weigh: (input) => weigh(input, rules),
    rewind(hash) {
      const block = blocks.byHash(hash)
      if (!block) throw new CausewayError(`Block ${hash} is not known.`, { code: 'UNKNOWN_BLOCK' })
      return [...blocks.path(hash), headRow(hash)]
    },
    async validate(raw, at) {
      const { hash, sender, nonce, gasPrice, gas } = checkAction(raw, rules, bankAt(at), { timestamp: read(at).block.timestamp, gasLeft: options.gasLimit, allowNonceGap: true })
      return { hash, sender, nonce, maxFee: gasPrice, weight: gas }
    },
    getNonce: async (account, at) => bankAt(at).nonces.get(account) ?? 0n,
    getBalance: async (account, at) => bankAt(at).balances.get({ owner: account, chain: l1.chainId, token: ETH }) ?? 0n,
    getValue: (module, field, at, block) => read(block).get(stateKey(module, field, at)),
    call: (question, at) => answer(rules, tree, read(at).block, question, limits.gas),
    simulate: (trial, at) => simulateAction(rules, tree, read(at).block, trial, limits.gas),
    deliveryOf: (number, id) => blocks.byNumber(number)?.receipts.find(({ kind, raw }) => kind === 'delivery' && raw === id)?.hash,
    rpc: (host) => appMethods(engine, host),
  }
  return engine
}
