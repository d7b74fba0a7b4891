/** Types of the frontend's messages that end a request: a simple query, and Sync. */
const query = 'Q';
const sync = 'S';
const parse = 'P';

export type MessagePorts = {
  /** A request, by the text of its statement. */
  request(text: string): 'withhold' | undefined;
  startUp(parameters: Record<string, string>): void;
  /** A statement was prepared under a name. */
  named(name: string): void;
};

/**
 * Splits what a client sends into the messages of PostgreSQL's protocol 3, and tells of each request with the text of
 * its statement. A start-up message has no type; it comes first. Nothing is held back: it only looks.
 */
export class FrontendMessages {
  readonly #ports: MessagePorts;
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  #text = '';

  constructor(ports: MessagePorts) {
    this.#ports = ports;
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
        this.#ports.startUp(parametersOf(message.subarray(8)));
        continue;
      }
      verdict = this.#message(String.fromCharCode(message[0]!), message.subarray(5)) ?? verdict;
    }
  }

  #message(type: string, body: Buffer): 'withhold' | undefined {
    if (type === query) return this.#ports.request(textAt(body, 0));
    if (type === parse) {
      const name = textAt(body, 0);
      if (name !== '') this.#ports.named(name);
      this.#text = textAt(body, body.indexOf(0) + 1);
    }
    if (type !== sync) return undefined;
    const text = this.#text;
    this.#text = '';
    return this.#ports.request(text);
  }
}

function textAt(body: Buffer, from: number): string {
  return body.toString('utf8', from, body.indexOf(0, from));
}

function parametersOf(body: Buffer): Record<string, string> {
  const words = body.toString('utf8').split('\0');
  const pairs = words.flatMap((word, i) =>
    i % 2 === 0 && word !== '' ? [[word, words[i + 1]!]] : [],
  );
  return Object.fromEntries(pairs);
}
