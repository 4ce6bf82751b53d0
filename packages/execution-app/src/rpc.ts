import { chainFacts, invalidParams, RPC_CODE, rpcError, type RpcHandler, type RpcHost } from '@causeway/core'
import { isHex, keccak256, hexToBytes, numberToHex, bytesToHex, stringToBytes, stringToHex, type Address, type Hex } from 'viem'
import type { AppEngine } from './app.js'
import type { AppBlock, Receipt } from './block.js'
import { GAS } from './gas.js'
import { describeModule, moduleAddress } from './module.js'

type Params = readonly unknown[]
const EMPTY_UNCLES: Hex = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'
const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
const NO_BLOOM: Hex = `0x${'00'.repeat(256)}`

/** `app_*`, and of `eth_*` what wallets need to show balances and to wait. */
export function appMethods(engine: AppEngine, { chain }: RpcHost): Record<string, RpcHandler> {
  const { blocks, modules, gasPrice, weightLimit, feeRecipient } = engine

  function findBlock(params: Params, index: number): AppBlock | undefined {
    const given = params[index] ?? 'latest'
    const named = typeof given === 'object' ? ((given as { blockHash?: unknown; blockNumber?: unknown }).blockHash ?? (given as { blockNumber?: unknown }).blockNumber) : given
    if (named === 'latest' || named === 'pending') return blocks.head()
    if (named === 'safe' || named === 'finalized') return blocks.byNumber(chain.finality()[named])
    if (named === 'earliest') return blocks.byNumber(0n)
    const hex = hexParam([named], 0)
    return hex.length === 66 ? blocks.byHash(hex) : blocks.byNumber(quantity(hex))
  }
  function needBlock(params: Params, index: number): AppBlock {
    const block = findBlock(params, index)
    if (!block) throw rpcError(RPC_CODE.server, 'header not found')
    return block
  }
  const shown = (block: AppBlock | undefined, whole: unknown) => block && formatBlock(block, { gasLimit: weightLimit, feeRecipient, chainId: chain.chainId }, whole === true)
  const noEvm = (what: string): RpcHandler => () => {
    throw rpcError(RPC_CODE.server, `${what}: this chain has no EVM; its modules and what they take are in app_modules`)
  }

  return {
    ...chainFacts(chain),
    eth_blockNumber: () => numberToHex(blocks.head().number),
    eth_gasPrice: () => numberToHex(gasPrice),
    eth_maxPriorityFeePerGas: () => '0x0',
    eth_getBalance: async (params) => numberToHex(await engine.getBalance(addressParam(params, 0), needBlock(params, 1).hash)),
    eth_getCode: (params) => (addressParam(params, 0), needBlock(params, 1), '0x'),
    async eth_getTransactionCount(params) {
      const account = addressParam(params, 0)
      return numberToHex(params[1] === 'pending' ? await chain.pendingNonce(account) : await engine.getNonce(account, needBlock(params, 1).hash))
    },
    eth_getBlockByNumber: (params) => shown(findBlock(params, 0), params[1]) ?? null,
    eth_getBlockByHash: (params) => shown(blocks.byHash(hashParam(params, 0)), params[1]) ?? null,
    eth_getTransactionByHash(params) {
      const hash = hashParam(params, 0)
      const found = blocks.receipt(hash)
      if (found) return formatTransaction(found.receipt, chain.chainId, found)
      const waiting = chain.pendingTransaction?.(hash)
      return waiting ? { hash, blockHash: null, blockNumber: null, transactionIndex: null, type: '0x7a', from: waiting.from, to: null, value: '0x0', input: waiting.raw, nonce: '0x0', gas: '0x0', gasPrice: '0x0' } : null
    },
    eth_getTransactionReceipt(params) {
      const found = blocks.receipt(hashParam(params, 0))
      return found ? formatReceipt(found) : null
    },
    eth_sendRawTransaction: (params) => chain.sendRawTransaction(hexParam(params, 0)),
    eth_sendTransaction: noEvm('the node holds no keys: sign an action and send it with eth_sendRawTransaction'),
    eth_call: noEvm('eth_call is not possible'),
    eth_estimateGas: noEvm('eth_estimateGas is not possible'),

    /** What can be read, called and heard, with the rules' prices. */
    app_modules: () => ({ chainId: numberToHex(chain.chainId), gasPrice: numberToHex(gasPrice), gas: Object.fromEntries(Object.entries(GAS).map(([name, cost]) => [name, numberToHex(cost)])), modules: [...modules.values()].map(describeModule) }),
    /** `[module, field, key?, block?]`: the value, encoded as its type says; null where there is none. The key of a map is encoded likewise. */
    app_getState(params) {
      const [module, field] = [textParam(params, 0), textParam(params, 1)]
      const state = modules.get(module)?.state
      const kind = state && Object.hasOwn(state, field) ? state[field]?.kind : undefined
      if (!kind) throw invalidParams(`there is no state ${module}.${field}: see app_modules`)
      const key = params[2] === undefined || params[2] === null ? '0x' : hexParam(params, 2)
      if ((kind === 'map') !== (key !== '0x')) throw invalidParams(kind === 'map' ? `${module}.${field} is a map: give the encoded key` : `${module}.${field} is no map: it has no key`)
      const bytes = engine.getValue(module, field, hexToBytes(key), needBlock(params, 3).hash)
      return bytes && bytesToHex(bytes)
    },
    /** What became of an action or delivery: `code` says why it failed, and events are encoded as their types say. */
    app_getReceipt(params) {
      const found = blocks.receipt(hashParam(params, 0))
      if (!found) return null
      const { receipt, block } = found
      const { hash, kind, from, to, code, gasUsed, events, sent } = receipt
      return { hash, kind, from, to, code, gasUsed: numberToHex(gasUsed), events, sent, blockHash: block.hash, blockNumber: numberToHex(block.number) }
    },
  }
}

