/**
 * Prints the counts of a run of the tests from Vitest's JSON report, alone on a line: `12 passed, 0 failed, 1 skipped`. A test file that could
 * not be loaded counts as a failed test, and one whose data is not there as a skipped one. Exits with 1 if something failed or nothing ran.
 *
 *     node --import tsx scripts/test-counts.ts <report>
 */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

type File = { name: string; status: string; message: string; assertionResults: { status: string; fullName: string }[] }

const [, , path = ''] = process.argv
if (!existsSync(path)) console.error(`there is no report at ${path}: the tests did not run to their end`)
const files = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { testResults: File[] }).testResults : []
const counts = { passed: 0, failed: files.length === 0 ? 1 : 0, skipped: 0 }
for (const { name, status, message, assertionResults } of files) {
  const failures = assertionResults.filter((test) => test.status === 'failed')
  counts.passed += assertionResults.filter((test) => test.status === 'passed').length
  counts.skipped += assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed').length
  counts.failed += failures.length
  for (const { fullName } of failures) console.log(`FAILED ${relative(process.cwd(), name)}: ${fullName}`)
  if (status !== 'failed' && assertionResults.length === 0) {
    counts.skipped++
    console.log(`SKIPPED ${relative(process.cwd(), name)}: it has no tests here`)
  }
  if (status !== 'failed' || failures.length > 0) continue
  counts.failed++
  console.log(`FAILED ${relative(process.cwd(), name)}: ${message}`)
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1
