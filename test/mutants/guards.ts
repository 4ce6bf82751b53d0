import type { Unit } from '../../packages/contracts/scripts/compile.js'

/** One guard of the contracts, and so a mutant: the contract that does not refuse there. */
export type Guard = {
  /** Its number among all, from 1, in the order of files and lines. */
  id: number
  /** `l1/CausewayHub.sol: if (count == 0) revert NoBlobs()`, with ` (2)` for the second of the same text in a file. */
  name: string
  file: string
  /** The error that it reverts with, if it does. */
  error: string | undefined
}

/** What runs with the guards switched off that `block.coinbase` names: as an account, this and the number of the guard. */
export const FIRST_COINBASE = 0x6d7574616e7400000000n
const SWITCH_FILE = 'Switch.sol'
const SWITCH = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

function isOn(uint256 guard) view returns (bool) {
    return uint160(address(block.coinbase)) != ${FIRST_COINBASE} + guard;
}

abstract contract ReentrancyGuardTransient {
    error ReentrancyGuardReentrantCall();

    bool private transient _entered;

    modifier nonReentrant(uint256 guard) {
        bool on = isOn(guard);
        if (on && _entered) revert ReentrancyGuardReentrantCall();
        if (on) _entered = true;
        _;
        if (on) _entered = false;
    }
}
`

/** Files of the protocol: not what is only for tests, and not what another program wrote. */
const isOurs = (file: string) => !/^(samples|test|generated|interfaces)\//.test(file)
const REFUSAL = /^\s*(?:\{\s*)?(?:revert\b|return (?:false|\((?:true|false), false\)|\(0, address\(0\)\));)/
const UNCONDITIONAL = /^ +(revert \w+\([^;]*\)|_onlyMessenger\(\));$/
const MODIFIER = /\bnonReentrant\b/

/**
 * Finds the guards in the sources of a unit: conditions that revert or that answer "no", statements that always revert or that check the
 * caller, and `nonReentrant`. Each is put behind a switch.
 */
export function withGuards(unit: Unit): { guards: Guard[]; unit: Unit } {
  const guards: Guard[] = []
  const sources: Unit['sources'] = { [SWITCH_FILE]: { content: SWITCH } }
  for (const file of Object.keys(unit.sources).sort()) {
    const { content } = unit.sources[file] as { content: string }
    if (!isOurs(file)) {
      sources[file] = { content }
      continue
    }
    const seen = new Map<string, number>()
    const add = (text: string, error: string | undefined) => {
      const nth = (seen.get(text) ?? 0) + 1
      seen.set(text, nth)
      guards.push({ id: guards.length + 1, name: `${file}: ${text}${nth > 1 ? ` (${nth})` : ''}`, file, error })
      return guards.length
    }
    const before = guards.length
    const switched = switchGuards(content, add)
    sources[file] = { content: guards.length === before ? content : imports(switched) }
  }
  return { guards, unit: { ...unit, sources } }
}

function switchGuards(content: string, add: (text: string, error: string | undefined) => number): string {
  let out = ''
  let at = 0
  /** Start of the header of the function that the text is in: one that looks at the block is not pure. */
  let header = 0
  const place = () => {
    out = out.slice(0, header) + out.slice(header).replace(/^([^{]*?) pure\b/, '$1 view')
  }
  while (at < content.length) {
    const line = content.slice(at, content.indexOf('\n', at) + 1 || undefined)
    const condition = /^(\s*(?:\} else )?if )\(/.exec(line)
    const begins = content[at - 1] === '\n'
    const always = begins ? UNCONDITIONAL.exec(line.trimEnd()) : null
    if (begins && /^ *(function|constructor|modifier)\b/.test(line)) header = out.length
    if (begins && /^ *(\/\/|import\b)/.test(line)) {
      out += line
      at += line.length
    } else if (condition) {
      const open = at + (condition[1] as string).length
      const close = matching(content, open)
      const rest = content.slice(close + 1)
      if (REFUSAL.test(rest)) {
        const inner = content.slice(open + 1, close)
        const refusal = rest.slice(0, rest.indexOf(';')).replace(/\s+/g, ' ').replace(/^ \{? ?/, '')
        const id = add(`if (${inner.replace(/\s+/g, ' ').trim()}) ${refusal}`, /^revert (?:\w+\.)?(\w+)/.exec(refusal)?.[1])
        place()
        out += `${condition[1]}((${inner}) && isOn(${id}))`
      } else out += content.slice(at, close + 1)
      at = close + 1
    } else if (always) {
      const statement = always[1] as string
      // What a condition on the line before guards has its switch there.
      if (/&& isOn\(\d+\)\) \{\s*$/.test(out)) out += line
      else {
        const id = add(statement, /^revert (\w+)/.exec(statement)?.[1])
        place()
        out += line.replace(statement, `if (isOn(${id})) ${statement}`)
      }
      at += line.length
    } else {
      const guarded = MODIFIER.test(line)
      const name = /function (\w+)/.exec(out.slice(header) + line)?.[1]
      out += guarded ? line.replace(MODIFIER, `nonReentrant(${add(`${name}: nonReentrant`, 'ReentrancyGuardReentrantCall')})`) : line
      at += line.length
    }
  }
  return out
}

/** Position of the parenthesis that closes the one at `open`. */
function matching(content: string, open: number): number {
  let depth = 0
  for (let at = open; at < content.length; at++) {
    if (content[at] === '(') depth++
    if (content[at] === ')' && --depth === 0) return at
  }
  throw new Error('a parenthesis that is not closed')
}

function imports(content: string): string {
  const names = /\bReentrancyGuardTransient\b/.test(content) ? '{isOn, ReentrancyGuardTransient}' : '{isOn}'
  return content.replace(/^import \{ReentrancyGuardTransient\}.*\n/m, '').replace(/^(pragma .*)$/m, `$1\n\nimport ${names} from "${SWITCH_FILE}";`)
}
