import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { look, makeProject } from './folder.js'

const FILES = [
  { path: 'README.md', content: 'ours\n' },
  { path: 'test/chain.test.ts', content: '// test\n' },
  { path: '.gitignore', content: 'node_modules/\n' },
  { path: 'package.json', content: '{}\n' },
]
let world = ''
let target = ''

/** Everything in the world: files with their content, links with where they lead. */
function snapshot(folder = world): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(world.length + 1), entry.isFile() ? readFileSync(path, 'utf8') : entry.isDirectory() ? 'folder' : 'link']
    }),
  )
}
function put(path: string, content = ''): void {
  mkdirSync(dirname(join(world, path)), { recursive: true })
  writeFileSync(join(world, path), content)
}
/** It refuses with the code, and everything is as it was. */
function refuses(code: string, overwrite: 'cancel' | 'remove' | 'ignore', files = FILES): void {
  const before = snapshot()
  expect(() => makeProject(target, files, overwrite)).toThrow(expect.objectContaining({ code, fix: expect.any(String) as string }))
  expect(snapshot()).toEqual(before)
}

beforeEach(() => {
  world = realpathSync(mkdtempSync(join(tmpdir(), 'create rollup ü ')))
  target = join(world, 'my chain')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(world, { recursive: true })
})

const WHOLE = { 'my chain': 'folder', 'my chain/README.md': 'ours\n', 'my chain/test': 'folder', 'my chain/test/chain.test.ts': '// test\n', 'my chain/.gitignore': 'node_modules/\n', 'my chain/package.json': '{}\n' }

describe('where nothing is', () => {
  it('makes the project, and nothing beside it', () => {
    expect(makeProject(target, FILES, 'cancel')).toEqual({ kept: [] })
    expect(snapshot()).toEqual(WHOLE)
  })
  it('makes the folders above it, and takes them back if it cannot make the project', () => {
    target = join(world, 'a/b/my chain')
    refuses('DISK', 'cancel', [...FILES, { path: `${'x'.repeat(300)}.ts`, content: '' }])
    makeProject(target, FILES, 'cancel')
    expect(Object.keys(snapshot())).toContain('a/b/my chain/package.json')
  })
  it('removes what a killed run has left, but not what a running one has', () => {
    put('.my chain.create-rollup-new-999999999/README.md')
    put(`.my chain.create-rollup-new-${process.ppid}/README.md`)
    makeProject(target, FILES, 'cancel')
    expect(readdirSync(world).sort()).toEqual([`.my chain.create-rollup-new-${process.ppid}`, 'my chain'])
  })
  it('says who is in the way', () => {
    put('my chain', 'a file')
    refuses('NOT_A_FOLDER', 'remove')
    rmSync(target)
    symlinkSync(join(world, 'nowhere'), target)
    refuses('NOT_A_FOLDER', 'remove')
    put('file')
    target = join(world, 'file/inside')
    refuses('DISK', 'cancel')
  })
  it.skipIf(process.getuid?.() === 0)('says that one may not write there', () => {
    chmodSync(world, 0o555)
    refuses('DISK', 'cancel')
    chmodSync(world, 0o755)
  })
})

describe('in a folder that has nothing but its history', () => {
  it('makes the project, and leaves the history', () => {
    put('my chain/.git/HEAD', 'ref')
    expect(look(target)).toBe('empty')
    makeProject(target, FILES, 'cancel')
    expect(snapshot()).toEqual({ ...WHOLE, 'my chain/.git': 'folder', 'my chain/.git/HEAD': 'ref' })
  })
  it('takes back what it wrote if something fails', () => {
    put('my chain/.git/HEAD', 'ref')
    refuses('DISK', 'cancel', [...FILES, { path: `deep/er/${'x'.repeat(300)}.ts`, content: '' }])
  })
})

describe('in a folder that has something', () => {
  beforeEach(() => put('my chain/notes.txt', 'mine'))

  it('refuses, unless it is told', () => refuses('FOLDER_NOT_EMPTY', 'cancel'))

  it('ignore: adds the project, and writes over nothing', () => {
    put('my chain/README.md', 'mine')
    expect(makeProject(target, FILES, 'ignore')).toEqual({ kept: ['README.md'] })
    expect(snapshot()).toEqual({ ...WHOLE, 'my chain/README.md': 'mine', 'my chain/notes.txt': 'mine' })
  })
  it('ignore: refuses if a file that matters is there', () => {
    put('my chain/package.json', 'mine')
    refuses('FILES_EXIST', 'ignore')
  })
  it('ignore: leaves the folders that were there when it takes back what it wrote', () => {
    mkdirSync(join(target, 'test'))
    refuses('DISK', 'ignore', [...FILES, { path: `deep/er/${'x'.repeat(300)}.ts`, content: '' }])
  })
  it('ignore: does not write through links', () => {
    put('elsewhere/file', '')
    symlinkSync(join(world, 'elsewhere'), join(target, 'test'))
    refuses('FILES_EXIST', 'ignore')
    rmSync(join(target, 'test'))
    symlinkSync(join(world, 'elsewhere/new.json'), join(target, 'package.json'))
    refuses('FILES_EXIST', 'ignore')
  })
  it('remove: has the project alone, and the history', () => {
    put('my chain/.git/HEAD', 'ref')
    put('my chain/deep/er/file', 'mine')
    put('elsewhere/file', 'kept')
    symlinkSync(join(world, 'elsewhere'), join(target, 'link'))
    makeProject(target, FILES, 'remove')
    expect(snapshot()).toEqual({ ...WHOLE, 'my chain/.git': 'folder', 'my chain/.git/HEAD': 'ref', elsewhere: 'folder', 'elsewhere/file': 'kept' })
  })
  it('remove: puts everything back if the project cannot be made', () => {
    put('my chain/deep/er/file', 'mine')
    refuses('DISK', 'remove', [...FILES, { path: `${'x'.repeat(300)}.ts`, content: '' }])
  })
  it('remove: not through a link', () => {
    symlinkSync(target, join(world, 'link'))
    target = join(world, 'link')
    refuses('WILL_NOT_REMOVE', 'remove')
  })
  it('remove: not your home, nor what is above it', () => {
    mkdirSync(join(target, 'me'))
    for (const home of [target, join(target, 'me')]) {
      vi.stubEnv('HOME', home)
      expect(homedir()).toBe(home)
      refuses('WILL_NOT_REMOVE', 'remove')
    }
  })
  it('remove: not what is above the folder that you are in', () => {
    mkdirSync(join(target, 'deep'))
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(join(target, 'deep'))
    refuses('WILL_NOT_REMOVE', 'remove')
    cwd.mockReturnValue(target)
    makeProject(target, FILES, 'remove')
    expect(snapshot()).toEqual(WHOLE)
  })
  it('says where what was there is, after a run was killed while it replaced it', () => {
    put('.my chain.create-rollup-old-999999999/notes.txt', 'mine')
    for (const overwrite of ['ignore', 'remove'] as const) refuses('LEFT_OVER', overwrite)
    rmSync(target, { recursive: true })
    refuses('LEFT_OVER', 'cancel')
    expect(existsSync(target)).toBe(false)
  })
})
