import { CausewayError, plainSize } from '@causeway/core'
import type { Common } from '@ethereumjs/common'
import { concatHex, getAddress, hexToBytes, toRlp, zeroAddress, zeroHash, type Hex } from 'viem'
import { decodeBlock, encodeBlock, nextBaseFee, openBlock, sealHeader, type OpenHeader } from './block.js'
import { bytesToHex, ethAddress, rlpUint } from './bytes.js'
import type { CallRequest } from './call.js'
import type { ChainRows } from './chain.js'
import type { Deadline } from './deadline.js'
import { checkResult, type SimulationLimits } from './limits.js'
import { indexRoot } from './index-trie.js'
import { keccakHex } from './keccak.js'
import { credit, machine, toLogs } from './machine.js'
import { applyMessage, unstartable, type Message } from './message.js'
import { applyOverrides, overrideHeader, type BlockOverrides, type StateOverrides } from './overrides.js'
import { consensusReceipt, logsBloom } from './receipts.js'
import { flatState, type FlatState, type StateStore } from './state.js'
import { transferTracer } from './transfers.js'
import type { EvmBlock, EvmLog, EvmTransaction } from './types.js'

/** A call of a simulated block. */
export type SimulatedCall = CallRequest & { nonce?: bigint; maxPriorityFee?: bigint; /** Pays `gasPrice`, as before EIP-1559. */ isLegacy?: boolean }

/** One of the blocks to simulate. */
export type SimulatedBlock = { calls: readonly SimulatedCall[]; stateOverrides?: StateOverrides; blockOverrides?: BlockOverrides }

/** What to simulate, and how strictly. */
export type Simulation = {
  blocks: readonly SimulatedBlock[]
  /** Checks nonces and fees as a real block would, and lets the base fee follow its rule instead of being 0. */
  validation?: boolean
  /** Logs every transfer of ETH as if 0xeeee… were its token. */
  traceTransfers?: boolean
}

/** A log with its index in the block. */
export type SimulatedLog = EvmLog & { logIndex: number }

/** What a simulated call did. */
export type SimulatedResult = { data: Hex; gasUsed: bigint; gasBeforeRefund: bigint; logs: readonly SimulatedLog[]; failure?: { kind: 'revert' | 'halt'; reason: string } }

/** A simulated block, its transactions, which nobody signed, and what each did. */
export type SimulationResult = { block: EvmBlock; transactions: readonly EvmTransaction[]; results: readonly SimulatedResult[] }

/** What Ethereum does at a block and a Causeway chain does not. */
export type SimulationRules = { /** Else the fee recipient gets it. */ burnsBaseFee?: boolean; startBlock?(state: FlatState, header: OpenHeader): Promise<void> }

/** Most blocks of a simulation, gaps included, and seconds between them (geth's). */
const MAX_BLOCKS = 256n
const BLOCK_SECONDS = 12n

/**
 * Runs blocks of unsigned transactions on top of `base`, as `eth_simulateV1` has it; nothing is written.
 * @throws `INVALID_CALL` in geth's words, for the first transaction or block that cannot be; `RESULT_TOO_LARGE` as soon as it is
 */
