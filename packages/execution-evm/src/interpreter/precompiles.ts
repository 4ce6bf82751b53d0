import type { Common } from '@ethereumjs/common'
import { getActivePrecompiles, type PrecompileFunc } from '@ethereumjs/evm'
import type { Address } from 'viem'
import { blake2f } from './blake2f.js'
import { curvesNow, loadCurves, type Curves } from './curves.js'
import { failed } from './failed.js'
import { meterOf } from './meter.js'
import { modexp } from './modexp.js'
import { p256Verify } from './p256.js'
import { precompileCost } from './work.js'

const known = new WeakMap<Common, ReadonlyMap<string, PrecompileFunc>>()

/** The precompiles of a chain by address (40 hex digits): EthereumJS', with faster parts where there are any, and metered; and its own. */
export function precompilesOf(common: Common): ReadonlyMap<string, PrecompileFunc> {
  const before = known.get(common)
  if (before) return before
  const table = new Map([...getActivePrecompiles(common)].map(([address, original]) => [address, metered(Number(`0x${address}`), FASTER[Number(`0x${address}`)] ?? original)]))
  known.set(common, table)
  return table
}

/** Gives a chain precompiles of its own, by address. */
export function addPrecompiles(common: Common, own: Iterable<readonly [Address, PrecompileFunc]>): void {
  known.set(common, new Map([...precompilesOf(common), ...Array.from(own, ([address, run]) => [address.slice(2).toLowerCase(), run] as const)]))
}

const FASTER: Readonly<Record<number, PrecompileFunc>> = { 0x05: modexp, 0x09: blake2f }
const onCurves = (address: number): boolean => (address >= 0x06 && address <= 0x08) || (address >= 0x0a && address <= 0x11) || address === 0x100

function metered(address: number, original: PrecompileFunc): PrecompileFunc {
  return (input) => {
    const meter = meterOf(input._EVM)
    const { gas, work } = precompileCost(address, input.data, input.common)
    // Without its gas it does nothing.
    if (meter && BigInt(Math.min(gas, Number.MAX_SAFE_INTEGER)) <= input.gasLimit && !meter.spend(work)) return failed(input.gasLimit)
    if (!onCurves(address)) return original(input)
    // Where EthereumJS' precompiles look for them.
    const run = ({ bls, bn254, p256 }: Curves) => address === 0x100 ? p256Verify(p256, input) : original({ ...input, _EVM: Object.assign(input._EVM, { _bls: bls, _bn254: bn254 }) })
    const curves = curvesNow()
    return curves ? run(curves) : loadCurves().then(run)
  }
}
