import { CausewayError } from '@causeway/core'
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, realpathSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, sep } from 'node:path'
import type { ProjectFile } from './templates.js'

/** What to do about a folder that is not empty. */
export type Overwrite = 'cancel' | 'remove' | 'ignore'
export const OVERWRITE: readonly Overwrite[] = ['cancel', 'remove', 'ignore']

/** What is at the place of the project: nothing, a folder with nothing of anybody's, or one with something. */
export type Found = 'nothing' | 'empty' | 'full'

/** They do not count, and are never removed: the history of a project that is begun. */
const KEPT = ['.git']
/** Texts that somebody may have begun with, which stay as they are. */
const OPTIONAL = /^(README\.md|AGENTS\.md|\.gitignore|\.env\.example|\.github\/.*)$/

/** What there is at a path. @throws CausewayError `NOT_A_FOLDER` */
export function look(target: string): Found {
  const stat = statSync(target, { throwIfNoEntry: false })
  if (!stat && lstatSync(target, { throwIfNoEntry: false })) throw new CausewayError(`${target} is a link to nothing.`, { code: 'NOT_A_FOLDER', fix: 'remove it, or name another folder' })
  if (!stat) return 'nothing'
  if (!stat.isDirectory()) throw new CausewayError(`${target} is there already, and is no folder.`, { code: 'NOT_A_FOLDER', fix: 'name another folder' })
  return readdirSync(target).some((name) => !KEPT.includes(name)) ? 'full' : 'empty'
}

/**
 * Makes the project, whole or not at all. All of it is synchronous, so that no signal comes between. A folder that is not there is made beside its
 * place and moved there; in one that is there, no file is written over, and what was written is taken back if one cannot be.
 * @returns texts that were there already, and were left
 * @throws CausewayError `FOLDER_NOT_EMPTY`, `FILES_EXIST`, `WILL_NOT_REMOVE`, `LEFT_OVER`, `DISK`
 */
export function makeProject(target: string, files: readonly ProjectFile[], overwrite: Overwrite): { kept: string[] } {
  try {
    checkLeftOver(target)
    const found = look(target)
    if (found === 'nothing') return makeNew(target, files)
    if (found === 'empty') return writeInto(target, files)
    if (overwrite === 'cancel') throw new CausewayError(`${target} is not empty.`, { code: 'FOLDER_NOT_EMPTY', fix: 'name another folder, or say --overwrite ignore (to add the project to what is there) or --overwrite remove' })
    return overwrite === 'ignore' ? writeInto(target, files) : replace(target, files)
  } catch (error) {
    throw error instanceof CausewayError ? error : ofDisk(error, target)
  }
}

function makeNew(target: string, files: readonly ProjectFile[]): { kept: string[] } {
  const parent = dirname(target)
  const made = mkdirSync(parent, { recursive: true })
  const staging = besides(target, 'new')
  // Of a run that was killed: it has nothing but our files.
  for (const name of readdirSync(parent)) if (isOurs(target, name, 'new')) rmSync(join(parent, name), { recursive: true })
  try {
    mkdirSync(staging)
    for (const { path, content } of files) {
      mkdirSync(dirname(join(staging, path)), { recursive: true })
      writeFileSync(join(staging, path), content, { flag: 'wx' })
    }
    renameSync(staging, target)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    if (made !== undefined) removeEmpty(parent, made)
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw new CausewayError(`${target} has just been made by somebody else.`, { code: 'FOLDER_NOT_EMPTY', fix: 'name another folder', cause: error })
    throw error
  }
  return { kept: [] }
}

function writeInto(target: string, files: readonly ProjectFile[]): { kept: string[] } {
  const isThere = (path: string) => lstatSync(join(target, path), { throwIfNoEntry: false }) !== undefined
  const there = files.map(({ path }) => path).filter(isThere)
  const inTheWay = there.filter((path) => !OPTIONAL.test(path))
  if (inTheWay.length > 0) throw new CausewayError(`${target} has ${inTheWay.join(', ')} already.`, { code: 'FILES_EXIST', fix: 'name another folder, or move these away' })
  const link = files.flatMap(({ path }) => foldersOf(path)).find((path) => lstatSync(join(target, path), { throwIfNoEntry: false })?.isSymbolicLink())
  if (link !== undefined) throw new CausewayError(`${join(target, link)} is a link, which may lead anywhere.`, { code: 'FILES_EXIST', fix: 'name another folder, or move it away' })
  const undo: (() => void)[] = []
  try {
    for (const { path, content } of files) {
      if (there.includes(path)) continue
      const file = join(target, path)
      const made = mkdirSync(dirname(file), { recursive: true })
      if (made !== undefined) undo.push(() => removeEmpty(dirname(file), made))
      const descriptor = openSync(file, 'wx')
      undo.push(() => rmSync(file, { force: true }))
      try {
        writeFileSync(descriptor, content)
      } finally {
        closeSync(descriptor)
      }
    }
  } catch (error) {
    for (const step of undo.reverse()) step()
    throw error
  }
  return { kept: there }
}

