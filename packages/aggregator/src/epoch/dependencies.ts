import { openTree, OUTBOX, messageLeaf, type Certificate, type ChainHeader, type NodeStore } from '@causeway/core'
import type { Refusal } from '../certificates/validation.js'
import { slotOf } from '../registry/registry.js'

/** A certificate that is sound by itself and stands on its chain's header. */
export type Placed = { slot: bigint; certificate: Certificate; leaves: readonly bigint[] }

/** The cluster before the epoch's certificates. */
export type Settled = { headers: ReadonlyMap<bigint, ChainHeader>; nodes: Pick<NodeStore, 'get'> }

/**
 * What each certificate needs of the others: for each slot, the slots whose certificates hold messages that it imports.
 * Those whose imports are neither settled nor in one of the others are in `unmet`.
 */
export function dependenciesOf(placed: ReadonlyMap<bigint, Placed>, settled: Settled): { needs: Map<bigint, Set<bigint>>; unmet: Map<bigint, Refusal> } {
  const needs = new Map<bigint, Set<bigint>>()
  const unmet = new Map<bigint, Refusal>()
  for (const { slot, certificate } of placed.values()) {
    const needed = new Set<bigint>()
    for (const entry of certificate.entries) {
      if (entry.kind !== 'import') continue
      const { source, nonce } = entry.message
      const sourceSlot = slotOf(settled, source)
      const header = sourceSlot === undefined ? undefined : settled.headers.get(sourceSlot)
      if (sourceSlot === undefined || !header) {
        unmet.set(slot, { verdict: 'waiting', code: 'UNKNOWN_SOURCE', reason: `chain ${source} is not in the registry yet` })
        break
      }
      const leaf = messageLeaf(entry.message, entry.policyHash)
      if (nonce < header.outboxSize) {
        if (openTree(settled.nodes, OUTBOX, header.outboxRoot, nonce).leaf === leaf) continue
        unmet.set(slot, { verdict: 'invalid', code: 'IMPORT_REPLACED', reason: `message ${nonce} of chain ${source} settled as another one than it imports` })
        break
      }
      const there = placed.get(sourceSlot)?.leaves[Number(nonce - header.outboxSize)]
      if (there === leaf) {
        needed.add(sourceSlot)
        continue
      }
      unmet.set(
        slot,
        there === undefined
          ? { verdict: 'waiting', code: 'IMPORT_NOT_FOUND', reason: `message ${nonce} of chain ${source} is in no outbox of this epoch; it waits for a certificate of that chain` }
          : { verdict: 'waiting', code: 'IMPORT_CONFLICT', reason: `message ${nonce} of chain ${source} is another one in that chain's certificate than it imports` },
      )
      break
    }
    needs.set(slot, needed)
  }
  return { needs, unmet }
}

/** A slot and all that it needs, directly or through others. */
export function closureOf(slot: bigint, needs: ReadonlyMap<bigint, ReadonlySet<bigint>>): Set<bigint> {
  const closure = new Set([slot])
  // A set's iteration also visits what is added while it runs.
  for (const member of closure) for (const needed of needs.get(member) ?? []) closure.add(needed)
  return closure
}

/**
 * Chooses slots for an epoch of `places`: in the given order, each with all that it needs or not at all. One that needs too many
 * gives its turn to those among them that need fewer. None that is chosen needs one that is left out.
 */
export function selectClosed(order: readonly bigint[], needs: ReadonlyMap<bigint, ReadonlySet<bigint>>, places: number): { chosen: Set<bigint>; left: Map<bigint, Refusal> } {
  let chosen = new Set<bigint>()
  const closures = order.map((slot) => ({ slot, closure: closureOf(slot, needs) }))
  for (const { closure } of closures)
    for (const together of closure.size <= places ? [closure] : [...closure].map((needed) => closureOf(needed, needs))) {
      const union = new Set([...chosen, ...together])
      if (union.size <= places) chosen = union
    }
  const left = new Map<bigint, Refusal>()
  for (const { slot, closure } of closures)
    if (!chosen.has(slot))
      left.set(slot, {
        verdict: 'waiting',
        code: closure.size > places ? 'CLOSURE_TOO_LARGE' : 'EPOCH_FULL',
        reason: closure.size > places ? `it needs ${closure.size - 1} other certificates in one epoch, and the proof has ${places} places; those that need fewer settle first` : 'the epoch has no place left',
      })
  return { chosen, left }
}
