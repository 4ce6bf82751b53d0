import { attestationSigner, attestedPolicy, policyHash, type ClusterDomain } from '@causeway/core'
import { privateKeyToAccount } from 'viem/accounts'
import type { LinkMembers } from './admission.js'
import type { LinkKeys } from './identity.js'

/*
 * Whom the conformance suite lets speak. Its links are everybody at once, so that any of them may say anything.
 */

/** The cluster of the suite. */
export const CAST_DOMAIN: ClusterDomain = { l1ChainId: 31337n, hub: `0x${'b5'.repeat(20)}`, clusterId: `0x${'c1'.repeat(32)}` }
/** Batcher of all its chains, and its aggregator. */
export const CAST_ACCOUNT = /* @__PURE__ */ privateKeyToAccount(`0x${'17'.repeat(32)}`)
/** The only attester of all its chains. */
export const CAST_ATTESTER = /* @__PURE__ */ attestationSigner(new Uint8Array(32).fill(23))
/** Policy of all its chains. */
export const CAST_POLICY = /* @__PURE__ */ attestedPolicy(1, [CAST_ATTESTER.publicKey])

const list = /* @__PURE__ */ [1n, 2n, 3n, 101n, 102n].map((chainId) => ({ chainId, batcher: CAST_ACCOUNT.address, era: 0n, policyHash: policyHash(CAST_POLICY), policy: CAST_POLICY }))
const members: LinkMembers = { all: () => list, find: (chainId) => list.find((member) => member.chainId === chainId) }

/** What a relay under the suite is started with. */
export const CAST_RELAY = { domain: CAST_DOMAIN, members, aggregator: CAST_ACCOUNT.address }
/** What its peers prove. */
export const CAST_KEYS: LinkKeys = { domain: CAST_DOMAIN, accounts: [CAST_ACCOUNT], attesters: [CAST_ATTESTER] }
