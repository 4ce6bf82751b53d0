/** A queue of texts with an end to how many and how long they are together; the oldest are lost first. */
export type BoundedQueue = {
  readonly length: number
  push(text: string): void
  shift(): string | undefined
  /** Takes everything out. */
  drain(): string[]
  /** How many were lost since the last call. */
  takeLost(): number
}

/** Makes a {@link BoundedQueue}; `size` in UTF-16 units. One text always fits. */
export function createBoundedQueue(limits: { count: number; size: number }): BoundedQueue {
  let texts: string[] = []
  let size = 0
  let lost = 0
  const shift = () => {
    const text = texts.shift()
    size -= text?.length ?? 0
    return text
  }
  return {
    get length() {
      return texts.length
    },
    push(text) {
      texts.push(text)
      size += text.length
      while (texts.length > 1 && (texts.length > limits.count || size > limits.size)) {
        shift()
        lost++
      }
    },
    shift,
    drain() {
      const all = texts
      texts = []
      size = 0
      return all
    },
    takeLost() {
      const count = lost
      lost = 0
      return count
    },
  }
}
