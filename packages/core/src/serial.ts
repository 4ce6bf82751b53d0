/** Runs asynchronous sections one after the other, in the order of the calls. A failed one does not stop those behind it. */
export function createSerial(): <T>(section: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (section) => {
    const result = last.then(section)
    last = result.catch(() => undefined)
    return result
  }
}
