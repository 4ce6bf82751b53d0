import { join } from 'node:path'
import { fileLog, openMembership, type Membership } from '@causeway/cluster'
import { CausewayError, systemClock } from '@causeway/core'
import { checkedCluster, findProject, loadConfig, type Project } from '../project.js'
import { findRunning } from '../running.js'

/** Options of commands that look at a cluster. */
export type ClusterChoice = { cluster?: string; l1?: string }

/** URL of the cluster that a command is about: the one named, the one that the project runs in now, the one of its configuration. @throws CausewayError `NO_CLUSTER` */
export async function clusterOf(project: Project, { cluster }: ClusterChoice): Promise<string> {
  const named = cluster === undefined ? (findRunning(project)?.cluster ?? (await loadConfig(project)).cluster) : checkedCluster(cluster, '--cluster')
  if (named !== 'local') return named
  throw new CausewayError('The cluster of this project is a local one, and it does not run.', { code: 'NO_CLUSTER', fix: 'start it with `causeway dev`, or name another: --cluster URL' })
}

/** The membership of the project of this folder. */
export async function projectMembership(options: ClusterChoice): Promise<Membership> {
  const project = findProject(process.cwd())
  const { definition } = await loadConfig(project)
  const ownerKey = process.env['CAUSEWAY_OWNER_KEY'] as `0x${string}` | undefined
  return openMembership({
    cluster: await clusterOf(project, options),
    name: 'chain',
    definition,
    directory: join(project.state, 'chain'),
    ...(options.l1 !== undefined && { l1Url: options.l1 }),
    ...(ownerKey && { ownerKey }),
    roles: ['join'],
    log: fileLog(join(project.state, 'chain.log'), 'join', systemClock.now),
  })
}