type Placed = { receipt: Receipt; index: number; block: AppBlock }

/** In geth's shape. The time is in seconds, and in ms besides. */
function formatBlock(block: AppBlock, { gasLimit, feeRecipient, chainId }: { gasLimit: bigint; feeRecipient: Address; chainId: bigint }, whole: boolean) {
  const { hash, number, parentHash, timestamp, stateRoot, gasUsed, receipts } = block
  return {
    ...{ hash, parentHash, stateRoot, number: numberToHex(number), timestamp: numberToHex(timestamp / 1000n), timestampMs: numberToHex(timestamp), gasLimit: numberToHex(gasLimit), gasUsed: numberToHex(gasUsed) },
    ...{ miner: feeRecipient.toLowerCase(), baseFeePerGas: '0x0', difficulty: '0x0', extraData: '0x', logsBloom: NO_BLOOM, mixHash: `0x${'00'.repeat(32)}`, nonce: '0x0000000000000000', sha3Uncles: EMPTY_UNCLES },
    ...{ transactionsRoot: EMPTY_ROOT, receiptsRoot: EMPTY_ROOT, size: '0x0', uncles: [] },
    transactions: receipts.map((receipt, index) => (whole ? formatTransaction(receipt, chainId, { block, index }) : receipt.hash)),
  }
}

const typeOf = ({ kind }: Receipt): Hex => (kind === 'action' ? '0x7a' : '0x7d')
/** Where an action or delivery goes, as an account. */
const accountOf = ({ kind, to }: Receipt): Address => (kind === 'action' ? moduleAddress(to.split('.')[0] as string) : (to as Address))
const placeOf = ({ index, block }: Omit<Placed, 'receipt'>) => ({ blockHash: block.hash, blockNumber: numberToHex(block.number), transactionIndex: numberToHex(index) })

function formatTransaction(receipt: Receipt, chainId: bigint, place: Omit<Placed, 'receipt'>) {
  const { hash, raw, from, nonce, gasUsed, gasPrice } = receipt
  return { ...placeOf(place), hash, type: typeOf(receipt), chainId: numberToHex(chainId), from, to: accountOf(receipt), value: '0x0', input: raw, nonce: numberToHex(nonce), gas: numberToHex(gasUsed), gasPrice: numberToHex(gasPrice) }
}

/** Events are logs of their module, with `keccak256('module.Event')` as their topic. */
function formatReceipt({ receipt, ...place }: Placed) {
  const { hash, from, code, gasUsed, gasPrice, events } = receipt
  const before = place.block.receipts.slice(0, place.index)
  const firstLog = before.reduce((sum, other) => sum + other.events.length, 0)
  const at = { ...placeOf(place), transactionHash: hash }
  return {
    ...at,
    ...{ type: typeOf(receipt), from, to: accountOf(receipt), contractAddress: null, status: code === null ? '0x1' : '0x0', logsBloom: NO_BLOOM },
    ...{ gasUsed: numberToHex(gasUsed), cumulativeGasUsed: numberToHex(before.reduce((sum, other) => sum + other.gasUsed, gasUsed)), effectiveGasPrice: numberToHex(gasPrice) },
    ...(code === null ? {} : { revertReason: stringToHex(code) }),
    logs: events.map(({ module, event, data }, i) => ({ ...at, address: moduleAddress(module), topics: [keccak256(stringToBytes(`${module}.${event}`))], data, logIndex: numberToHex(firstLog + i), removed: false })),
  }
}

function textParam(params: Params, index: number): string {
  const given = params[index]
  if (typeof given !== 'string') throw invalidParams(`invalid argument ${index}: a name is wanted`)
  return given
}

function hexParam(params: Params, index: number): Hex {
  const given = params[index]
  if (given === undefined || given === null) throw invalidParams(`missing value for required argument ${index}`)
  if (!isHex(given)) throw invalidParams(`invalid argument ${index}: hex with 0x is wanted`)
  return given.toLowerCase() as Hex
}

function sizedParam(params: Params, index: number, bytes: number): Hex {
  const hex = hexParam(params, index)
  if (hex.length !== 2 + 2 * bytes) throw invalidParams(`invalid argument ${index}: hex of ${bytes} bytes is wanted`)
  return hex
}

const addressParam = (params: Params, index: number): Address => sizedParam(params, index, 20)
const hashParam = (params: Params, index: number): Hex => sizedParam(params, index, 32)

function quantity(hex: Hex): bigint {
  if (hex.length < 3 || hex.length > 18) throw invalidParams('invalid block number')
  return BigInt(hex)
}
