/** How the demo talks: a live line and ticks on a terminal, plain lines elsewhere. */
const started = Date.now()
const tty = process.stdout.isTTY === true && process.env['CI'] === undefined
type Paint = (text: string) => string
const paint = (code: number) => (text: string) => (tty ? `\u001b[${code}m${text}\u001b[0m` : text)
export const [bold, dim, green, red, cyan] = [1, 2, 32, 31, 36].map(paint) as [Paint, Paint, Paint, Paint, Paint]

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Elsewhere than on a terminal: ms of silence after which a step says that it goes on, and what it waits for. */
const QUIET = 15_000

/** Cut to the terminal's width: a live line that wraps cannot be taken back, and piles up. */
function cut(text: string, width: number): string {
  const letters = [...text]
  return letters.length <= width ? text : `${letters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** Seconds since the demo began. */
export const elapsed = () => ((Date.now() - started) / 1000).toFixed(1).padStart(6)

export function heading(text: string): void {
  if (!hushed) console.log(`\n${bold(text)}`)
}

let hushed = false
let ticker: NodeJS.Timeout | undefined

/** From now on nothing is said of steps: the demo is being stopped. */
export function hush(): void {
  hushed = true
  clearInterval(ticker)
  if (tty) process.stdout.write('\r\u001b[2K')
}

/** Runs one step of the story, shows it live, and remembers how long it took. `run` may report what it waits for. */
export async function step<T>(name: string, run: (waiting: (what: string) => void) => Promise<T>, note: (value: T) => string = () => ''): Promise<T> {
  const begin = Date.now()
  let doing = ''
  let frame = 0
  const live = () => process.stdout.write(`\r\u001b[2K${dim(elapsed())} ${cyan(FRAMES[frame++ % FRAMES.length] ?? '')} ${cut(doing ? `${name}: ${doing}` : name, (process.stdout.columns || 80) - 10)}`)
  const plain = () => console.log(`${elapsed()} … ${name}${doing ? `: ${doing}` : ''}`)
  if (!hushed) ticker = setInterval(tty ? live : plain, tty ? 100 : QUIET)
  try {
    const value = await run((what) => (doing = what))
    const ms = Date.now() - begin
    const said = note(value)
    if (hushed) return value
    if (tty) process.stdout.write('\r\u001b[2K')
    console.log(`${dim(elapsed())} ${green('✓')} ${name} ${dim(`${(ms / 1000).toFixed(1)} s`)}${said ? `  ${said}` : ''}`)
    return value
  } catch (error) {
    if (hushed) throw error
    if (tty) process.stdout.write('\r\u001b[2K')
    console.log(`${dim(elapsed())} ${red('✗')} ${name}${doing ? ` (while: ${doing})` : ''}`)
    throw error
  } finally {
    clearInterval(ticker)
  }
}

/** A table of two or more columns. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows) console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ').trimEnd()}`)
}
