/** A JSON number that JavaScript's would change, as it was written: an id is answered as it came. */
export class JsonNumber {
  constructor(readonly text: string) {}
}
