/** What the guard tells us: anvil's process id, that it could not be started, or how it ended. */
export type GuardMessage = { pid: number } | { failed: string } | { code: number | null; signal: string | null }

/**
 * Source of the guard: a Node process between us and anvil that ends anvil when we are gone, whatever ended us (Ctrl-C, a crash, kill -9),
 * because the operating system closes our end of its channel. So we need no signal handlers, which could get in the way of the host's own.
 * It runs in its own session, where the terminal's Ctrl-C does not reach: anvil outlives our orderly shutdown, which may still write to L1.
 * SIGTERM first, because anvil then saves its state; SIGKILL five seconds later.
 *
 * A string for `node -e`: it must work from source, from a bundle and under any loader.
 */
export const GUARD = `
const child = require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true })
const tell = (message, then) => { if (process.connected) process.send(message, () => then && then()); else if (then) then() }
let ending = false
const end = () => {
  if (ending) return
  ending = true
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), 5000).unref()
}
child.on('spawn', () => tell({ pid: child.pid }))
child.on('error', (error) => tell({ failed: String(error) }, () => process.exit(1)))
child.on('exit', (code, signal) => tell({ code, signal }, () => process.exit(0)))
process.on('disconnect', end)
process.on('message', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
// Our output pipes end with us; the guard must outlive that.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
if (!process.connected) end()
`
