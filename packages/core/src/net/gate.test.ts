import { describe, expect, it } from 'vitest'
import { webGate, type WebAccess, type WebHeaders } from './gate.js'

const passes = (access: WebAccess, headers: WebHeaders) => webGate(access)(headers) === undefined

describe('webGate', () => {
  it('a request under a name that nobody listed is a page that had its name resolve to this machine', () => {
    for (const host of ['localhost', 'localhost:8545', 'LOCALHOST:8545', 'a.localhost:1', '127.0.0.1:8545', '10.1.2.3', '[::1]:8545', '[fe80::1]'])
      expect(passes({}, { host }), host).toBe(true)
    for (const host of ['evil.example', 'evil.example:8545', 'localhost.evil.example', 'evillocalhost', '127.0.0.1.evil.example', '127.0.0.1@evil.example', 'a,localhost', '[::1', '::1', '', 'localhost:8545:1'])
      expect(passes({}, { host }), host).toBe(false)
    expect(passes({ hosts: ['Node.Example'] }, { host: 'node.example:443' })).toBe(true)
    expect(passes({ hosts: ['node.example'] }, { host: 'sub.node.example' })).toBe(false)
    expect(passes({ hosts: '*' }, { host: 'evil.example' })).toBe(true)
    expect(passes({}, {})).toBe(true)
  })

  it('a page may if its origin is listed, is of this machine, or is an extension', () => {
    const from = (origin: string, access: WebAccess = {}) => passes(access, { host: '127.0.0.1:8545', origin })
    for (const origin of ['http://localhost:5173', 'https://localhost', 'http://127.0.0.1:3000', 'http://127.1.2.3', 'http://[::1]:3000', 'http://app.localhost', 'chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn', 'moz-extension://6f2b2a50-1f3c-4d7c-9d0a-1b2c3d4e5f60'])
      expect(from(origin), origin).toBe(true)
    for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'http://evil.example/localhost', 'http://evil.example#localhost', 'http://localhost@evil.example', 'http://10.0.0.1', 'http://127.0.0.1.evil.example', 'null', 'file://', '', 'ftp://localhost', 'localhost', 'extensions', 'chrome-extension://a/b'])
      expect(from(origin), origin).toBe(false)
    expect(from('https://app.example', { origins: ['https://App.example'] })).toBe(true)
    expect(from('https://app.example:8443', { origins: ['https://app.example'] })).toBe(false)
    expect(from('http://localhost:5173', { origins: ['https://app.example'] })).toBe(false)
    expect(from('http://localhost:5173', { origins: [] })).toBe(false)
    expect(from('http://localhost:5173', { origins: ['http://localhost:5173'] })).toBe(true)
    expect(from('null', { origins: '*' })).toBe(true)
  })

  it('a refusal names the header, bounded and printable', () => {
    expect(webGate({})({ host: 'evil.example', origin: 'https://evil.example' })).toEqual({ header: 'host', reason: 'not served under the name "evil.example": list it in the option `hosts`' })
    expect(webGate({})({ host: 'localhost', origin: `https://${'x'.repeat(9_999)}\n` })?.reason.length).toBeLessThan(200)
  })
})
