import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning } from '@causeway/cluster'
import type { Project } from './project.js'

/** Where a project's chain runs now, for the other commands. */
export type Running = { pid: number; rpcUrl: string; cluster: string }

const fileOf = ({ state }: Pick<Project, 'state'>) => join(state, 'running.json')

/** Notes that it runs. Returns what takes that back. */
export function noteRunning(project: Pick<Project, 'state'>, running: Running): () => void {
  mkdirSync(project.state, { recursive: true })
  const file = fileOf(project)
  writeFileSync(`${file}.partial`, JSON.stringify(running))
  renameSync(`${file}.partial`, file)
  return () => rmSync(file, { force: true })
}

/** What runs, if its process is still there. */
export function findRunning(project: Pick<Project, 'state'>): Running | undefined {
  const file = fileOf(project)
  if (!existsSync(file)) return undefined
  try {
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running
    return isRunning(running.pid) ? running : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
