import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findCircles, importGraph } from './circles.js'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'causeway-circles-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** The circles of files with these texts. */
function circlesOf(files: Record<string, string>): string[][] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return findCircles(importGraph(folder)).map((circle) => circle.map((file) => relative(folder, file)))
}

it('finds none where imports lead one way, also to one file on two ways', () => {
  expect(circlesOf({ 'a.ts': "import { b } from './b.js'\nimport { c } from './c.js'", 'b.ts': "export * from './c.js'", 'c.ts': "import 'node:fs'\nimport { x } from './not-there.js'" })).toEqual([])
})

it('finds each circle once, through folders, types and what is exported on', () => {
  expect(
    circlesOf({
      'a.ts': "import { b } from './in/b.js'",
      'in/b.ts': "import type { C } from './c.js'",
      'in/c.ts': "export { a } from '../a.js'",
      'd.ts': "import { type E } from './e.js'\nimport './a.js'",
      'e.ts': "const d = await import('./d.js')",
      'f.ts': "import './f.js'",
    }),
  ).toEqual([['a.ts', 'in/b.ts', 'in/c.ts'], ['d.ts', 'e.ts'], ['f.ts']])
})
