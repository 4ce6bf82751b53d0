import { CausewayError, checkPlugins, checkPolicy, DA_KINDS, describeGiven, isAddressText, isRecord, isSecret, withPlugins, type ExecutionDefinition, type Issue, type Plugin, type Policy } from '@causeway/core'
import { isHex } from 'viem'

type Unknown = Record<string, unknown>
/** Notes what is wrong at a path. */
type Report = (path: string, given: unknown, wanted: string, fix: string) => void

const PROPERTIES = ['chain', 'execution', 'da', 'policy', 'keys', 'sequencing', 'interop', 'plugins']
const SEQUENCING = ['blockTime', 'batchInterval', 'certify', 'maxBacklog', 'l1Tag']
const MAX_ID = BigInt(Number.MAX_SAFE_INTEGER)

/** All that is wrong with a definition, whatever it is. */
export function issuesOf(definition: unknown): Issue[] {
  const issues: Issue[] = []
  const report: Report = (path, given, wanted, fix) => void issues.push({ path, message: `it is ${describeGiven(given)}; it has to be ${wanted}`, fix })
  if (!isRecord(definition)) {
    report('definition', definition, 'an object', 'see docs/compose.md')
    return issues
  }
  known(report, '', definition, PROPERTIES)
  chain(report, definition['chain'])
  const engine = plugged(definition)
  part(issues, report, 'execution', engine.execution, 'evm({…}) of @causeway/execution-evm or app({…}) of @causeway/execution-app makes one')
  part(issues, report, 'da', definition['da'], 'blobs() or calldata() of @causeway/da-ethereum makes one')
  const { kind } = (definition['da'] ?? {}) as Unknown
  if (isRecord(definition['da']) && !(Number.isInteger(kind) && (kind as number) > 0)) report('da.kind', kind, 'a number from 1 on', 'one of DA_KINDS of @causeway/core')
  const { adapter } = (definition['da'] ?? {}) as Unknown
  if ((kind === DA_KINDS.adapter) !== isAddressText(adapter)) report('da.adapter', adapter, kind === DA_KINDS.adapter ? 'the address of a contract' : 'left out', 'only the kind `adapter` has one: an IDataAvailability, which says what a posting’s commitment is')
  if (definition['policy'] !== undefined) issues.push(...policyIssues(definition['policy']))
  if (definition['keys'] !== undefined) keys(report, definition['keys'])
  if (definition['sequencing'] !== undefined) sequencing(report, definition['sequencing'])
  if (definition['interop'] !== undefined) interop(report, definition['interop'])
  issues.push(...engine.issues)
  return issues
}

function chain(report: Report, given: unknown): void {
  if (!isRecord(given)) return report('chain', given, 'an object', 'it is { id, name, owner }, of which only id is needed')
  known(report, 'chain', given, ['id', 'name', 'owner'])
  const { id, name, owner } = given
  if (typeof id !== 'bigint' || id < 1n || id > MAX_ID) report('chain.id', id, `a bigint from 1n to ${MAX_ID}n`, 'write it with an n, 42001n say; nobody may have registered it at the hub')
  if (name !== undefined && (typeof name !== 'string' || name === '')) report('chain.name', name, 'a text', 'leave it out for none')
  if (owner !== undefined && !isAddressText(owner)) report('chain.owner', owner, 'an address', 'name the account that registers the chain; leave it out to take any')
}

/** A definition of a part, which knows itself what is wrong with its options. */
function part(issues: Issue[], report: Report, path: string, given: unknown, from: string): void {
  if (!isRecord(given)) return report(path, given, 'a definition', from)
  const { name, create, issues: own = [] } = given
  if (typeof create !== 'function') report(path, 'an object without create', 'a definition', from)
  if (typeof name !== 'string' || name === '') report(`${path}.name`, name, 'a text', from)
  issues.push(...(own as readonly Issue[]).map((issue) => ({ ...issue, path: `${path}.${issue.path}` })))
}

/** The engine as it is run, whose issues are also those of what plugins add to it; as it was given, if they cannot be added. */
function plugged({ execution, plugins = [] }: Unknown): { execution: unknown; issues: Issue[] } {
  if (!Array.isArray(plugins) || !plugins.every(isRecord))
    return { execution, issues: [{ path: 'plugins', message: 'it has to be a list of plugins', fix: 'definePlugin({ name, … }) of @causeway/core makes one; leave the list out for none' }] }
  const list = plugins as unknown as readonly Plugin[]
  let whole = execution
  const issues = issueOf('plugins', 'see docs/plugins.md', () => {
    checkPlugins(list)
    if (isRecord(execution)) whole = withPlugins(execution as unknown as ExecutionDefinition, list)
  })
  return { execution: whole, issues }
}

