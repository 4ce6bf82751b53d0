import { causewayBridgeAbi, causewayHubAbi, causewayInboxAbi, causewayMessengerL1Abi } from '@causeway/contracts'
import { CausewayError } from '@causeway/core'
import { decodeErrorResult, isHex, parseAbi, type Abi, type Hex } from 'viem'

/** A decoded Solidity error: a custom error, `Error` (a revert string) or `Panic`. */
export type SolidityError = { name: string; args: readonly unknown[]; data: Hex }

/** Errors of the contracts that a cluster's transactions reach, and of the tokens they call. */
const KNOWN: Abi = [
  ...[...causewayHubAbi, ...causewayInboxAbi, ...causewayBridgeAbi, ...causewayMessengerL1Abi].filter(({ type }) => type === 'error'),
  ...parseAbi([
    'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
    'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
    // The generated verifier reverts with errors that are in no ABI: its assembly has their selectors alone.
    'error SumcheckFailed()',
    'error ShpleminiFailed()',
    'error ValueGeLimbMax()',
    'error ValueGeGroupOrder()',
    'error ValueGeFieldOrder()',
    'error ProofLengthWrongWithLogN(uint256 logN, uint256 actual, uint256 expected)',
    'error PublicInputsLengthWrong()',
  ]),
]

const PROVE_AGAIN = 'Prove this very epoch data again, on the current root, with the verification key that the hub’s verifier has.'
/** What to do about errors that callers meet in the ordinary course of things. */
const FIX: Record<string, string> = {
  EpochNumberWrong: 'Another epoch settled first; compose again on the new root.',
  EpochTimeOutOfRange: 'Compose with the time of a recent L1 block, and compare the clocks.',
  CertificateExpired: 'Leave the certificate out; its chain signs another.',
  NotBatcher: 'Send with the key of the chain’s batcher; its owner may have changed it since the registration.',
  NotNext: 'Read the chain’s postings from L1 again, and post what is missing, if anything, with the number that comes next.',
  NotOwner: 'Send with the key of the chain’s owner, as `controlOf` names it.',
  NoBatcherAnnounced: 'Announce a batcher first (`announceBatcher`).',
  BatcherTooEarly: 'Wait for the announced time. To stop the present batcher at once, revoke it (`revokeBatcher`).',
  ChainUnknown: 'Register the chain with the hub first.',
  ChainIdTaken: 'Choose another chain id; ids are unique for ever.',
  ProofInvalid: PROVE_AGAIN,
  SumcheckFailed: PROVE_AGAIN,
  ShpleminiFailed: PROVE_AGAIN,
  AlreadyClaimed: 'Nothing is left to do: the withdrawal was paid.',
  Undeliverable: 'The value stays claimable. Try again once recipient, refundTo or token take or pay it; as refundTo, name another address (`redirectRefund`).',
  InsufficientGas: 'Claim again with more gas: about 1.4 million for an ERC-20 whose token refuses the recipient, most of which is not used.',
  NotRefundTo: 'Only the account in the withdrawal’s refundTo may name another address.',
  ClaimInTransactionOfItsOwn: 'The recipient refuses now. Claim again from an account without code (not delegated by EIP-7702), calling the bridge directly: then refundTo gets the value.',
  NotSettled: 'Wait until the epoch with the withdrawal has settled, and take the path from that epoch.',
  ERC20InsufficientAllowance: 'Approve the bridge for the amount first.',
}

/** The data of a revert somewhere in an error that an RPC client threw; `'0x'` for a revert without data, undefined for no revert. */
export function revertData(error: unknown): Hex | undefined {
  let reverted = false
  for (let at = error; at !== null && typeof at === 'object'; at = (at as { cause?: unknown }).cause) {
    // `raw` is where viem's contract errors have it, `data` where RPC errors do.
    const { raw, data, code, message } = at as { raw?: unknown; data?: unknown; code?: unknown; message?: unknown }
    const inner = data !== null && typeof data === 'object' ? (data as { data?: unknown }).data : data
    for (const found of [raw, inner]) if (isHex(found) && found.length > 2) return found
    if (code === 3 || (typeof message === 'string' && /execution reverted/i.test(message))) reverted = true
  }
  return reverted ? '0x' : undefined
}

/** Decodes revert data with the ABI of Causeway's contracts and, if given, another. */
export function decodeRevert(data: Hex, abi: Abi = []): SolidityError {
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: [...abi, ...KNOWN], data })
    return { name: errorName, args: args as readonly unknown[], data }
  } catch {
    // An error of a contract that nobody told us of: its selector is all that can be said.
    return { name: data === '0x' ? 'revert without a reason' : `unknown error ${data.slice(0, 10)}`, args: [], data }
  }
}

/**
 * The CausewayError `L1_REVERTED` for a revert; its message has the Solidity error's name and arguments and its cause is the
 * {@link SolidityError}, see {@link solidityErrorOf}.
 */
export function revertError(what: string, data: Hex, abi?: Abi): CausewayError {
  const decoded = decodeRevert(data, abi)
  return new CausewayError(`${what} reverts: ${decoded.name}(${decoded.args.map(String).join(', ')}).`, {
    code: 'L1_REVERTED',
    fix: FIX[decoded.name] ?? 'Look the error up in the contract’s source; it says what it refuses.',
    cause: decoded,
  })
}

/** The Solidity error behind a CausewayError `L1_REVERTED`. */
export function solidityErrorOf(error: unknown): SolidityError | undefined {
  const isOurs = error instanceof Error && (error as { code?: unknown }).code === 'L1_REVERTED'
  return isOurs ? (error.cause as SolidityError) : undefined
}
