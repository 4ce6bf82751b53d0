import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from '@causeway/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDirectory } from './directory.js'

const HUB = '0x00000000000000000000000000000000000000b5' as const
const A = { name: 'a', chainId: 42001n }
const B = { name: 'b', chainId: 42002n }

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = (cluster: Partial<Parameters<typeof openDirectory>[1]> = {}) => openDirectory(directory, { hub: HUB, chains: [A, B], embedded: true, ...cluster })
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act()
    return undefined
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

it('is one cluster’s at a time', () => {
  const first = open()
  expect(codeOf(open)).toBe('DIRECTORY_IN_USE')
  first.release()
  open().release()
  expect(existsSync(join(directory, 'cluster.pid'))).toBe(false)
})

it('is refused while another process has it, and taken over from one that died', async () => {
  const other = spawn('sleep', ['100'])
  writeFileSync(join(directory, 'cluster.pid'), String(other.pid))
  expect(codeOf(open)).toBe('DIRECTORY_IN_USE')
  const gone = new Promise((resolve) => other.once('exit', resolve))
  other.kill('SIGKILL')
  await gone
  open().release()
  // In a container the next process often has the number of the last.
  writeFileSync(join(directory, 'cluster.pid'), String(process.pid))
  open().release()
  writeFileSync(join(directory, 'cluster.pid'), '')
  open().release()
})

it('remembers chains, takes more, and refuses to mix them up', () => {
  const first = open()
  expect(first.knows(A)).toBe(false)
  first.add([A, B])
  first.release()
  writeFileSync(join(directory, 'l1.json'), '')
  const again = open({ chains: [A, B, { name: 'c', chainId: 42003n }] })
  expect([again.knows(A), again.knows({ name: 'c', chainId: 42003n })]).toEqual([true, false])
  again.release()
  expect(codeOf(() => open({ chains: [{ name: 'z', chainId: 42001n }] }))).toBe('DIRECTORY_OTHER_CHAINS')
  expect(codeOf(() => open({ chains: [{ name: 'b', chainId: 7n }] }))).toBe('DIRECTORY_OTHER_CHAINS')
  // Whoever was refused has left it.
  open().release()
})

it('refuses what another version or somebody else made', () => {
  const first = open()
  first.add([A])
  first.release()
  writeFileSync(join(directory, 'l1.json'), '')
  expect(codeOf(() => open({ hub: '0x00000000000000000000000000000000000000b6' }))).toBe('DIRECTORY_FOREIGN')
  for (const text of ['', '{', 'null', '{"format":2}']) {
    writeFileSync(join(directory, 'cluster.json'), text)
    expect(codeOf(open), text).toBe('DIRECTORY_FOREIGN')
  }
  rmSync(join(directory, 'cluster.json'))
  expect(codeOf(open)).toBe('DIRECTORY_FOREIGN')
  expect(readdirSync(directory)).toEqual(['l1.json'])
})

it('takes an empty folder, whatever the file browser left there', () => {
  writeFileSync(join(directory, '.DS_Store'), '')
  writeFileSync(join(directory, 'cluster.log'), '')
  open().release()
  rmSync(directory, { recursive: true })
  open().release()
})

it('notices that its L1 is gone, if the L1 was here', () => {
  const first = open()
  first.add([A, B])
  first.release()
  expect(codeOf(open)).toBe('L1_STATE_MISSING')
  open({ embedded: false }).release()
  mkdirSync(join(directory, 'l1.json'))
  open().release()
})
