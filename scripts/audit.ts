/**
 * `npm audit` of what the published packages install: fails on a known vulnerability that is high or critical. A registry that cannot be
 * asked (no network, a mirror without the audit endpoint) is said so and tolerated; nothing else is.
 *
 *     npm run audit
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

type Report = {
  auditReportVersion?: number
  vulnerabilities?: Record<string, { severity: string; via: (string | { title: string; url: string })[] }>
  metadata?: { vulnerabilities: Record<string, number> }
  statusCode?: number
  message?: string
  error?: { code?: string; summary?: string }
}

const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOAUDIT|socket hang up/
const { stdout, stderr, status, error } = spawnSync('npm', ['audit', '--json', '--audit-level=high', '--omit=dev'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  encoding: 'utf8',
  timeout: 120_000,
  // `npm run --silent` would silence the reason, too.
  env: { ...process.env, npm_config_loglevel: 'error' },
  shell: process.platform === 'win32',
})

let report: Report = {}
try {
  report = JSON.parse(stdout) as Report
} catch (cause) {
  console.error(`npm audit did not print JSON: ${String(cause)}`)
}

if (report.auditReportVersion !== undefined) {
  console.log(`known vulnerabilities: ${JSON.stringify(report.metadata?.vulnerabilities)}`)
  for (const [name, { severity, via }] of Object.entries(report.vulnerabilities ?? {}))
    if (severity === 'high' || severity === 'critical') console.error(`${severity} ${name}: ${via.map((cause) => (typeof cause === 'string' ? cause : `${cause.title} ${cause.url}`)).join('; ')}`)
  process.exitCode = status ?? 1
} else if (report.statusCode !== undefined || UNREACHABLE.test(`${stderr}${error?.message ?? ''}${report.error?.code ?? ''}`)) {
  console.log(`NOT AUDITED: the registry's audit endpoint cannot be reached (${report.statusCode ?? report.error?.code ?? error?.message ?? 'no answer'}). Run npm audit where it can.`)
} else {
  console.error(stderr || report.message || `npm audit ended with ${status}`)
  process.exitCode = 1
}