export async function simulateBlocks(
  options: { common: Common; states: StateStore; chain: ChainRows; limits: SimulationLimits; rules?: SimulationRules; deadline?: Deadline },
  base: EvmBlock,
  simulation: Simulation,
): Promise<SimulationResult[]> {
  const { common, states, chain, limits, rules = {} } = options
  const { validation = false, traceTransfers = false } = simulation
  const state = flatState(states, hexToBytes(base.stateRoot))
  const hashes = new Map<bigint, Hex>()
  const lookup = { ancestor: (_: Hex, number: bigint) => hashes.get(number) ?? chain.ancestor(base.hash, number) }
  const done: SimulationResult[] = []
  let parent = base
  let gasLeft = limits.gas
  let size = 0

  async function block({ calls, stateOverrides = {}, blockOverrides }: ReturnType<typeof withGaps>[number]): Promise<SimulationResult> {
    const header = overrideHeader(
      {
        number: 0n, timestampMs: 0n, parentHash: parent.hash, gasLimit: parent.gasLimit, feeRecipient: parent.feeRecipient, mixHash: zeroHash, extraData: '0x',
        baseFeePerGas: validation ? nextBaseFee(parent) : 0n,
      },
      blockOverrides,
    )
    const { baseFeePerGas: baseFee, feeRecipient } = header
    const precompiles = await applyOverrides(state, common, stateOverrides)
    const tracer = transferTracer()
    const runner = machine({
      common, state, block: openBlock(header, common), chain: lookup, parent: parent.hash, precompiles, deadline: options.deadline, observer: traceTransfers ? tracer.observer(state) : undefined,
    })
    await rules.startBlock?.(state, header)
    const results: SimulatedResult[] = []
    const envelopes: Hex[] = []
    const receipts: Parameters<typeof consensusReceipt>[0][] = []
    let gasUsed = 0n
    let logCount = 0
    for (const call of calls) {
      const message = await complete(state, call, header, gasUsed, gasLeft)
      if (validation) await checkNonce(state, message)
      if (validation || message.maxFee > 0n || message.tip > 0n) checkFees(message, baseFee)
      const applied = await applyMessage({ common, state, machine: runner }, message).catch((error: unknown) => {
        throw error instanceof CausewayError && error.code === 'INVALID_CALL' ? supplied(error.shortMessage, message.gas) : error
      })
      const isPaid = message.maxFee > 0n || message.tip > 0n || validation
      if (isPaid) await credit(state, ethAddress(feeRecipient), applied.gasUsed * (message.gasPrice - (rules.burnsBaseFee ? baseFee : 0n)))
      const { exceptionError, logs: emitted, returnValue } = applied.execResult
      const logs = toLogs(emitted)
      gasUsed += applied.gasUsed
      gasLeft -= applied.gasUsed
      const envelope = encodeUnsigned(message, common.chainId())
      envelopes.push(envelope)
      size += plainSize(envelope) + plainSize(logs) + returnValue.length * 2
      checkResult(size, limits)
      receipts.push({
        hash: keccakHex(hexToBytes(envelope)), type: message.type, from: message.from, to: message.to ?? null, contractAddress: null, success: !exceptionError,
        gasUsed: applied.gasUsed, cumulativeGasUsed: gasUsed, effectiveGasPrice: message.gasPrice, logs,
      })
      results.push({
        data: bytesToHex(returnValue), gasUsed: applied.gasUsed, gasBeforeRefund: applied.gasBeforeRefund,
        logs: traceTransfers ? tracer.take(logs) : logs.map((log) => ({ ...log, logIndex: logCount++ })),
        ...(exceptionError && { failure: { kind: exceptionError.error === 'revert' ? 'revert' : 'halt', reason: exceptionError.error } as const }),
      })
    }
    const sealed = sealHeader(
      header,
      {
        stateRoot: bytesToHex((await state.seal()).stateRoot), gasUsed,
        transactionsRoot: indexRoot(envelopes.map((raw) => hexToBytes(raw))),
        receiptsRoot: indexRoot(receipts.map(consensusReceipt)),
        logsBloom: bytesToHex(logsBloom(receipts.flatMap(({ logs }) => logs))),
      },
      common,
    )
    const simulated = decodeBlock(encodeBlock(sealed, envelopes), common)
    const transactions = receipts.map(({ hash, from, effectiveGasPrice }, index) => ({
      hash, from, effectiveGasPrice, index, raw: envelopes[index] as Hex, blockNumber: simulated.number, blockHash: simulated.hash,
    }))
    return { block: simulated, transactions, results }
  }

  for (const next of withGaps(base, simulation.blocks)) {
    const result = await block(next)
    done.push(result)
    hashes.set(result.block.number, result.block.hash)
    parent = result.block
  }
  return done
}

/** The blocks with their numbers and times, and with empty ones where numbers were left out. */
function withGaps(base: EvmBlock, blocks: readonly SimulatedBlock[]): (SimulatedBlock & { blockOverrides: BlockOverrides })[] {
  const all: (SimulatedBlock & { blockOverrides: BlockOverrides })[] = []
  let last = { number: base.number, timestamp: base.timestamp }
  for (const wanted of blocks) {
    const number = wanted.blockOverrides?.number ?? last.number + 1n
    if (number <= last.number) throw unstartable(`block numbers must be in order: ${number} <= ${last.number}`)
    if (number - base.number > MAX_BLOCKS) throw unstartable('too many blocks')
    while (last.number + 1n < number) {
      last = { number: last.number + 1n, timestamp: last.timestamp + BLOCK_SECONDS }
      all.push({ calls: [], blockOverrides: last })
    }
    const timestamp = wanted.blockOverrides?.timestamp ?? last.timestamp + BLOCK_SECONDS
    if (timestamp <= last.timestamp) throw unstartable(`block timestamps must be in order: ${timestamp} <= ${last.timestamp}`)
    last = { number, timestamp }
    all.push({ ...wanted, blockOverrides: { ...wanted.blockOverrides, ...last } })
  }
  return all
}

