/** How an action ended: the code of its error (`'?'` for an error without one), or `'ok'`. */
export async function outcome(action: () => unknown): Promise<string> {
  try {
    await action()
    return 'ok'
  } catch (error) {
    const { code } = error as { code?: unknown }
    return typeof code === 'string' ? code : '?'
  }
}

/** Bytes that look random and follow from `length` and `seed`. */
export function noise(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i + seed) * 7919 + ((i + seed) >> 8) * 31) % 251)
}

/** Bytes in a form that every test framework compares, and fast. */
export function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}
