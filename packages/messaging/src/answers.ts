import type { LinkAnswer, LinkQuery } from '@causeway/core'

/** Answers that are still coming. */
export type Answers = AsyncIterable<LinkAnswer> & { push(answer: LinkAnswer): void; end(): void }

/** Answers to one question that are kept for whoever reads them, at most; further ones are lost. */
export const MAX_ANSWERS = 256

/** Makes {@link Answers}: what is pushed can be read once, in order, until the end. */
export function createAnswers(): Answers {
  const waiting: LinkAnswer[] = []
  let ended = false
  let wake: (() => void) | undefined
  return {
    push(answer) {
      if (!ended && waiting.length < MAX_ANSWERS) waiting.push(answer)
      wake?.()
    },
    end() {
      ended = true
      wake?.()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let answer = waiting.shift(); answer; answer = waiting.shift()) yield answer
        if (ended) return
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}

/** The answers of several who were asked the same, each as soon as it is there, if it can be one to this query. */
export function asTheyCome(query: LinkQuery, asked: readonly Promise<LinkAnswer | null>[]): AsyncIterable<LinkAnswer> {
  const answers = createAnswers()
  let open = asked.length
  if (open === 0) answers.end()
  for (const one of asked)
    void one.then((answer) => {
      if (answer && fits(query, answer)) answers.push(answer)
      if (--open === 0) answers.end()
    })
  return answers
}

/** The answers that can be ones to this query. */
export async function* fitting(query: LinkQuery, answers: AsyncIterable<LinkAnswer>): AsyncIterable<LinkAnswer> {
  for await (const answer of answers) if (fits(query, answer)) yield answer
}

/** The first answer, or null if there is none. */
export async function firstOf(answers: AsyncIterable<LinkAnswer>): Promise<LinkAnswer | null> {
  for await (const answer of answers) return answer
  return null
}

/** Whether an answer can be one to this query. */
export function fits(query: LinkQuery, answer: LinkAnswer): boolean {
  if (query.kind === 'heads') return answer.kind === 'heads' && answer.heads.length <= query.limit && answer.heads.every(({ chainId }) => chainId === query.chainId)
  return answer.kind === 'certificate' && (answer.certificate === null || answer.certificate.before.chainId === query.chainId)
}
