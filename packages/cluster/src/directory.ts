import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '@causeway/core'
import type { Address } from 'viem'

/** What a cluster's folder says of itself, in `cluster.json`. */
type Manifest = { format: 1; hub: Address; chains: { name: string; chainId: string }[] }
/** A chain by name and id. */
type ChainName = { name: string; chainId: bigint }

/** A cluster's folder, while this process has it. */
export type ClusterDirectory = {
  /** Whether a chain has been registered from here before: its database goes with that registration. */
  knows(chain: ChainName): boolean
  /** Notes chains that are registered. */
  add(chains: readonly ChainName[]): void
  /** Lets others have it. */
  release(): void
}

const MANIFEST = 'cluster.json'
/** Folders that this process has. */
const mine = new Set<string>()

/**
 * Takes a folder for a cluster, and checks that what is in it is this cluster's.
 * @param cluster.hub where this version's contracts put the hub
 * @param cluster.embedded whether the folder keeps the L1, too
 * @param holders as what: each is held by one process
 * @throws `DIRECTORY_IN_USE`, `DIRECTORY_FOREIGN`, `DIRECTORY_OTHER_CHAINS`, `L1_STATE_MISSING`
 */
export function openDirectory(directory: string, cluster: { hub: Address; chains: readonly ChainName[]; embedded: boolean }, holders: readonly string[] = ['cluster']): ClusterDirectory {
  const releases: (() => void)[] = []
  const release = (): void => releases.splice(0).forEach((end) => end())
  for (const holder of holders) {
    try {
      releases.push(lock(directory, `${holder}.pid`))
    } catch (error) {
      release()
      throw error
    }
  }
  try {
    const manifest = readManifest(directory)
    if (manifest) check(directory, manifest, cluster)
    const held: Manifest = manifest ?? { format: 1, hub: cluster.hub, chains: [] }
    if (!manifest) writeManifest(directory, held)
    const knows = ({ chainId }: ChainName) => held.chains.some((known) => known.chainId === String(chainId))
    return {
      knows,
      add(chains) {
        const added = chains.filter((chain) => !knows(chain))
        if (added.length === 0) return
        held.chains.push(...added.map(({ name, chainId }) => ({ name, chainId: String(chainId) })))
        writeManifest(directory, held)
      },
      release,
    }
  } catch (error) {
    release()
    throw error
  }
}

/** Two clusters on one folder would write over each other's L1. Kept as a file with the process id, since Node has no file locks. */
function lock(directory: string, name: string): () => void {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, name)
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const pid = pidIn(file)
    // Our own number in a file that we did not write is that of a process which died before us, in a container say.
    if (mine.has(file) || (pid !== process.pid && isRunning(pid)))
      throw new CausewayError(`${directory} is in use already, in ${mine.has(file) ? 'this process' : `process ${pid}`}.`, {
        code: 'DIRECTORY_IN_USE',
        fix: mine.has(file) ? 'stop that one first, or give this one a directory of its own' : `use that one, or stop it (Ctrl-C where it runs, or kill ${pid}); if process ${pid} is something else, delete ${file}`,
      })
    rmSync(file, { force: true })
  }
  mine.add(file)
  return () => {
    if (mine.delete(file)) rmSync(file, { force: true })
  }
}

/** 0 if the file is gone by now, or holds no number. */
function pidIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Whether a process is there, whoever's it is. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readManifest(directory: string): Manifest | undefined {
  const file = join(directory, MANIFEST)
  if (!existsSync(file)) {
    const others = readdirSync(directory).filter((name) => !name.startsWith('.') && !name.endsWith('.pid') && !name.startsWith('cluster.'))
    if (others.length === 0) return undefined
    throw new CausewayError(`${directory} is not empty, and no cluster of this version made it: it has ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}.`, {
      code: 'DIRECTORY_FOREIGN',
      fix: 'choose a new or an empty directory; if an older version of Causeway made this one, delete it to start anew, or run that version',
    })
  }
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest> | null
    if (value?.format === 1 && typeof value.hub === 'string' && Array.isArray(value.chains)) return value as Manifest
  } catch (cause) {
    throw unreadable(file, cause)
  }
  throw unreadable(file)
}

function check(directory: string, { hub, chains }: Manifest, cluster: { hub: Address; chains: readonly ChainName[]; embedded: boolean }): void {
  if (hub.toLowerCase() !== cluster.hub.toLowerCase())
    throw new CausewayError(`The cluster in ${directory} was made by another version of Causeway: its hub is ${hub}, this version's is ${cluster.hub}.`, {
      code: 'DIRECTORY_FOREIGN',
      fix: 'delete the directory to start anew, choose another, or run the version that made it',
    })
  for (const { name, chainId } of cluster.chains) {
    const known = chains.find((chain) => chain.name === name || chain.chainId === String(chainId))
    if (known && (known.name !== name || known.chainId !== String(chainId)))
      throw new CausewayError(`In the cluster in ${directory}, chain '${known.name}' has the id ${known.chainId}; it cannot have a chain '${name}' with the id ${chainId}.`, {
        code: 'DIRECTORY_OTHER_CHAINS',
        fix: 'give the chain the name and id that it has there, another name and id for one more chain, or another directory',
      })
  }
  if (cluster.embedded && chains.length > 0 && !existsSync(join(directory, 'l1.json')))
    throw new CausewayError(`The cluster in ${directory} has lost its L1: l1.json is missing.`, { code: 'L1_STATE_MISSING', fix: 'restore the file from a copy, or delete the directory to start anew' })
}

function writeManifest(directory: string, manifest: Manifest): void {
  const file = join(directory, MANIFEST)
  writeFileSync(`${file}.partial`, JSON.stringify(manifest, null, 2))
  renameSync(`${file}.partial`, file)
}

function unreadable(file: string, cause?: unknown): CausewayError {
  return new CausewayError(`${file} cannot be read as what a cluster says of itself.`, { code: 'DIRECTORY_FOREIGN', fix: 'restore the file from a copy, or delete its directory to start anew', cause })
}