/** What a check throws, as an issue. */
function issueOf(path: string, fix: string, check: () => void): Issue[] {
  try {
    check()
    return []
  } catch (error) {
    const known = error instanceof CausewayError ? error : undefined
    return [{ path, message: known?.shortMessage ?? String(error), fix: known?.fix ?? fix }]
  }
}

const policyIssues = (given: unknown): Issue[] => issueOf('policy', 'attestedPolicy(k, publicKeys) of @causeway/core makes one', () => checkPolicy(given as Policy))

function keys(report: Report, given: unknown): void {
  if (!isRecord(given)) return report('keys', given, 'an object', "it is { batcher: secret('BATCHER_KEY'), attester: secret('ATTESTER_KEY') }, each of them optional")
  known(report, 'keys', given, ['batcher', 'attester'])
  // What is in its place may be the key itself, which belongs in no error.
  for (const name of ['batcher', 'attester'])
    if (given[name] !== undefined && !isSecret(given[name])) report(`keys.${name}`, isHex(given[name]) ? 'a key in plain text' : 'no reference', 'a reference to a secret', `write secret('${name.toUpperCase()}_KEY'), and set it where the node runs`)
}

function sequencing(report: Report, given: unknown): void {
  if (!isRecord(given)) return report('sequencing', given, 'an object', `its properties are ${SEQUENCING.join(', ')}`)
  known(report, 'sequencing', given, SEQUENCING)
  const { certify = {}, maxBacklog, l1Tag } = given
  const time = (path: string, ms: unknown) => {
    if (ms !== undefined && !(typeof ms === 'number' && ms >= 0 && ms < Infinity)) report(path, ms, 'a number of ms', 'leave it out for the default')
  }
  time('sequencing.blockTime', given['blockTime'])
  time('sequencing.batchInterval', given['batchInterval'])
  if (isRecord(certify)) {
    known(report, 'sequencing.certify', certify, ['delay', 'idle', 'lifetime'])
    for (const [name, ms] of Object.entries(certify)) time(`sequencing.certify.${name}`, ms)
  } else report('sequencing.certify', certify, 'an object', 'it is { delay, idle, lifetime }, each of them optional')
  if (maxBacklog !== undefined && !(Number.isInteger(maxBacklog) && (maxBacklog as number) > 0)) report('sequencing.maxBacklog', maxBacklog, 'a whole number from 1 on', 'leave it out for 8')
  if (l1Tag !== undefined && l1Tag !== 'latest' && l1Tag !== 'safe') report('sequencing.l1Tag', l1Tag, "'latest' or 'safe'", 'leave it out for `safe`')
}

function interop(report: Report, given: unknown): void {
  if (!isRecord(given)) return report('interop', given, 'an object', 'it is { allow: […] }')
  known(report, 'interop', given, ['allow'])
  const { allow = [] } = given
  if (!Array.isArray(allow)) return report('interop.allow', allow, 'a list', "e.g. [{ from: 42002n, rung: 'included', cap: 10n ** 18n }]")
  for (const [i, item] of allow.entries()) {
    const path = `interop.allow[${i}]`
    if (!isRecord(item)) {
      report(path, item, 'an object', 'it is { from, rung, cap }')
      continue
    }
    const { from, rung, cap } = item
    if (typeof from !== 'bigint' || from < 1n) report(`${path}.from`, from, 'a chain id, a bigint', 'write it with an n: 42002n')
    else if (allow.findIndex((other) => isRecord(other) && other['from'] === from) < i) report(`${path}.from`, from, 'another chain than those before it', 'leave one of them out')
    if (rung !== 'included' && rung !== 'certified' && rung !== 'settled') report(`${path}.rung`, rung, "'included', 'certified' or 'settled'", 'the rung from which the messages of that chain are taken')
    if (typeof cap !== 'bigint' && typeof cap !== 'function') report(`${path}.cap`, cap, 'a bigint, or a function of the token', 'it is in the smallest unit: 10n ** 18n is one ETH')
  }
}

function known(report: Report, path: string, given: Unknown, names: readonly string[]): void {
  for (const name of Object.keys(given))
    if (!names.includes(name)) report(path === '' ? name : `${path}.${name}`, 'unknown', `one of ${names.join(', ')}`, 'leave it out, or correct its name')
}
