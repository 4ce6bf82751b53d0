import { CAPACITY, ETH, FIELD, messageId, NEVER, type SentMessage, type Token } from '@causeway/core'
import { bytesToHex, size, zeroAddress, type Address, type Hex } from 'viem'
import { bank, createLedger } from './bank.js'
import { fail, Failure } from './failure.js'
import { encodeFields, t, type Fields } from './fields.js'
import { GAS, type Meter } from './gas.js'
import type { Journal } from './journal.js'
import { moduleAddress, tokenAddress, type Bank, type Context, type Events, type Module, type Send, type StateFields } from './module.js'
import { moduleHash } from './hashes.js'
import { openState } from './state.js'

/** What a chain fixes for all its blocks. */
export type Chain = { chainId: bigint; l1ChainId: bigint; modules: ReadonlyMap<string, Module> }

/** Where handlers run. */
export type Scene = { chain: Chain; journal: Journal; block: { number: bigint; timestamp: bigint } }

/** An event in a receipt. */
export type Emitted = { module: string; event: string; data: Hex }

/** What a handler did: if it failed, nothing but why. */
export type Ran = { code: string | null; gasUsed: bigint; events: readonly Emitted[]; sent: readonly SentMessage[] }

/** A handler and what it is called with. */
export type Call = {
  module: Module
  sender: Address
  /** Whose account it may debit besides the module's own: who signed. */
  signer?: Address
  /** What else is in its context. */
  input: object
  meter: Meter
  maxSends: number
  handler(context: never): void
}

/** Messages that may be sent while one is delivered, so that a delivery always fits a certificate. */
export const SENDS_OF_DELIVERY = 2
/** Most messages of an action; more would fit no certificate. */
export const SENDS_OF_ACTION = CAPACITY.exports

/** What a bridge lets through (docs/protocol.md, section 12b). */
const MAX_MESSAGE_GAS = 1_000_000n
const MAX_PAYLOAD = 4_096

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/

/** Runs a handler in one frame: what it did stands whole, or is undone. @throws only if the store is damaged */
export function runHandler(scene: Scene, call: Call): Ran {
  const { journal } = scene
  const { meter } = call
  const mark = journal.mark()
  const effects = { events: [] as Emitted[], sent: [] as SentMessage[] }
  let code: string | null = null
  try {
    const context = contextOf(scene, call, effects)
    const result: unknown = call.handler(context as never)
    if (result instanceof Promise) {
      // It has done what it did before it first waited, and can do nothing more.
      result.catch(() => undefined)
      fail('ASYNC_HANDLER')
    }
  } catch (error) {
    code = error instanceof Failure && CODE.test(error.code) ? error.code : 'INTERNAL'
  }
  // Whatever the handler has caught.
  if (meter.isSpent()) code = 'OUT_OF_GAS'
  meter.close()
  const damage = journal.damage()
  if (damage !== undefined) throw damage
  if (code === null) return { code, gasUsed: meter.used(), ...effects }
  journal.revert(mark)
  return { code, gasUsed: meter.used(), events: [], sent: [] }
}

function contextOf({ chain, journal, block }: Scene, { module, sender, signer, input, meter, maxSends }: Call, { events, sent }: { events: Emitted[]; sent: SentMessage[] }): Context<StateFields, Events> {
  const eth: Token = { chain: chain.l1ChainId, address: ETH }
  // The bank has no account: it acts with that of who signs.
  const self = module.name === bank.name && signer ? signer : moduleAddress(module.name)
  const emit = (source: Pick<Module, 'name' | 'events'>, event: string, data: { readonly [name: string]: unknown }) => {
    const fields = source.events[event] as Fields | undefined
    if (!fields) fail('NO_SUCH_EVENT')
    const bytes = encodeFields(fields, data)
    meter.charge(GAS.event + GAS.byte * BigInt(bytes.length))
    events.push({ module: source.name, event, data: bytesToHex(bytes) })
  }
  const bankState = openState(bank, journal, meter)
  const ledger = createLedger(chain.chainId, bankState, ({ from, to, token, amount }) => emit(bank, 'Transfer', { from, to, chain: token.chain, token: token.address, amount }))
  const address = (given: Address): Address => bytesToHex(t.address.encode(given))
  const mine = (given: Address): Address => {
    const from = address(given)
    return from === self || from === signer ? from : fail('NOT_YOURS')
  }
  const known = (token: Token): Token => {
    t.u64.encode(token.chain)
    return { chain: token.chain, address: address(token.address) }
  }
  const own = (name: string): Token => ({ chain: chain.chainId, address: tokenAddress(module.name, name) })

  const balances: Bank = {
    eth,
    balanceOf: (owner, token = eth) => ledger.balanceOf(address(owner), known(token)),
    transfer: ({ from = self, to, token = eth, amount }) => ledger.transfer(mine(from), address(to), known(token), amount),
    token: own,
    mint: (name, to, amount) => ledger.mint(own(name), address(to), amount),
    burn: (name, from, amount) => ledger.burn(own(name), mine(from), amount),
  }

  function send({ destination, recipient, refundTo = recipient, token = eth, amount = 0n, gasLimit = 0n, expiry = NEVER, payload = '0x' }: Send): void {
    const message: SentMessage = { destination, sender: self, recipient: address(recipient), refundTo: address(refundTo), token: known(token), amount, fee: 0n, gasLimit, expiry, payload }
    for (const number of [destination, gasLimit, expiry]) t.u64.encode(number)
    t.bytes(MAX_PAYLOAD).encode(payload)
    if (destination === 0n || destination === chain.chainId) fail('DESTINATION_INVALID')
    if (message.recipient === zeroAddress) fail('RECIPIENT_ZERO')
    if (message.refundTo === zeroAddress) {
      if (payload !== '0x') fail('REFUND_TO_ZERO')
      message.refundTo = message.recipient
    }
    if (gasLimit > MAX_MESSAGE_GAS) fail('GAS_LIMIT_TOO_HIGH')
    if (expiry <= block.timestamp) fail('EXPIRED')
    // L1 takes back only what came from it.
    if (destination === chain.l1ChainId && amount !== 0n && token.chain !== chain.l1ChainId) fail('NOT_TOKEN_OF_L1')
    if (sent.length >= maxSends) fail('TOO_MANY_SENDS')
    meter.charge(GAS.send + GAS.byte * BigInt(size(payload)))
    ledger.leave(self, message.token, amount)
    // Nothing leaves but by here, so this is its index in the outbox.
    const nonce = bankState.sent.get() ?? 0n
    bankState.sent.set(nonce + 1n)
    emit(bank, 'Sent', { id: messageId({ source: chain.chainId, destination, nonce }), sender: self, recipient: message.recipient, destination, nonce })
    sent.push(message)
  }

  return {
    sender,
    self,
    block: { ...block },
    state: openState(module, journal, meter),
    bank: balances,
    emit: (event, data) => emit(module, event, data),
    send,
    poseidon2(words) {
      meter.charge(GAS.hash * BigInt(Math.ceil(words.length / 3)))
      for (const word of words) if (typeof word !== 'bigint' || word < 0n || word >= FIELD) fail('BAD_VALUE')
      return moduleHash(words)
    },
    fail,
    ...input,
  }
}
