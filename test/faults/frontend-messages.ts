/** Types of the frontend's messages that end a request: a simple query, and Sync. */
const query = 'Q';
const sync = 'S';
const parse = 'P';

/**
 * Splits what a client sends into the messages of PostgreSQL's protocol 3, and tells of each request with the text of
 * its statement. A start-up message has no type; it comes first. Nothing is held back: it only looks.
 */
export class FrontendMessages {
  readonly #onRequest: (text: string) => 'withhold' | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  #text = '';

  constructor(onRequest: (text: string) => 'withhold' | undefined) {
    this.#onRequest = onRequest;
  }

  /** `withhold` if this piece holds a request that is not to go on. */
  push(data: Buffer): 'withhold' | undefined {
    let verdict: 'withhold' | undefined;
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    for (;;) {
      const header = this.#started ? 1 : 0;
      if (this.#rest.length < header + 4) return verdict;
      const length = header + this.#rest.readInt32BE(header);
      if (this.#rest.length < length) return verdict;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      if (!this.#started) {
        this.#started = true;
        continue;
      }
      verdict = this.#message(String.fromCharCode(message[0]!), message.subarray(5)) ?? verdict;
    }
  }

  #message(type: string, body: Buffer): 'withhold' | undefined {
    if (type === query) return this.#onRequest(textAt(body, 0));
    if (type === parse) this.#text = textAt(body, body.indexOf(0) + 1);
    if (type !== sync) return undefined;
    const text = this.#text;
    this.#text = '';
    return this.#onRequest(text);
  }
}

function textAt(body: Buffer, from: number): string {
  return body.toString('utf8', from, body.indexOf(0, from));
}
