import { errorCode } from '@causeway/core'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { compileContracts, lowerCamel } from './compile.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const HEAD = '// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\n'
const folders: string[] = []
let root = ''

function put(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
}
const installed = (name: string) => {
  mkdirSync(dirname(join(root, 'node_modules', name)), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name))
}
const generated = (file: string) => readFileSync(join(root, 'generated', file), 'utf8')

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'causeway compile ä '))
  folders.push(root)
  writeFileSync(join(root, 'package.json'), '{}')
})
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

describe('with a compiler', () => {
  beforeEach(() => installed('solc'))

  it('writes ABI and bytecode of each contract, once', async () => {
    put('contracts/deep/ERC20Like.sol', `${HEAD}import {Base} from "../Base.sol";\ncontract ERC20Like is Base { function f(uint256 x) external pure returns (uint256) { return g(x); } }`)
    put('contracts/Base.sol', `${HEAD}abstract contract Base { function g(uint256 x) internal pure returns (uint256) { return x + 1; } }`)
    put('contracts/IThing.sol', `${HEAD}interface IThing { struct P { uint256 a; } function thing(P calldata p) external; }`)
    const { contracts, warnings } = await compileContracts(root)
    expect(warnings).toEqual([])
    expect(contracts).toEqual([
      { name: 'Base', source: 'contracts/Base.sol', file: 'generated/Base.ts', changed: true },
      { name: 'ERC20Like', source: 'contracts/deep/ERC20Like.sol', file: 'generated/ERC20Like.ts', changed: true },
      { name: 'IThing', source: 'contracts/IThing.sol', file: 'generated/IThing.ts', changed: true },
    ])
    expect(generated('ERC20Like.ts')).toMatch(/export const erc20LikeAbi = \[\n {2}\{"inputs":\[\{"name":"x","type":"uint256"\}\].*\n\] as const\n\n.*\nexport const erc20LikeBytecode = '0x60[0-9a-f]+'\n$/)
    // What cannot be deployed has no bytecode.
    expect(generated('IThing.ts')).not.toContain('Bytecode')
    expect(generated('IThing.ts')).not.toContain('internalType')

    const before = statSync(join(root, 'generated/ERC20Like.ts'), { bigint: true })
    put('contracts/Base.sol', readFileSync(join(root, 'contracts/Base.sol'), 'utf8').replace('abstract', '/* a comment */ abstract'))
    expect((await compileContracts(root)).contracts.map(({ changed }) => changed)).toEqual([false, false, false])
    expect(statSync(join(root, 'generated/ERC20Like.ts'), { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs })
    put('contracts/Base.sol', readFileSync(join(root, 'contracts/Base.sol'), 'utf8').replace('x + 1', 'x + 2'))
    expect((await compileContracts(root)).contracts.map(({ changed }) => changed)).toEqual([false, true, false])
  })

  it('removes what it wrote of contracts that are gone, and nothing else', async () => {
    put('contracts/A.sol', `${HEAD}contract A {}`)
    put('contracts/B.sol', `${HEAD}contract B {}`)
    await compileContracts(root)
    put('generated/mine.ts', 'export {}')
    rmSync(join(root, 'contracts/B.sol'))
    await compileContracts(root)
    expect(readdirSync(join(root, 'generated')).sort()).toEqual(['A.ts', 'mine.ts'])
    rmSync(join(root, 'contracts'), { recursive: true })
    expect(await compileContracts(root)).toEqual({ contracts: [], warnings: [] })
    expect(readdirSync(join(root, 'generated'))).toEqual(['mine.ts'])
  })

  it('finds packages, also those that only a package has', async () => {
    installed('@causeway/contracts')
    put('contracts/Receiver.sol', `${HEAD}import {CausewayReceiver} from "@causeway/contracts/solidity/CausewayReceiver.sol";\ncontract Receiver is CausewayReceiver { constructor() CausewayReceiver(address(1)) {} function _onMessage(uint64, address, bytes calldata) internal override {} }`)
    expect((await compileContracts(root)).contracts.map(({ name }) => name)).toEqual(['Receiver'])
    expect(generated('Receiver.ts')).toContain('receiverBytecode')
  })

  it('says it in the compiler’s words, and leaves what was there', async () => {
    put('contracts/A.sol', `${HEAD}contract A { function f() external pure returns (uint256) { return 1; } }`)
    await compileContracts(root)
    const before = generated('A.ts')
    put('contracts/A.sol', `${HEAD}contract A { uint256 x = "no"; }`)
    const refused = await compileContracts(root).catch((error: unknown) => error)
    expect(errorCode(refused)).toBe('SOLIDITY')
    expect((refused as Error).message).toContain('--> contracts/A.sol:3:26:')
    expect(generated('A.ts')).toBe(before)
  })

  it('hands out warnings about the project’s own sources', async () => {
    put('contracts/A.sol', 'pragma solidity ^0.8.28;\ncontract A { function f() external returns (uint256) { return 1; } }')
    expect((await compileContracts(root)).warnings).toEqual([expect.stringContaining('SPDX license identifier not provided'), expect.stringContaining('can be restricted to pure')])
  })

  it('refuses imports from anywhere else', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'causeway-outside-'))
    folders.push(outside)
    writeFileSync(join(outside, 'X.sol'), `${HEAD}contract X {}`)
    put('node_modules/closed/package.json', '{ "name": "closed", "exports": { "./open.sol": "./open.sol" } }')
    put('node_modules/closed/secret.sol', `${HEAD}contract S {}`)
    symlinkSync(outside, join(root, 'link'))
    const attempts: Record<string, RegExp> = {
      [join(outside, 'X.sol')]: /by its name/,
      '../node_modules/closed/secret.sol': /by its name/,
      'closed/secret.sol': /does not export it/,
      'nowhere/X.sol': /Is nowhere installed/,
      '../link/X.sol': /outside of the project/,
    }
    for (const [path, reason] of Object.entries(attempts)) {
      put('contracts/A.sol', `${HEAD}import "${path}";`)
      await expect(compileContracts(root), path).rejects.toThrow(reason)
    }
    expect(existsSync(join(root, 'generated'))).toBe(false)
  })

  it('refuses two contracts of a name, two files of an import, and libraries to be linked', async () => {
    put('contracts/A.sol', `${HEAD}contract A {}`)
    put('contracts/b/A.sol', `${HEAD}contract A {}`)
    await expect(compileContracts(root)).rejects.toMatchObject({ code: 'AMBIGUOUS_CONTRACT' })
    rmSync(join(root, 'contracts'), { recursive: true })

    put('contracts/L.sol', `${HEAD}library L { function f() external pure returns (uint256) { return 1; } }\ncontract C { function g() external pure returns (uint256) { return L.f(); } }`)
    await expect(compileContracts(root)).rejects.toMatchObject({ code: 'UNLINKED_LIBRARY' })
    rmSync(join(root, 'contracts'), { recursive: true })

    put('node_modules/one/One.sol', `${HEAD}import "two/Two.sol";\ncontract One {}`)
    put('node_modules/one/node_modules/two/Two.sol', `${HEAD}contract Two {}`)
    put('node_modules/two/Two.sol', `${HEAD}contract Two {}`)
    put('contracts/A.sol', `${HEAD}import "one/One.sol";\ncontract A {}`)
    await expect(compileContracts(root)).rejects.toMatchObject({ code: 'AMBIGUOUS_IMPORT' })
  })
})

it('says that a project with contracts needs a compiler', async () => {
  put('contracts/A.sol', `${HEAD}contract A {}`)
  await expect(compileContracts(root)).rejects.toMatchObject({ code: 'NO_SOLC', fix: 'npm install --save-dev --save-exact solc' })
})

it('names constants', () => {
  expect(['Guestbook', 'ERC20Token', 'NFT', 'ITest', 'already', 'A', '_Under'].map(lowerCamel)).toEqual(['guestbook', 'erc20Token', 'nft', 'iTest', 'already', 'a', '_under'])
})
