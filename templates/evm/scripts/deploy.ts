import type { Deploy, DeployedChain } from '@causeway/cli'
import { concatHex, getCreate2Address, zeroHash } from 'viem'
import { guestbookAbi, guestbookBytecode } from '../generated/Guestbook.ts'

/** A factory that every EVM chain here has from its genesis on. The same code gets the same address on each chain, and new code a new one. */
const FACTORY = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const guestbook = getCreate2Address({ from: FACTORY, salt: zeroHash, bytecode: guestbookBytecode })

/** Deploys the guestbook, unless it is there. Resolves to whether it was new. */
async function deployOn({ client, wallet }: DeployedChain): Promise<boolean> {
  if ((await client.getCode({ address: guestbook })) !== undefined) return false
  const hash = await wallet().sendTransaction({ to: FACTORY, data: concatHex([zeroHash, guestbookBytecode]) })
  await client.waitForTransactionReceipt({ hash })
  return true
}

/** `npm run dev` calls this at each start, and after each change of a contract: it has to do only what is not done yet. */
const deploy: Deploy = async ({ chain, neighbour, save }) => {
  const isNew = await deployOn(chain)
  save('Guestbook', guestbook)
  // A local cluster has a second chain, to try messages with.
  if (!neighbour) return
  await deployOn(neighbour)
  if (!isNew) return
  const wallet = chain.wallet()
  const hash = await wallet.writeContract({ address: guestbook, abi: guestbookAbi, functionName: 'signElsewhere', args: [neighbour.chainId, guestbook, `Hello from ${chain.name}`] })
  await chain.client.waitForTransactionReceipt({ hash })
}

export default deploy
