import { CausewayError, encodeJson, isShared, refuseIssues, type AdmitInput, type BlockInputs, type ExecutionDefinition, type ExecutionEngine, type ExecutionHost, type Message } from '@causeway/core'
import { predeployGenesis } from '@causeway/contracts'
import { hexToBytes, keccak256, stringToBytes, type Address } from 'viem'
import { joined, withAdditions, type EvmPart } from './additions.js'
import { chainRows, headRow } from './chain.js'
import { chainCommon } from './common.js'
import { deadline } from './deadline.js'
import { DEFAULT_GAS_LIMIT } from './constants.js'
import { canonicalRows, executeBlock } from './execute.js'
import { makeGenesis } from './genesis.js'
import { inputGas } from './input-gas.js'
import { installPrecompiles } from './interpreter/custom.js'
import { simulationLimits, type SimulationLimits } from './limits.js'
import { optionIssues, type EvmOptions } from './options.js'
import { plainBytes } from './plain-bytes.js'
import { preinstallAlloc } from './preinstalls.js'
import { chainReader, type EvmReader } from './reader.js'
import { ethMethods } from './rpc/eth.js'
import { threadedSimulations } from './simulation-threads.js'
import { localSimulations } from './simulations.js'
import { flatState, openStates } from './state.js'
import { decodeSystemTransaction, isSystemTransaction, systemGas } from './system-transaction.js'
import { checkTransaction, decodeTransaction } from './transactions.js'
import type { GenesisAlloc } from './types.js'

/** The EVM as an execution engine, and what RPC reads of it. */
export type EvmEngine = ExecutionEngine &
  Required<Pick<ExecutionEngine, 'warm' | 'dispose'>> &
  EvmReader & {
    readonly feeRecipient: Address
    readonly limits: SimulationLimits
    /** Gas a block sets aside to deliver a message. */
    systemGas(message: Pick<Message, 'gasLimit' | 'payload'>): bigint
  }

/** Grows with each change of what a block does: nodes whose numbers differ run no chain together. */
const RULES = 1

/**
 * The EVM as the execution engine of a chain. Mistakes in the options are in its `issues`; whoever runs it all the same gets `BAD_EVM`.
 * @throws CausewayError `BAD_PRECOMPILE`, `ADDRESS_TAKEN`
 */
export function evm(options: EvmOptions): ExecutionDefinition<EvmEngine> {
  const { gasLimit = DEFAULT_GAS_LIMIT, hardfork = 'prague', feeRecipient, precompiles = [] } = options
  const alloc = withAdditions(options.alloc ?? {}, options)
  const issues = optionIssues({ ...options, gasLimit, hardfork, alloc })
  // By its hash: its size has no bound, and the genesis state root names all of it.
  const accounts = Object.entries(alloc).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    name: 'evm',
    spec: {
      ...{ version: RULES, hardfork, gasLimit, feeRecipient },
      ...(accounts.length > 0 && { alloc: `keccak256 ${keccak256(stringToBytes(encodeJson(accounts)))}` }),
      ...(precompiles.length > 0 && { precompiles: precompiles.map(({ address, name, version }) => ({ address, name, version })) }),
    },
    issues,
    create(host) {
      refuseIssues('The options of evm() have', issues, { code: 'BAD_EVM' })
      return createEvm({ ...options, gasLimit, hardfork, alloc, precompiles }, host)
    },
    with: (part) => evm({ ...options, ...joined(options, part as EvmPart) }),
  }
}

/** Options with their defaults; predeploys are in `alloc`. */
type Chosen = Omit<EvmOptions, 'predeploys'> & Required<Pick<EvmOptions, 'gasLimit' | 'hardfork' | 'alloc' | 'precompiles'>>

/**
 * EthereumJS on a flat journaled state, committed to Ethereum's Merkle-Patricia trie once a block. It only reads the store; what it would write
 * comes back in `changes` (keys `evm/…`), for the caller's one atomic write. Simulations run in threads if the store can be read by others
 * (`isShared`), else where they are asked for.
 */
function createEvm(options: Chosen, host: ExecutionHost): EvmEngine {
  const { feeRecipient, gasLimit, hardfork } = options
  const { chainId, l1 } = host
  const store = plainBytes(host.store)
  const common = chainCommon(chainId, hardfork)
  const precompiles = installPrecompiles(common, options.precompiles)
  const chain = chainRows(store, common)
  const states = openStates(store)
  const limits = simulationLimits(options.limits)
  const local = localSimulations({ common, store, states, chain, limits, deadline: () => deadline(limits) })
  const threads = isShared(host.store) ? threadedSimulations({ location: host.store.location, chainId, hardfork, precompiles: options.precompiles.map((own) => ({ ...own, module: own.module.href })), limits }, local) : { ...local, warm: () => undefined, dispose: async () => undefined }
  const rules = { common, l1ChainId: l1.chainId, gasLimit, feeRecipient }
  const predeploys = predeployGenesis(l1.chainId, l1.bridge)
  const alloc: GenesisAlloc = Object.fromEntries([
    ...Object.entries(options.alloc),
    ...predeploys.map(({ address, code, storage }) => [address.toLowerCase(), { code, storage, nonce: 1n }]),
  ])
  let genesis: ReturnType<typeof makeGenesis> | undefined

  const engine: EvmEngine = {
    ...chainReader({ store, states, chain }),
    ...threads,
    limits,
    name: 'evm',
    chainId,
    feeRecipient,
    weightLimit: gasLimit,
    systemGas: (message) => systemGas(message, gasLimit),
    weigh: (input) => inputGas(input, rules),
    rpc: (host) => ethMethods({ ...host, reader: engine, limits: { ...options.limits, threads: limits.threads }, ...(options.minTip !== undefined && { minTip: options.minTip }) }),
    deliveryOf: (number, id) => engine.getTransactions(number)?.find(({ raw }) => isSystemTransaction(raw) && decodeSystemTransaction(raw).sourceId === id)?.hash,
    genesis: () => (genesis ??= precompiles.load().then(async () => makeGenesis({ common, states, gasLimit, alloc: { ...(await preinstallAlloc(common)), ...alloc } }))),
    execute: (inputs: BlockInputs, settings?: { admit?: AdmitInput }) => executeBlock(rules, { store, states, chain }, inputs, settings?.admit),
    async validate(raw, at) {
      const block = chain.blockByHash(at)
      if (!block) throw new CausewayError(`header not found: block ${at}`, { code: 'UNKNOWN_BLOCK' })
      const transaction = decodeTransaction(raw, common)
      const state = flatState(states, hexToBytes(block.stateRoot))
      await checkTransaction(transaction, { state, gasLeft: gasLimit, allowNonceGap: true })
      const { hash, sender, nonce, maxFee, gas } = transaction
      return { hash, sender, nonce, maxFee, weight: gas }
    },
    rewind(hash) {
      const block = chain.blockByHash(hash)
      if (!block) throw new CausewayError(`Block ${hash} is not known.`, { code: 'UNKNOWN_BLOCK' })
      return [...canonicalRows(store, chain, hash), headRow(block.number, hash)]
    },
  }
  return engine
}
