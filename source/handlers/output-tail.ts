const limit = 64 * 1024;

/** The last 64 KiB of a stream, however much goes through it. */
export class OutputTail {
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > 2 * limit) this.#compact();
  }

  /** Valid UTF-8 that the database can hold: at most 64 KiB, with a note in front where something was dropped. */
  toString(): string {
    this.#compact();
    const note = this.#dropped > 0 ? `… ${this.#dropped} bytes before this were dropped\n` : '';
    let text = Buffer.concat(this.#chunks).toString('utf8').replaceAll('\0', '');
    // Broken sequences grow when they are replaced.
    while (Buffer.byteLength(text) + note.length + 2 > limit)
      text = text.slice(Math.ceil(text.length / 16));
    return note + text;
  }

  /** The last line that is not empty: what a program usually says before it fails. */
  lastLine(): string {
    return this.toString().trimEnd().split('\n').at(-1)?.trim() ?? '';
  }

  #compact(): void {
    if (this.#size <= limit) return;
    const all = Buffer.concat(this.#chunks);
    this.#dropped += all.length - limit;
    this.#chunks = [all.subarray(all.length - limit)];
    this.#size = limit;
  }
}
