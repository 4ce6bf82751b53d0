import { isCancel, select, text, type CANCEL_SYMBOL } from '@clack/prompts'
import type { Readable, Writable } from 'node:stream'
import { type Overwrite } from './folder.js'
import { LOCAL, parseChainId, parseChainName, parseCluster } from './names.js'
import { listTemplates, type Template } from './templates.js'

/** Where questions are asked and answered. */
export type Terminal = { input: Readable; output: Writable }

/** Somebody wants no project after all. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

export async function askTemplate(terminal: Terminal): Promise<Template> {
  const options = listTemplates().map((template) => ({ value: template, label: template.title, hint: template.hint }))
  return answer(await select({ ...terminal, message: 'What is it to be?', options }))
}

/** Name and id in one question: nobody has to know an id. @param fallback what Enter gives */
export async function askChain(terminal: Terminal, fallback: { name: string; chainId: bigint }): Promise<{ name: string; chainId: bigint }> {
  const read = (given: string) => {
    const [, name = '', id] = /^(.*?)(?:,\s*(\S+)\s*)?$/s.exec(given) ?? []
    return { name: name.trim() === '' ? fallback.name : parseChainName(name), chainId: id === undefined ? fallback.chainId : parseChainId(id) }
  }
  const initial = `${fallback.name}, ${fallback.chainId}`
  return read(answer(await text({ ...terminal, message: 'Name of the chain, and its id', placeholder: initial, defaultValue: initial, validate: complaint(read) })))
}

export async function askCluster(terminal: Terminal): Promise<string> {
  return parseCluster(answer(await text({ ...terminal, message: `Which cluster is it in? ${LOCAL}, one on this machine, or the URL of one that runs`, placeholder: LOCAL, defaultValue: LOCAL, validate: complaint(parseCluster) })))
}

export async function askOverwrite(terminal: Terminal, folder: string): Promise<Overwrite> {
  return answer(
    await select<Overwrite>({
      ...terminal,
      message: `${folder} is not empty.`,
      options: [
        { value: 'cancel', label: 'Cancel' },
        { value: 'ignore', label: 'Add the project to it', hint: 'writes over nothing' },
        { value: 'remove', label: 'Remove what is in it', hint: 'all but .git, for good' },
      ],
    }),
  )
}

function answer<T>(given: T | typeof CANCEL_SYMBOL): T {
  if (isCancel(given)) throw new Cancelled()
  return given
}

/** What is wrong with an answer, in a line. Nothing is wrong with none: it has a default. */
function complaint(parse: (given: string) => unknown) {
  return (given: string | undefined): string | undefined => {
    try {
      if (given !== undefined && given !== '') parse(given)
      return undefined
    } catch (error) {
      const { shortMessage, fix } = error as { shortMessage: string; fix?: string }
      return fix === undefined ? shortMessage : `${shortMessage} To fix: ${fix}`
    }
  }
}
