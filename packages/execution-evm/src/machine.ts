import type { Block } from '@ethereumjs/block'
import type { Common } from '@ethereumjs/common'
import type { CustomPrecompile, EVMOpts, EVMResult, Log } from '@ethereumjs/evm'
import { Account, Address } from '@ethereumjs/util'
import { createVM, runTx, type RunTxResult, type VM } from '@ethereumjs/vm'
import { bytesToHex, hexToBytes, type Hex } from 'viem'
import { bareHex } from './bytes.js'
import type { ChainRows } from './chain.js'
import type { Deadline } from './deadline.js'
import { fastEvm, type FastOptions } from './interpreter/evm.js'
import { createMeter, type Meter } from './interpreter/meter.js'
import { precompilesOf } from './interpreter/precompiles.js'
import { WORK_PER_GAS } from './interpreter/work.js'
import { observedEvm, type Observer } from './observed.js'
import type { FlatState } from './state.js'
import type { UserTransaction } from './transactions.js'
import type { EvmLog } from './types.js'

/** Changes of the precompiles, by lower-case address: where one was put, and where there is none any more. */
export type PrecompileTable = ReadonlyMap<Hex, CustomPrecompile>

/** An EVM on one state, in one block. A failure that is not the EVM's own leaves the state as it was. */
export type Machine = {
  /** Counts the work of all that it runs. */
  meter: Meter
  /** Runs a checked transaction; the base fee goes to the fee recipient with the tip. @throws what EthereumJS throws */
  transact(transaction: UserTransaction, gasUsedBefore: bigint): Promise<RunTxResult>
  /** A call from outside any transaction, without fee, nonce or intrinsic gas. Its state changes stay, selfdestructs included. */
  call(options: { from: Address; to?: Address; value: bigint; data: Uint8Array; gas: bigint; gasPrice?: bigint; accessList?: readonly { address: Hex; storageKeys: readonly Hex[] }[] }): Promise<
    EVMResult & { accessed: Map<string, Set<string>> }
  >
}

/** Makes a machine. `parent` is where BLOCKHASH starts. */
export function machine(options: {
  common: Common
  state: FlatState
  block: Block
  chain: Pick<ChainRows, 'ancestor'>
  parent: Hex
  /** Changes of the precompiles, for simulations. */
  precompiles?: PrecompileTable | undefined
  /** For simulations and traces. */
  observer?: Observer | undefined
  /** Called at every opcode that needs the state: what it throws ends the run. The others do not take long for the gas that there is. */
  deadline?: Deadline | undefined
}): Machine {
  const { common, state, block, deadline } = options
  const { blockchain, blockHash } = blockHashes(options.chain, options.parent)
  const meter = createMeter(WORK_PER_GAS * Number(block.header.gasLimit))
  let current: VM | undefined
  // Also where they are moved from, and not where to: what a call costs does not depend on how it is simulated.
  const precompiles = precompilesOf(common)
  const warm = [...precompiles.keys()]
  const customPrecompiles: CustomPrecompile[] = [...Array.from(precompiles, ([address, run]) => ({ address: `0x${address}` as const, function: run })), ...(options.precompiles?.values() ?? [])]

  async function vm(): Promise<VM> {
    if (current) return current
    const parts = { common, stateManager: state, blockchain, customPrecompiles }
    const { observer } = options
    const evm = observer ? await observedEvm(parts as EVMOpts, { meter, observer, deadline }) : await fastEvm({ ...parts, blockHash, deadline } as FastOptions, meter)
    current = await createVM({ common, stateManager: state, blockchain, evm } as Parameters<typeof createVM>[0])
    return current
  }

  /** EthereumJS does not unwind its journal when something throws, so the state is put back and the next run gets a new EVM. */
  async function guarded<T>(run: (vm: VM) => Promise<T>): Promise<T> {
    const before = state.snapshot()
    meter.begin()
    deadline?.(true)
    try {
      return await run(await vm())
    } catch (error) {
      state.restore(before)
      current = undefined
      throw error
    }
  }

  return {
    meter,
    transact: (transaction, gasUsedBefore) =>
      guarded(async (v) => {
        const result = await runTx(v, { tx: transaction.tx, block, blockGasUsed: gasUsedBefore, skipBlockGasLimitValidation: true })
        await credit(state, block.header.coinbase, result.totalGasSpent * (block.header.baseFeePerGas ?? 0n))
        return result
      }),
    call: ({ from, to, value, data, gas, gasPrice, accessList }) =>
      guarded(async (v) => {
        const { evm } = v
        await evm.journal.cleanup()
        for (const precompile of warm) evm.journal.addAlwaysWarmAddress(precompile)
        for (const address of [from, block.header.coinbase, ...(to ? [to] : [])]) evm.journal.addAlwaysWarmAddress(bareHex(address.bytes))
        for (const { address, storageKeys } of accessList ?? []) {
          evm.journal.addAlwaysWarmAddress(address.slice(2).toLowerCase())
          for (const slot of storageKeys) evm.journal.addAlwaysWarmSlot(address.slice(2).toLowerCase(), slot.slice(2).toLowerCase())
        }
        evm.journal.startReportingAccessList()
        const result = await evm.runCall({
          block, caller: from, origin: from, value, data, gasLimit: gas, gasPrice: gasPrice ?? 0n, skipNonceIncrement: true, ...(to ? { to } : {}),
        })
        for (const address of result.execResult.selfdestruct?.keys() ?? [])
          if (result.execResult.createdAddresses?.has(address)) await evm.journal.deleteAccount(new Address(hexToBytes(address)))
        const accessed = evm.journal.accessList ?? new Map<string, Set<string>>()
        await evm.journal.cleanup()
        state.originalStorageCache.clear()
        return { ...result, accessed }
      }),
  }
}

/** Adds wei to an account out of nothing; nothing happens for 0. */
export async function credit(state: FlatState, address: Address, amount: bigint): Promise<void> {
  if (amount === 0n) return
  const account = (await state.getAccount(address)) ?? new Account()
  account.balance += amount
  await state.putAccount(address, account)
}

/** Logs of an execution in hex. */
export function toLogs(logs: readonly Log[] | undefined): EvmLog[] {
  return (logs ?? []).map(([address, topics, data]) => ({
    address: bytesToHex(address),
    topics: topics.map((topic) => bytesToHex(topic)),
    data: bytesToHex(data),
  }))
}

/** The hashes that BLOCKHASH gives, each looked up once, and the same as EthereumJS wants it. */
function blockHashes(chain: Pick<ChainRows, 'ancestor'>, parent: Hex) {
  const known = new Map<number, Uint8Array>()
  function blockHash(number: number): Uint8Array {
    const before = known.get(number)
    if (before) return before
    const hash = chain.ancestor(parent, BigInt(number))
    const bytes = hash ? hexToBytes(hash) : new Uint8Array(32)
    known.set(number, bytes)
    return bytes
  }
  const blockchain = {
    getBlock: async (number: number) => ({ hash: () => blockHash(number) }),
    async putBlock() {},
    shallowCopy: () => blockchain,
  }
  return { blockchain, blockHash }
}
