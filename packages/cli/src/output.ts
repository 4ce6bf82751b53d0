import { type CausewayError, encodeJson, type Issue } from '@causeway/core'
import { styleText } from 'node:util'

/** How a command answers. */
export type Output = {
  /** Says something to whoever looks; nothing with `--json`. */
  line(text?: string): void
  /** The answer of a command: data with `--json`, else lines. */
  result(data: unknown, lines: readonly string[]): void
}

/** Styles that a terminal shows, and a file does not get. */
type Style = Parameters<typeof styleText>[0]
export const style = (format: Style, text: string): string => (process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(format, text) : text)

/** Lines for people, or one JSON value for scripts. */
export function createOutput(json: boolean): Output {
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  return {
    line: (text = '') => (json ? undefined : print(text)),
    result: (data, lines) => (json ? print(encodeJson(data)) : lines.forEach(print)),
  }
}

/** Columns that stand below one another. */
export function columns(rows: readonly (readonly [string, string])[], indent = '  '): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}`)
}

/** What an error says: message, what to do, code. The stack is for bugs. */
export type Told = { code: string; message: string; fix?: string; issues?: readonly Issue[] }

/** What any error says, also one of another process, as data. */
export function describeError(error: unknown): Told {
  if (error instanceof Error && error.name === 'CausewayError') {
    const { code, shortMessage, fix, issues } = error as CausewayError
    return { code, message: shortMessage, ...(fix !== undefined && { fix }), ...(issues.length > 0 && { issues }) }
  }
  return { code: 'UNEXPECTED', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

/** Lines of it for a terminal. */
export function toldLines({ code, message, fix, issues = [] }: Told): string[] {
  return [
    `${style('red', '✗')} ${message}`,
    ...issues.map((issue) => `    ${style('bold', issue.path)}: ${issue.message}\n      ${style('dim', 'to fix:')} ${issue.fix}`),
    ...(fix === undefined ? [] : [`  ${style('dim', 'to fix:')} ${fix}`]),
    `  ${style('dim', `code: ${code}`)}`,
  ]
}
