/** Prints a benchmark as JSON (last line) and as a table. */
export function report(name: string, rows: Record<string, string | number>): void {
  const width = Math.max(...Object.keys(rows).map((key) => key.length))
  console.log(`\n${name}`)
  for (const [key, value] of Object.entries(rows)) console.log(`  ${key.padEnd(width)}  ${value}`)
  console.log(JSON.stringify({ bench: name, ...rows }))
}

/** The value below which `share` of the numbers lie. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Waits until a condition holds. @throws after `seconds` */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 120): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
