import { blockParam, bytesParam, hashParam, invalidParams, jsonObject, needBlock, parseAddress, parseBytes, parseQuantity, requiredParam, type LogContext, type Params, type RpcHandler } from '@causeway/core'
import { bytesToHex, hexToBytes, numberToHex } from 'viem'
import type { AppEngine } from '../engine.js'
import type { AppBlock } from '../block.js'
import { moduleAbi } from '../events.js'
import { Failure } from '../failure.js'
import { own } from '../fields.js'
import { GAS } from '../gas.js'
import { describeModule, describeViews } from '../module.js'

/** `app_*`: what modules remember, answer and do. Values are encoded as their types say. */
export function moduleMethods(engine: AppEngine, context: LogContext<AppBlock>): Record<string, RpcHandler> {
  const { blocks, modules, gasPrice } = engine
  const at = (params: Params, index: number) => needBlock(context, blockParam(params, index)).hash

  return {
    /** What can be read, asked, called and heard, with the rules' prices. */
    app_modules: () => ({
      chainId: numberToHex(context.chain.chainId),
      gasPrice: numberToHex(gasPrice),
      gas: Object.fromEntries(Object.entries(GAS).map(([name, cost]) => [name, numberToHex(cost)])),
      modules: [...modules.values()].map((module) => ({ ...describeModule(module), views: describeViews(module), abi: moduleAbi(module) })),
    }),
    /** `[module, field, key?, block?]`: the value; null where there is none. */
    app_getState(params) {
      const [module, field] = [textParam(params, 0), textParam(params, 1)]
      const kind = own(modules.get(module)?.state, field)?.kind
      if (!kind) throw invalidParams(`there is no state ${module}.${field}: see app_modules`)
      const key = params[2] === undefined || params[2] === null ? '0x' : bytesParam(params, 2)
      if ((kind === 'map') !== (key !== '0x')) throw invalidParams(kind === 'map' ? `${module}.${field} is a map: give the encoded key` : `${module}.${field} is no map: it has no key`)
      const bytes = engine.getValue(module, field, hexToBytes(key), at(params, 3))
      return bytes && bytesToHex(bytes)
    },
    /** `[module, view, args, block?]`: `{ code, value, gasUsed }`; `code` says why there is no value. */
    app_call(params) {
      const question = { module: textParam(params, 0), view: textParam(params, 1), args: bytesParam(params, 2) }
      const { code, value, gasUsed } = typed(() => engine.call(question, at(params, 3)))
      return { code, value, gasUsed: numberToHex(gasUsed) }
    },
    /** `[{ from, module, action, args, gas?, gasPrice? }, block?]`: what it would do as the next action of `from`. */
    app_simulateAction(params) {
      const where = 'invalid argument 0'
      const o = jsonObject(requiredParam(params, 0), where)
      const number = (value: unknown, name: 'gas' | 'gasPrice') => (value === undefined || value === null ? {} : { [name]: parseQuantity(value, where) })
      const trial = { sender: parseAddress(o.from, where), module: text(o.module, where), action: text(o.action, where), args: parseBytes(o.args, where), ...number(o.gas, 'gas'), ...number(o.gasPrice, 'gasPrice') }
      const { code, gasUsed, fee, events, sent } = typed(() => engine.simulate(trial, at(params, 1)))
      return { code, gasUsed: numberToHex(gasUsed), fee: numberToHex(fee), events, sent }
    },
    /** What became of an action or delivery: `code` says why it failed. */
    app_getReceipt(params) {
      const found = blocks.receipt(hashParam(params, 0))
      if (!found) return null
      const { receipt, block } = found
      const { hash, kind, from, to, code, gasUsed, gasPrice, events, sent } = receipt
      return { hash, kind, from, to, code, gasUsed: numberToHex(gasUsed), fee: numberToHex(gasUsed * gasPrice), events, sent, blockHash: block.hash, blockNumber: numberToHex(block.number) }
    },
  }
}

/** @throws -32602 for values of other types */
function typed<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw error instanceof Failure ? invalidParams('the arguments are not of the types that app_modules names') : error
  }
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw invalidParams(`${where}: a name is wanted`)
  return value
}

const textParam = (params: Params, index: number): string => text(requiredParam(params, index), `invalid argument ${index}`)
