import type { Verdict } from './certificates/verdicts.js'
import type { EpochStateName } from './epoch/epoch-state.js'

/** What a step did. `progress` is false if there was nothing to do, or it has to wait; `reason` says why. */
export type StepResult = { from: EpochStateName; to: EpochStateName; epoch: bigint | undefined; progress: boolean; reason: string }

/** What happens in the aggregator. */
export type AggregatorEvent =
  | { kind: 'transition'; from: EpochStateName; to: EpochStateName; epoch: bigint | undefined; reason: string }
  | { kind: 'candidate'; chainId: bigint; height: bigint; statement: bigint }
  | ({ kind: 'verdict'; chainId: bigint; height: bigint; statement: bigint; epoch: bigint } & Pick<Verdict, 'verdict' | 'reason'>)
  /** L1 has settled an epoch, ours or another's. */
  | { kind: 'epoch'; epoch: bigint; root: bigint }
  /** L1 took epochs back; `epoch` is the last one left. */
  | { kind: 'rewound'; epoch: bigint }

/** What the aggregator is doing. */
export type AggregatorStatus = {
  state: EpochStateName
  /** Epoch under way. */
  epoch: bigint | undefined
  /** Failures of this epoch's proof or settlement so far. */
  failures: number
  settled: { epoch: bigint; root: bigint; chains: number }
  candidates: readonly { chainId: bigint; height: bigint; statement: bigint; receivedAt: bigint; verdict: Verdict | undefined }[]
}
