import { createRequire } from 'node:module'
import { CausewayError } from '@causeway/core'

const ARCHITECTURE: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }
const SUPPORTED = ['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64', 'win32-amd64']

/**
 * Path of anvil's own binary for a platform, from the package `@foundry-rs/anvil-<platform>-<architecture>`. The npm bin is a Node
 * wrapper: killing it leaves the real process and its port behind.
 * @throws CausewayError `ANVIL_UNSUPPORTED` when there is no binary for the platform, `ANVIL_MISSING` when npm did not install it
 */
export function anvilBinary(platform: string = process.platform, architecture: string = process.arch): string {
  const target = `${platform}-${ARCHITECTURE[architecture] ?? architecture}`
  if (!SUPPORTED.includes(target))
    throw new CausewayError(`anvil, the embedded L1, has no binary for ${platform} on ${architecture}.`, {
      code: 'ANVIL_UNSUPPORTED',
      fix: `Use the RPC URL of an Ethereum node that runs elsewhere, or one of: ${SUPPORTED.join(', ')}.`,
    })
  const name = `@foundry-rs/anvil-${target}`
  try {
    // Resolved from anvil's package, not from ours: with strict package managers only that one can see it.
    const fromAnvil = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
    return fromAnvil.resolve(`${name}/bin/anvil${platform === 'win32' ? '.exe' : ''}`)
  } catch (cause) {
    throw new CausewayError(`The package ${name}, which holds the embedded L1, is not installed.`, {
      code: 'ANVIL_MISSING',
      fix: 'Install again with optional dependencies (npm install --include=optional), on the platform that will run it.',
      cause,
    })
  }
}
