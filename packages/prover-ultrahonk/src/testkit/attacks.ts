import { balances } from './attacks/balances.js'
import { epochs } from './attacks/epochs.js'
import { exported } from './attacks/exports.js'
import type { Attack } from './attacks/forge.js'
import { headers } from './attacks/headers.js'
import { imports } from './attacks/imports.js'
import { l1 } from './attacks/l1.js'
import { packed } from './attacks/packed.js'
import { ranges } from './attacks/ranges.js'
import { signatures } from './attacks/signatures.js'

/** The attacks, in the order of docs/protocol.md. */
export const attacks: readonly Attack[] = [...headers, ...imports, ...exported, ...l1, ...balances, ...signatures, ...ranges, ...packed, ...epochs]
