import { CausewayError } from '@causeway/core'
import type { Address, PublicClient } from 'viem'

/** Checks that an L1 which somebody else started answers, and that its development accounts have ETH. @throws `L1_UNREACHABLE`, `L1_UNFUNDED` */
export async function checkL1(client: PublicClient, url: string, deployer: Address): Promise<void> {
  const balance = await client.getBalance({ address: deployer }).catch((cause: unknown) => {
    throw new CausewayError(`No L1 answers at ${url}.`, { code: 'L1_UNREACHABLE', fix: 'start it and check the URL, or leave `l1Url` out for an embedded one', cause })
  })
  if (balance === 0n)
    throw new CausewayError(`The account ${deployer} has no ETH on the L1 at ${url}.`, {
      code: 'L1_UNFUNDED',
      fix: 'use a development node with the accounts of the mnemonic "test test test test test test test test test test test junk", as anvil and Hardhat have them',
    })
}
