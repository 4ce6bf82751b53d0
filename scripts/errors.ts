/**
 * Makes docs/errors.md, the catalogue of all errors, from the code: each `new CausewayError(…)` with its code, what it says and what to do.
 *
 *     node --import tsx scripts/errors.ts [--check]      # --check changes nothing, and fails if the page is not what the code says
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(ROOT, 'docs/errors.md')

type Case = { from: string; says: string; fix: string }

/** Text of a string, a template or a choice between them; what is put in at run time is `…`. Undefined for anything else. */
function textOf(node: ts.Expression | undefined): string | undefined {
  if (!node) return undefined
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map(({ literal }) => `…${literal.text}`)].join('')
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression)
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) return `${textOf(node.left) ?? '…'}${textOf(node.right) ?? '…'}`
  if (ts.isConditionalExpression(node)) return [textOf(node.whenTrue), textOf(node.whenFalse)].filter((text) => text !== undefined && text !== '').join(' / ') || undefined
  return undefined
}

function property(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const item of object.properties) {
    if (ts.isPropertyAssignment(item) && item.name.getText() === name) return item.initializer
    // Parts that several errors share: `...{ code, docs }`.
    if (ts.isSpreadAssignment(item) && ts.isObjectLiteralExpression(item.expression)) {
      const found = property(item.expression, name)
      if (found) return found
    }
  }
  return undefined
}

const codes = new Map<string, Case[]>()

function visit(node: ts.Node, from: string): void {
  if (ts.isNewExpression(node) && node.expression.getText() === 'CausewayError') {
    const [says, options] = node.arguments ?? []
    if (options && ts.isObjectLiteralExpression(options)) {
      const code = property(options, 'code')
      for (const name of code && ts.isConditionalExpression(code) ? [textOf(code.whenTrue), textOf(code.whenFalse)] : [textOf(code)])
        if (name !== undefined && /^[A-Z0-9_]+$/.test(name)) codes.set(name, [...(codes.get(name) ?? []), { from, says: textOf(says) ?? '', fix: textOf(property(options, 'fix')) ?? '' }])
    }
  }
  ts.forEachChild(node, (child) => visit(child, from))
}

for (const folder of [...readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name)), 'create-rollup'].sort())
  for (const file of readdirSync(join(ROOT, folder, 'src'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts') || /\.test\.ts$|test-helper|fixture|generated|testkit/.test(file)) continue
    const path = join(ROOT, folder, 'src', file)
    visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true), basename(folder))
  }

/** Of a table's cell, in which VitePress would take `{{` and `<` for its own. */
const cell = (text: string) => text.replace(/\s+/g, ' ').replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\{\{/g, '{ {').trim()

const sections = [...codes.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, cases]) => {
  const packages = [...new Set(cases.map(({ from }) => from))].join(', ')
  const rows = [...new Set(cases.filter(({ says, fix }) => says !== '' || fix !== '').map(({ says, fix }) => `| ${cell(says)} | ${cell(fix)} |`))]
  return [`## ${code}`, '', `From ${packages}.`, '', ...(rows.length > 0 ? ['| it says | what to do |', '|---|---|', ...rows, ''] : [])].join('\n')
})
const page = `# Errors

Every error of Causeway is a \`CausewayError\`: a message, a \`code\` that does not change, and mostly a \`fix\`. \`errorCode(error)\` of \`@causeway/core\` reads the
code, across copies of the package too. Where several things are wrong at once, \`issues\` has them all: path, message, fix. These are all ${codes.size}; … stands for
what is put in. The page is made from the code (\`npm run docs:errors\`).

${sections.join('\n')}`

if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, page)
  console.log(`docs/errors.md: ${codes.size} codes`)
} else if (readFileSync(PAGE, 'utf8') !== page) {
  console.error('docs/errors.md is not what the code says: npm run docs:errors')
  process.exitCode = 1
}
