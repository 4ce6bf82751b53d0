import { join } from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import { attestationSigner, attestedPolicy, encodeJson } from '@causeway/core'
import { resolveRollup } from '@causeway/node'
import { hexToBytes, type Hex } from 'viem'
import type { Output } from '../output.js'
import { findProject, loadConfig } from '../project.js'

/** Prints the configuration as JSON: no part of it is the value of a secret. */
export async function configPrint({ resolved = false }: { resolved?: boolean }, output: Output): Promise<void> {
  const project = findProject(process.cwd())
  const { definition, cluster } = await loadConfig(project)
  const { chain, execution, da, keys, sequencing, interop, plugins = [] } = definition
  const written = { chain, execution: { name: execution.name, ...execution.spec }, da: { name: da.name, kind: da.kind }, ...(keys && { keys }), ...(sequencing && { sequencing }), ...(interop && { interop }), plugins: plugins.map(({ name }) => name) }
  const data = { config: project.config, cluster, rollup: resolved ? resolveRollup({ ...definition, policy: definition.policy ?? policyOf(project.state) }) : written }
  output.line(JSON.stringify(JSON.parse(encodeJson(data)), null, 2))
}

/** The policy that joining makes, of the keys that are there; without keys, of none. */
function policyOf(state: string): ReturnType<typeof attestedPolicy> {
  const file = join(state, 'chain', 'keys.json')
  if (!existsSync(file)) return { attested: { k: 2, signers: [] } } as unknown as ReturnType<typeof attestedPolicy>
  const { sequencer, follower } = JSON.parse(readFileSync(file, 'utf8')) as { sequencer: Hex; follower: Hex }
  return attestedPolicy(2, [sequencer, follower].map((key) => attestationSigner(hexToBytes(key)).publicKey))
}
