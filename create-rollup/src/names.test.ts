import { describe, expect, it } from 'vitest'
import { packageNameOf, parseChainId, parseChainName, parseCluster, randomChainId } from './names.js'

/** What npm's validate-npm-package-name takes for a new package without a scope. */
const VALID = /^[a-z0-9][a-z0-9-]{0,213}$/

describe('packageNameOf', () => {
  it.each([
    ['my-chain', 'my-chain'],
    ['Übersee Kette', 'ubersee-kette'],
    ['Straße 7', 'strasse-7'],
    ['  .hidden_ ', 'hidden'],
    ['@scope/name', 'scope-name'],
    ['データ', 'my-rollup'],
    ['node_modules', 'node-modules'],
    ['...', 'my-rollup'],
    ['', 'my-rollup'],
    ['a'.repeat(300), 'a'.repeat(214)],
  ])('makes of %j %j', (text, name) => {
    expect(packageNameOf(text)).toBe(name)
    expect(name).toMatch(VALID)
  })
})

describe('parseChainId', () => {
  it('takes whole numbers that viem keeps', () => {
    expect([parseChainId('7'), parseChainId(' 9007199254740991 ')]).toEqual([7n, 9007199254740991n])
  })
  it.each(['0', '-1', '1.5', '0x10', '', 'one', '9007199254740992', '1', '11155111', '31337'])('refuses %j', (text) => {
    expect(() => parseChainId(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION', fix: expect.any(String) as string }))
  })
  it('is not the same twice by default', () => {
    const ids = new Set(Array.from({ length: 100 }, randomChainId))
    expect(ids.size).toBeGreaterThan(95)
    for (const id of ids) expect(parseChainId(String(id))).toBe(id)
  })
})

describe('parseChainName', () => {
  it('takes what one can read', () => {
    expect(parseChainName("  Mäxchen's \\ Kette 🚀 ")).toBe("Mäxchen's \\ Kette 🚀")
  })
  it.each(['', '  ', 'a\nb', 'a\u202eb', 'a\u0000', 'x'.repeat(61)])('refuses %j', (text) => {
    expect(() => parseChainName(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('parseCluster', () => {
  it('takes local and URLs', () => {
    expect(['local', ' http://127.0.0.1:4700/ ', 'https://cluster.example/a/'].map(parseCluster)).toEqual(['local', 'http://127.0.0.1:4700', 'https://cluster.example/a'])
  })
  it.each(['', 'remote', 'ftp://x', '127.0.0.1:4700', 'http://me:secret@x', "javascript:alert('x')"])('refuses %j', (text) => {
    expect(() => parseCluster(text)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})
