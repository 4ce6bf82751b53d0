import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from '@causeway/core'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** A log that writes lines to a file: time, level, who, message, fields. */
export function fileLog(file: string, who: string, now: () => bigint, level: Level = 'info'): Log {
  mkdirSync(dirname(file), { recursive: true })
  const order: Level[] = ['debug', 'info', 'warn', 'error']
  const write = (at: Level) => (message: string, fields?: Record<string, unknown>) => {
    if (order.indexOf(at) < order.indexOf(level)) return
    const rest = fields ? ` ${JSON.stringify(fields, printable)}` : ''
    appendFileSync(file, `${new Date(Number(now())).toISOString()} ${at.padEnd(5)} ${who}: ${message}${rest}\n`)
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function printable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? (value.stack ?? value.message) : value
}
