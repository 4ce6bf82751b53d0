import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)]
const text = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** Anchors of a page, as GitHub and VitePress name its headings. */
function anchors(file: string): Set<string> {
  const headings = [...text(file).replace(/^```[^]*?^```$/gm, '').matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(headings.map((heading) => heading.toLowerCase().replace(/`|\*|\[|\]\([^)]*\)/g, '').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')))
}

function broken(link: string, from: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? from : relative(ROOT, join(ROOT, dirname(from), path))
  if (!existsSync(join(ROOT, file))) return `${from}: ${link} leads nowhere`
  return anchor !== undefined && file.endsWith('.md') && !anchors(file).has(anchor) ? `${from}: ${link} has no such heading` : undefined
}

it('links between the pages, and into the repository, lead somewhere', () => {
  const found = pages.flatMap((page) =>
    [...text(page).replace(/^```[^]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => broken(link, page)),
  )
  expect(found.length).toBeGreaterThan(40)
  expect(found.filter((problem) => problem !== undefined)).toEqual([])
})

it('pages that errors name are there', () => {
  const sources = readdirSync(join(ROOT, 'packages'), { recursive: true, encoding: 'utf8' }).filter((file) => /^[^/]+\/src\/.*\.ts$/.test(file) && !/generated|test/.test(file))
  const found = sources.flatMap((file) => [...text(`packages/${file}`).matchAll(/\bdocs[:=] ?'([^']+\.md[^']*)'/g)].map(([, link = '']) => broken(link, 'docs/x.md')))
  expect(found.length).toBeGreaterThan(5)
  expect(found.filter((problem) => problem !== undefined)).toEqual([])
})

it('the catalogue of errors is what the code says', async () => {
  const { spawnSync } = await import('node:child_process')
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/errors.ts', '--check'], { cwd: ROOT, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
