import { privateKeyToAccount } from 'viem/accounts'
import { toHex } from 'viem'
import { expect, it } from 'vitest'
import { signVerdict, verifyVerdict, type UnsignedVerdict } from './verdict.js'

const account = (n: number) => privateKeyToAccount(toHex(n, { size: 32 }))
const domain = { l1ChainId: 31337n, hub: `0x${'11'.repeat(20)}`, clusterId: `0x${'22'.repeat(32)}` } as const
const verdict: UnsignedVerdict = { kind: 'verdict', chainId: 7n, height: 2n, statement: 99n, verdict: 'proven', epoch: 3n, time: 5n, reason: 'OK: so it is' }

it('a verdict is believed of the account that signed it, for its cluster and word for word', async () => {
  const signed = await signVerdict(domain, verdict, account(1))
  expect(verifyVerdict(domain, signed, account(1).address)).toBe(true)
  expect(verifyVerdict(domain, signed, account(2).address)).toBe(false)
  expect(verifyVerdict({ ...domain, clusterId: `0x${'23'.repeat(32)}` }, signed, account(1).address)).toBe(false)
  const changes: Partial<UnsignedVerdict>[] = [{ chainId: 8n }, { height: 3n }, { statement: 98n }, { verdict: 'composed' }, { epoch: 4n }, { time: 6n }, { reason: 'OK' }]
  for (const change of changes) expect(verifyVerdict(domain, { ...signed, ...change }, account(1).address)).toBe(false)
  expect(verifyVerdict(domain, { ...signed, signature: `0x${'00'.repeat(65)}` }, account(1).address)).toBe(false)
  expect(verifyVerdict(domain, { ...signed, signature: '0x' }, account(1).address)).toBe(false)
})
