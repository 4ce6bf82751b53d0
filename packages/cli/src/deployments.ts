import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAddress, type Address } from 'viem'
import type { Project } from './project.js'

/** Where the contracts of a project are on its chain. */
export type Deployments = { find(name: string): Address | undefined; save(name: string, address: Address): void; all(): [string, Address][] }

/** Opens `.causeway/deployments.json`, which a reset deletes with the chain. */
export function openDeployments({ state }: Pick<Project, 'state'>, chainId: bigint): Deployments {
  const file = join(state, 'deployments.json')
  const held = read(file)
  const mine = (held[String(chainId)] ??= {})
  return {
    find: (name) => (Object.hasOwn(mine, name) ? mine[name] : undefined),
    save(name, address) {
      mine[name] = address
      mkdirSync(state, { recursive: true })
      writeFileSync(`${file}.partial`, `${JSON.stringify(held, null, 2)}\n`)
      renameSync(`${file}.partial`, file)
    },
    all: () => Object.entries(mine),
  }
}

/** By chain id and name. What cannot be read is as if nothing had been deployed. */
function read(file: string): Record<string, Record<string, Address>> {
  if (!existsSync(file)) return {}
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, Address>>
    return Object.fromEntries(Object.entries(value).map(([chain, names]) => [chain, Object.fromEntries(Object.entries(names).filter(([, address]) => isAddress(address)))]))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return {}
    throw error
  }
}
