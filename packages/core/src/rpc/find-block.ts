import type { RpcChain } from '../seams/rpc.js'
import { RPC_CODE, rpcError } from './errors.js'
import type { BlockReader, ShownBlock } from './log-source.js'
import type { BlockParam } from './params.js'

/** Where blocks are looked for. */
export type BlockContext<B> = { reader: BlockReader<B>; chain: Pick<RpcChain, 'finality'> }

/** The block a request names; undefined if there is none. `pending` is the head, whose state a pending block has: nothing is executed before it is in a block. */
export function findBlock<B extends ShownBlock>({ reader, chain }: BlockContext<B>, param: BlockParam): B | undefined {
  if ('hash' in param) {
    const block = reader.getBlock(param.hash)
    if (block && param.requireCanonical && reader.getBlock(block.number)?.hash !== block.hash)
      throw rpcError(RPC_CODE.server, 'hash is not currently canonical')
    return block
  }
  if ('number' in param) return reader.getBlock(param.number)
  switch (param.tag) {
    case 'earliest':
      return reader.getBlock(0n)
    case 'safe':
      return reader.getBlock(chain.finality().safe)
    case 'finalized':
      return reader.getBlock(chain.finality().finalized)
    default:
      return reader.getBlock(reader.head().hash)
  }
}

/** {@link findBlock} for requests that need one. @throws -32000 header not found */
export function needBlock<B extends ShownBlock>(context: BlockContext<B>, param: BlockParam): B {
  const block = findBlock(context, param)
  if (!block) throw rpcError(RPC_CODE.server, 'header not found')
  return block
}
