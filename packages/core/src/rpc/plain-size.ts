/** About how many characters plain data has as JSON. Stops counting beyond `limit`, which the answer is then above. */
export function plainSize(value: unknown, limit = Infinity): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const [key, item] of Object.entries(value)) {
    size += (Array.isArray(value) ? 1 : key.length + 4) + plainSize(item, limit - size)
    if (size > limit) break
  }
  return size
}
