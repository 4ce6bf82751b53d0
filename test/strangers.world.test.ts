import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const npm = (...args: string[]) => promisify(execFile)('npm', args, { cwd: fileURLToPath(new URL('..', import.meta.url)) })

it('runs programs of strangers from the tarballs, with the types that these declare', async () => {
  await npm('run', '--silent', 'build')
  const { stdout } = await npm('run', '--silent', 'strangers')
  expect(stdout.match(/^[a-z-]+, \d+ lines: .+$/gm), stdout).toHaveLength(4)
})
