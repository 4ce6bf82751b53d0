import { testAddress } from '@causeway/testing'
import { expect, it } from 'vitest'
import { tokenKey } from '../protocol/message.js'
import type { Token } from '../protocol/types.js'
import { balanceLeaf, findBalance, writeBalance } from './balances.js'
import { BALANCE, emptyRoot, memoryNodes, openTree, updateTree } from './tree.js'

const token: Token = { chain: 31337n, address: testAddress(0xc0) }
const others: Token[] = [1, 2].map((n) => ({ chain: 31337n, address: testAddress(n) }))
const key = tokenKey(token)
const start = key & 0xffffffffn

it('finds a token at the low bits of its key: absent, then with its balance', () => {
  const nodes = memoryNodes()
  const empty = emptyRoot(BALANCE)
  expect(findBalance(nodes, empty, token)).toEqual({ position: start, balance: null })
  const zero = writeBalance(nodes, empty, start, key, 0n)
  expect(findBalance(nodes, zero, token)).toEqual({ position: start, balance: 0n })
  const root = writeBalance(nodes, zero, start, key, 77n)
  expect(findBalance(nodes, root, token)).toEqual({ position: start, balance: 77n })
  expect(openTree(nodes, BALANCE, root, start).leaf).toBe(balanceLeaf(key, 77n))
  expect(findBalance(nodes, zero, token).balance).toBe(0n)
})

it('takes the next free position where another token stands, and finds it there again', () => {
  const nodes = memoryNodes()
  // As if the keys of the others had the same low bits.
  const taken = others.reduce((root, other, i) => writeBalance(nodes, root, start + BigInt(i), tokenKey(other), 5n), emptyRoot(BALANCE))
  expect(findBalance(nodes, taken, token)).toEqual({ position: start + 2n, balance: null })
  const root = writeBalance(nodes, taken, start + 2n, key, 9n)
  expect(findBalance(nodes, root, token)).toEqual({ position: start + 2n, balance: 9n })
  expect(nodes.get(openTree(nodes, BALANCE, root, start + 1n).leaf)).toEqual([tokenKey(others[1] as Token), 5n])
})

it('says so when a leaf is without its preimage', () => {
  const nodes = memoryNodes()
  const root = updateTree(nodes, BALANCE, emptyRoot(BALANCE), start, balanceLeaf(key, 1n))
  expect(() => findBalance(nodes, root, token)).toThrow(expect.objectContaining({ code: 'MISSING_NODE' }) as Error)
})

it('tells balances and tokens apart', () => {
  const other = tokenKey({ ...token, chain: 31338n })
  expect(new Set([balanceLeaf(key, 1n), balanceLeaf(key, 2n), balanceLeaf(other, 1n), key, other]).size).toBe(5)
  expect(() => tokenKey({ chain: 2n ** 64n, address: testAddress(1) })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }) as Error)
})
