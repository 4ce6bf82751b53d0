import { decodeWhole, sortedNames, type FieldType } from './fields.js'
import { GAS, type Meter } from './gas.js'
import { stateKey } from './hashes.js'
import type { Journal } from './journal.js'
import type { MapHandle, Module, State, StateFields, ValueHandle } from './module.js'

const NO_KEY = new Uint8Array()

/** A module's state in a journal, of which each access is charged. */
export function openState<S extends StateFields>(module: Pick<Module<string, S>, 'name' | 'state'>, journal: Journal, meter: Pick<Meter, 'charge'>): State<S> {
  const access = (field: string, type: FieldType<unknown>, at: Uint8Array) => {
    // Whoever signs an action may choose the key: it is paid for before it is hashed.
    const key = (gas: bigint) => {
      meter.charge(gas + GAS.byte * BigInt(at.length))
      return stateKey(module.name, field, at)
    }
    const set = (bytes: Uint8Array | null) => journal.set(key(GAS.write + GAS.byte * BigInt(bytes?.length ?? 0)), bytes)
    return {
      get() {
        const bytes = journal.get(key(GAS.read))
        if (bytes === null) return undefined
        meter.charge(GAS.byte * BigInt(bytes.length))
        return decodeWhole(type, bytes)
      },
      set: (value: unknown) => set(type.encode(value)),
      delete: () => set(null),
    }
  }
  const handle = (name: string): ValueHandle<unknown> | MapHandle<unknown, unknown> => {
    const field = module.state[name] as StateFields[string]
    if (field.kind === 'value') return access(name, field.value, NO_KEY)
    const at = (key: unknown) => access(name, field.value, field.key.encode(key))
    return { get: (key) => at(key).get(), set: (key, value) => at(key).set(value), delete: (key) => at(key).delete() }
  }
  return Object.fromEntries(sortedNames(module.state).map((name) => [name, handle(name)])) as State<S>
}
