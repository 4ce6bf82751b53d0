/** The `causeway` command: arguments, exit codes, and the way each command is told that it has to end. */
import { createRequire } from 'node:module'
import { encodeJson, errorCode } from '@causeway/core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { createOutput, describeError, toldLines, type Output } from './output.js'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

const program = new Command('causeway')
  .description('Develop a chain of a Causeway cluster, run its nodes, join a cluster, look at both.')
  .version(version, '-v, --version')
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(causeway --help, or causeway COMMAND --help, shows what there is)')

const port = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('A port is a whole number from 0 to 65535.')
  return value
}
const url = (text: string): string => {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new InvalidArgumentError('It has to be a URL with http:// or https://.')
  return text
}
const CLUSTER = ['--cluster <url>', "a cluster's URL, or `local` (default: `cluster` of rollup.config)"] as const
const L1 = ['--l1 <url>', "JSON-RPC of the cluster's L1 (default: the one that the cluster names)"] as const
const RPC = new Option('--rpc <url>', "JSON-RPC of the chain (default: the project's, while it runs)").argParser(url)
const JSON_OPTION = ['--json', 'answer with one JSON value, for scripts'] as const

/** Loads a command, which takes its time, and runs it: its errors are told in words and end with 1, a signal ends it in order with 130. */
function run<O extends object>(load: () => Promise<(options: O, output: Output, signal: AbortSignal) => Promise<void>>): (options: O) => Promise<void> {
  return async (options) => {
    const json = (options as { json?: boolean }).json === true
    const ending = new AbortController()
    let signals = 0
    const end = (): void => {
      // Twice is an order to end at once.
      if (++signals > 1) process.exit(130)
      ending.abort()
    }
    process.on('SIGINT', end)
    process.on('SIGTERM', end)
    try {
      const command = await load()
      await command(options, createOutput(json), ending.signal)
      process.exitCode = ending.signal.aborted ? 130 : process.exitCode ?? 0
    } catch (error) {
      if (json) process.stderr.write(`${encodeJson({ error: describeError(error) })}\n`)
      else process.stderr.write(`${toldLines(describeError(error)).join('\n')}\n`)
      process.exitCode = errorCode(error) === 'BAD_ARGUMENT' ? 2 : 1
    } finally {
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
    }
    process.exit()
  }
}

program
  .command('dev')
  .description('run the chain of this project in its cluster, and again after each change')
  .option(...CLUSTER)
  .option('--port <port>', 'of JSON-RPC (default: 4710, or the next that is free)', port)
  .option('--reset', 'forget the chain, its keys and the local cluster, and begin anew')
  .option('--no-watch', 'do not look at changes')
  .action(run(async () => (await import('./commands/dev.js')).dev))

program.command('build').description('compile contracts/ with the solc of this project into generated/').option(...JSON_OPTION).action(run(async () => (await import('./commands/build.js')).buildCommand))

program
  .command('start')
  .description('run nodes of a chain that has joined: its sequencer and its follower, or one of them')
  .argument('[role]', 'sequencer or follower')
  .option(...CLUSTER)
  .option(...L1)
  .option('--port <port>', 'of JSON-RPC', port, 4710)
  .option('--host <host>', 'where JSON-RPC listens', '127.0.0.1')
  .action((role: string | undefined, options: object) => run(async () => (await import('./commands/start.js')).start)({ ...options, role } as never))

program
  .command('cluster')
  .description('run a cluster that others join: contracts on L1, the relay, the aggregator with its prover')
  .option('--directory <path>', 'of its state', '.causeway-cluster')
  .option('--port <port>', 'at which it says what it is, and its relay listens', port, 4700)
  .option('--l1 <url>', 'a development L1 with funded accounts (default: one of its own)', url)
  .option('--l1-port <port>', 'of its own L1', port)
  .option('--chains <number>', 'EVM chains that it runs itself', (text) => Number(text), 0)
  .option('--no-aggregator', 'without the aggregator')
  .action(run(async () => (await import('./commands/cluster.js')).cluster))

program
  .command('join')
  .description('make the chain of this project a member of a cluster: keys, registration, ETH for its batcher')
  .option(...CLUSTER)
  .option(...L1)
  .option('--dry-run', 'only say what it would do')
  .option(...JSON_OPTION)
  .action(run(async () => (await import('./commands/join.js')).join))

program
  .command('leave')
  .description('revoke the batcher of the chain, as its owner: nothing is posted any more; what has settled stays claimable')
  .option(...CLUSTER)
  .option(...L1)
  .option('--yes', 'do it; without it, only say what it would do')
  .option(...JSON_OPTION)
  .action(run(async () => (await import('./commands/leave.js')).leave))

program.command('status').description('where the chain stands in its cluster, and who else is there').addOption(RPC).option(...CLUSTER).option(...L1).option(...JSON_OPTION).action(run(async () => (await import('./commands/status.js')).status))

program
  .command('bridge')
  .description('move ETH: deposit from L1, send to a chain, withdraw to L1, claim what was withdrawn')
  .argument('<action>', 'deposit, send, withdraw or claim')
  .argument('<what>', 'an amount of ETH; for claim: the id of the message')
  .option('--to <chain>', 'id of the chain to send to', (text) => BigInt(text))
  .option('--recipient <address>', 'who gets it (default: the account itself)')
  .option('--account <number>', 'a development account, 0 to 3; elsewhere CAUSEWAY_KEY in the environment is the key', (text) => Number(text), 0)
  .addOption(RPC)
  .option(...CLUSTER)
  .option(...L1)
  .option(...JSON_OPTION)
  .action((action: string, what: string, options: object) => run(async () => (await import('./commands/bridge.js')).bridge)({ ...options, action, what } as never))

program
  .command('message')
  .description('follow a message up the ladder: included, executed, certified, proven, settled, final')
  .argument('<id>', 'of the message')
  .option('--until <rung>', 'wait until it is there', 'settled')
  .addOption(RPC)
  .option(...CLUSTER)
  .option(...JSON_OPTION)
  .action((id: string, options: object) => run(async () => (await import('./commands/message.js')).message)({ ...options, id } as never))

program
  .command('plugin')
  .description("list the commands of the chain's plugins, or run one against the node that runs")
  .argument('[plugin]', 'name of the plugin')
  .argument('[command]', 'of the plugin')
  .argument('[args...]', 'for the command')
  .addOption(RPC)
  .option(...JSON_OPTION)
  .action((name: string | undefined, command: string | undefined, args: string[], options: object) => run(async () => (await import('./commands/plugin.js')).plugin)({ ...options, name, command, args } as never))

program.command('trust').description('what must hold for the chain to be safe and live, a line each').option(...CLUSTER).option(...L1).option(...JSON_OPTION).action(run(async () => (await import('./commands/trust.js')).trust))
program.command('doctor').description('look for what is wrong here, and say how to repair it').option(...CLUSTER).option(...L1).option(...JSON_OPTION).action(run(async () => (await import('./commands/doctor.js')).doctor))

program
  .command('config')
  .description('the configuration of this project')
  .command('print')
  .description('what rollup.config says; with --resolved, also what it leaves to us')
  .option('--resolved', 'with defaults and the digest that is compared with L1')
  .action(run(async () => (await import('./commands/config.js')).configPrint))

await program.parseAsync()
