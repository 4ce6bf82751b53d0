import { NEVER } from '@causeway/core'
import { bytesToHex, hexToBigInt, hexToBytes, keccak256, zeroAddress, type Address, type Hex } from 'viem'
import { encodeAction, type Action } from './action.js'
import type { AppBlock } from './block.js'
import { invalid } from './decode.js'
import { argsOf, intrinsicGas, openBench, perform, type Rules } from './execute.js'
import { fail } from './failure.js'
import { decodeWhole, own, t } from './fields.js'
import { createMeter } from './gas.js'
import { runHandler, type Emitted } from './run.js'
import type { StateTree } from './state-tree.js'

/** An action that nobody has signed yet; `args` are encoded. */
export type Trial = { sender: Address; module: string; action: string; args: Hex; gas?: bigint; gasPrice?: bigint }

/** What it would do: `code` says why it would fail, and `fee` (wei) is what `gasUsed` costs. */
export type Tried = { code: string | null; gasUsed: bigint; fee: bigint; events: readonly Emitted[]; sent: number }

/** A question to a module; `args` are encoded. */
export type Question = { module: string; view: string; args: Hex }

/** The answer, encoded, or why there is none. */
export type Answer = { code: string | null; value: Hex | null; gasUsed: bigint }

/** As long as a signature: what an action costs depends on its length. */
const NO_SIGNATURE: Hex = `0x${'00'.repeat(65)}`

/**
 * Does an action on the state after a block, as its sender's next one, and forgets it. It gets `most` gas at most, and unless it names its gas, no more than its sender can pay.
 * @throws CausewayError `INVALID_TRANSACTION` @throws Failure `BAD_VALUE` for arguments of other types
 */
export function simulateAction(rules: Rules, tree: StateTree, { stateRoot, number, timestamp }: AppBlock, { sender, gasPrice = rules.gasPrice, ...trial }: Trial, most: bigint): Tried {
  const types = argsOf(rules, trial.module, trial.action)
  if (!types) throw invalid(`there is no action ${trial.module}.${trial.action}`)
  const bench = openBench(rules, tree, hexToBigInt(stateRoot), { number: number + 1n, timestamp: timestamp + 1n })
  const balance = bench.ledger.balanceOf(sender, bench.eth)
  const payable = gasPrice === 0n ? most : balance / gasPrice
  const wanted = trial.gas ?? payable
  const gas = wanted < most ? wanted : most
  const args = decodeWhole(t.struct(types), hexToBytes(trial.args))
  const action: Action = { module: trial.module, action: trial.action, args, nonce: bench.state.nonces.get(sender) ?? 0n, gas, gasPrice, expiry: NEVER }
  const raw = encodeAction(types, action, NO_SIGNATURE)
  const least = intrinsicGas(raw)
  if (gas > payable || payable < least) throw invalid(`insufficient funds for gas * price: address ${sender} have ${balance} want ${(gas > least ? gas : least) * gasPrice}`)
  if (gas < least) throw invalid(`it needs ${least} gas before it does anything, and has ${gas}`)
  const { receipt } = perform(bench, { ...action, raw, hash: keccak256(raw), sender })
  const { code, gasUsed, events, sent } = receipt
  return { code, gasUsed, fee: gasUsed * gasPrice, events, sent }
}

/** Answers from the state after a block, with `most` gas. @throws CausewayError `INVALID_TRANSACTION` if there is no such view @throws Failure `BAD_VALUE` for arguments of other types */
export function answer(rules: Rules, tree: StateTree, { stateRoot, number, timestamp }: AppBlock, { module: name, view: viewName, args }: Question, most: bigint): Answer {
  const module = rules.modules.get(name)
  const view = own(module?.views, viewName)
  if (!module || !view) throw invalid(`there is no view ${name}.${viewName}`)
  const bench = openBench(rules, tree, hexToBigInt(stateRoot), { number, timestamp })
  const journal = { ...bench.journal, set: () => fail('READ_ONLY') }
  let value: Hex | null = null
  const { code, gasUsed } = runHandler(
    { ...bench, journal },
    {
      module,
      sender: zeroAddress,
      input: { args: decodeWhole(t.struct(view.args), hexToBytes(args)) },
      meter: createMeter(most),
      maxSends: 0,
      handler(context) {
        value = bytesToHex(view.returns.encode(view.run(context)))
      },
    },
  )
  return { code, value: code === null ? value : null, gasUsed }
}
