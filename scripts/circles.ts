/**
 * Finds files of a package that import each other in a circle, types included: nobody can read one of them first. Part of `npm run lint`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** Files that each file imports, by path. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

/** Groups of files in which each one leads to every other. Empty if there is no circle. */
export function findCircles(graph: ImportGraph): string[][] {
  const reached = new Map([...graph.keys()].map((file) => [file, reachableFrom(graph, file)]))
  const inCircle = [...graph.keys()].filter((file) => reached.get(file)?.has(file))
  const groups = new Set(inCircle.map((file) => inCircle.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)).sort().join('\n')))
  return [...groups].sort().map((group) => group.split('\n'))
}

/** All that a file imports, directly or through others; itself only if it is in a circle. */
function reachableFrom(graph: ImportGraph, file: string): Set<string> {
  const reached = new Set(graph.get(file))
  // A set's iteration also visits what is added while it runs.
  for (const next of reached) for (const imported of graph.get(next) ?? []) reached.add(imported)
  return reached
}

/** Imports among the TypeScript files of a folder. */
export function importGraph(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name))
  const imports = (file: string) => ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles.map(({ fileName }) => resolve(dirname(file), fileName.replace(/\.js$/, '.ts')))
  const known = new Set(files)
  return new Map(files.map((file) => [file, imports(file).filter((imported) => known.has(imported))]))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const circles = readdirSync(join(root, 'packages')).flatMap((name) => findCircles(importGraph(join(root, 'packages', name, 'src'))))
  for (const circle of circles) console.error(`These files import each other in a circle; move what they share into a file of its own:\n${circle.map((file) => `  ${relative(root, file)}\n`).join('')}`)
  if (circles.length > 0) process.exitCode = 1
}
