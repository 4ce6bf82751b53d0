import { createRandom } from './random.js'

/** A JSON value with one leaf changed, and where. */
export type Mutation<T> = { at: string; value: T }

/**
 * Every leaf of a value (of what `encodeJson` writes: bigints, strings, numbers, null), each changed once in a way that a parser still takes if it
 * can: numbers by one, hex in its last digit, texts by a letter; lists also lose their last item, and repeat it. So a field that is added later is
 * changed, too. Everything follows from the seed.
 */
export function mutationsOf<T>(value: T, seed: number): Mutation<T>[] {
  const random = createRandom(seed)
  const found: Mutation<T>[] = []
  const visit = (item: unknown, at: string, put: (item: unknown) => unknown): void => {
    const add = (name: string, changed: unknown) => void found.push({ at: name, value: put(changed) as T })
    if (typeof item === 'bigint') return add(at, random.next() < 0.5 || item === 0n ? item + 1n : item - 1n)
    if (typeof item === 'number') return add(at, item === 0 ? 1 : item - 1)
    if (typeof item === 'string') return add(at, changedText(item, random.next()))
    if (item === null) return add(at, 0n)
    if (Array.isArray(item)) {
      if (item.length > 0) {
        add(`${at}.pop`, item.slice(0, -1))
        add(`${at}.again`, [...item, item.at(-1)])
      }
      item.forEach((inner, i) => visit(inner, `${at}[${i}]`, (changed) => put(item.map((old: unknown, j) => (j === i ? changed : old)))))
      return
    }
    if (typeof item === 'object') for (const [key, inner] of Object.entries(item)) visit(inner, `${at}.${key}`, (changed) => put({ ...item, [key]: changed }))
  }
  visit(value, '', (changed) => changed)
  return found
}

function changedText(text: string, chance: number): string {
  if (!/^0x[0-9a-f]+$/i.test(text)) return `${text}x`
  const at = 2 + Math.floor(chance * (text.length - 2))
  const digit = (parseInt(text[at] as string, 16) ^ 1).toString(16)
  return text.slice(0, at) + digit + text.slice(at + 1)
}
