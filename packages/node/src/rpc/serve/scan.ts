/** What a text is known to hold before it is parsed. */
export type Scanned = {
  /** JSON values, nearly. */
  values: number
  /** By their place in the batch (0 for a single request): numeric ids that JavaScript's numbers would change. */
  ids: Map<number, string>
}

/** Deepest nesting of a request: an access list in a simulated block is at 8. */
const MAX_DEPTH = 64
const QUOTE = 34
const BACKSLASH = 92

/**
 * Looks through the text of a request or batch. What is not JSON may be reported in any way: it is not parsed either.
 * @returns `too large` if it has more than `maxValues` values, or is nested deeper than any request
 */
export function scanRequests(text: string, maxValues: number): Scanned | 'too large' {
  const ids = new Map<number, string>()
  let [values, depth, item, batch] = [1, 0, 0, false]
  let key: string | undefined
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at)
        if (depth === (batch ? 2 : 1)) key = text.slice(at, end + 1)
        at = end
        break
      }
      case 91: // [
      case 123: // {
        if (depth === 0) batch = text[at] === '['
        depth++
        values++
        break
      case 93: // ]
      case 125: // }
        depth--
        break
      case 44: // ,
        if (batch && depth === 1) item++
        values++
        break
      case 58: { // :
        if (depth !== (batch ? 2 : 1) || key === undefined || !isId(key)) break
        // As JSON.parse has it: of two ids, the last.
        ids.delete(item)
        NUMBER.lastIndex = at + 1
        const number = NUMBER.exec(text)?.[1]
        if (number !== undefined && String(Number(number)) !== number) ids.set(item, number)
        break
      }
    }
    if (values > maxValues || depth > MAX_DEPTH) return 'too large'
  }
  return { values, ids }
}

const NUMBER = /[ \t\r\n]*(-?\d[\d.eE+-]*)/y

function isId(key: string): boolean {
  if (key === '"id"') return true
  // Written with escapes it is the same key.
  if (!key.includes('\\') || key.length > 14) return false
  try {
    return JSON.parse(key) === 'id'
  } catch {
    return false // not JSON: the parser says so
  }
}

/** Index of the quote that ends the string which begins at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}