/** `a/b/c.ts` → `a`, `a/b` */
const foldersOf = (path: string): string[] => path.split('/').slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join('/'))

/** What is there is moved away first, and is gone for good only when the project is there. */
function replace(target: string, files: readonly ProjectFile[]): { kept: string[] } {
  refuseRemoval(target)
  const away = besides(target, 'old')
  const moved: string[] = []
  mkdirSync(away)
  try {
    for (const name of readdirSync(target).filter((name) => !KEPT.includes(name))) {
      renameSync(join(target, name), join(away, name))
      moved.push(name)
    }
    writeInto(target, files)
  } catch (error) {
    for (const name of moved) renameSync(join(away, name), join(target, name))
    rmdirSync(away)
    throw error
  }
  // Links are removed, not followed.
  rmSync(away, { recursive: true })
  return { kept: [] }
}

/** Removing everything is a slip of the pen away. */
function refuseRemoval(target: string): void {
  const refuse = (why: string) => new CausewayError(`${target} is ${why}, so what is in it is not removed.`, { code: 'WILL_NOT_REMOVE', fix: 'name another folder' })
  if (lstatSync(target).isSymbolicLink()) throw refuse('a link')
  const real = realpathSync(target)
  const contains = (path: string) => (path + sep).startsWith(real.endsWith(sep) ? real : real + sep)
  if (contains(realpathSync(homedir()))) throw refuse('your home, or above it')
  if (contains(realpathSync(process.cwd())) && real !== realpathSync(process.cwd())) throw refuse('above the folder that you are in')
}

/** A name beside the target, with the process that has it. */
const besides = (target: string, what: 'new' | 'old'): string => join(dirname(target), `.${basename(target)}.create-rollup-${what}-${process.pid}`)

/** Whether a name beside the target is what a run has left there that is over. */
function isOurs(target: string, name: string, what: 'new' | 'old'): boolean {
  const start = `.${basename(target)}.create-rollup-${what}-`
  const pid = name.startsWith(start) ? Number(name.slice(start.length)) : NaN
  return Number.isInteger(pid) && !isRunning(pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A run that was killed while it replaced a folder has left what was there beside it. */
function checkLeftOver(target: string): void {
  const parent = dirname(target)
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) return
  const left = readdirSync(parent).find((name) => isOurs(target, name, 'old'))
  if (left !== undefined) throw new CausewayError(`An earlier run was killed while it replaced ${target}; what was there is in ${join(parent, left)}.`, { code: 'LEFT_OVER', fix: 'move back what you need, and remove that folder' })
}

/** Removes an empty folder, and those above it up to `top` as long as they are empty, too. */
function removeEmpty(folder: string, top: string): void {
  for (let at = folder; readdirSync(at).length === 0; at = dirname(at)) {
    rmdirSync(at)
    if (at === top) return
  }
}

const REASONS: Readonly<Record<string, [what: string, fix: string]>> = {
  ENOSPC: ['the disk is full', 'make room, and run it again'],
  EDQUOT: ['your quota of the disk is used up', 'make room, and run it again'],
  EACCES: ['you may not write there', 'name a folder that is yours'],
  EPERM: ['you may not write there', 'name a folder that is yours'],
  EROFS: ['the file system is read-only', 'name a folder elsewhere'],
  ENAMETOOLONG: ['the name is too long', 'name another folder'],
  ENOTDIR: ['a part of the path is no folder', 'name another folder'],
}

function ofDisk(error: unknown, target: string): CausewayError {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException
  const [what, fix] = REASONS[code] ?? [message, 'look at the reason, and run it again']
  return new CausewayError(`${target} was not made, and nothing was changed: ${what}.`, { code: 'DISK', fix, cause: error })
}