type Complete = Message & { nonce: bigint; tip: bigint; type: 0 | 2 | 4 }

/** Fills in what a call leaves out. */
async function complete(state: FlatState, call: SimulatedCall, header: OpenHeader, gasUsed: bigint, gasLeft: bigint): Promise<Complete> {
  const { from = zeroAddress, to, value = 0n, data = '0x', accessList = [], authorizationList = [], isLegacy = false, maxPriorityFee = 0n } = call
  const price = call.gasPrice ?? 0n
  const maxFee = isLegacy ? price : (call.maxFee ?? 0n)
  const tip = isLegacy ? price : maxPriorityFee
  const wanted = call.gas ?? header.gasLimit - gasUsed
  if (gasUsed + wanted > header.gasLimit) throw unstartable(`block gas limit reached: ${gasUsed} >= ${header.gasLimit}`)
  const effective = header.baseFeePerGas + tip < maxFee ? header.baseFeePerGas + tip : maxFee
  return {
    from, value, data, accessList, authorizationList, maxFee, tip, ...(to ? { to } : {}),
    nonce: call.nonce ?? (await state.getAccount(ethAddress(from)))?.nonce ?? 0n,
    gas: wanted < gasLeft ? wanted : gasLeft,
    gasPrice: isLegacy ? price : effective,
    type: isLegacy ? 0 : authorizationList.length > 0 ? 4 : 2,
  }
}

async function checkNonce(state: FlatState, { from, nonce, gas }: Complete): Promise<void> {
  const next = (await state.getAccount(ethAddress(from)))?.nonce ?? 0n
  const address = getAddress(from)
  if (nonce < next) throw supplied(`nonce too low: address ${address}, tx: ${nonce} state: ${next}`, gas)
  if (nonce > next) throw supplied(`nonce too high: address ${address}, tx: ${nonce} state: ${next}`, gas)
  if (next === 2n ** 64n - 1n) throw supplied(`nonce has max value: address ${address}, nonce: ${next}`, gas)
}

function checkFees({ from, maxFee, tip, gas }: Complete, baseFee: bigint): void {
  const address = getAddress(from)
  if (maxFee < tip) throw supplied(`max priority fee per gas higher than max fee per gas: address ${address}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${maxFee}`, gas)
  if (maxFee < baseFee) throw supplied(`max fee per gas less than block base fee: address ${address}, maxFeePerGas: ${maxFee}, baseFee: ${baseFee}`, gas)
}

/** What geth says around why a transaction could not be applied. */
function supplied(reason: string, gas: bigint) {
  return unstartable(`err: ${reason} (supplied gas ${gas})`)
}

/** The envelope with an empty signature. */
function encodeUnsigned(message: Complete, chainId: bigint): Hex {
  const { type, nonce, tip, maxFee, gas, to = '0x', value, data, authorizationList } = message
  const n = (value: bigint) => bytesToHex(rlpUint(value))
  if (type === 0) return toRlp([n(nonce), n(maxFee), n(gas), to, n(value), data, '0x', '0x', '0x'])
  const accessList = message.accessList.map(({ address, storageKeys }) => [address, [...storageKeys]] as [Hex, Hex[]])
  const signed = authorizationList.map((a) => [n(a.chainId), a.address, n(a.nonce), n(BigInt(a.yParity)), n(a.r), n(a.s)])
  const fields = [n(chainId), n(nonce), n(tip), n(maxFee), n(gas), to, n(value), data, accessList, ...(type === 4 ? [signed] : []), '0x', '0x', '0x']
  return concatHex([type === 4 ? '0x04' : '0x02', toRlp(fields as Parameters<typeof toRlp>[0])])
}
