/** What is kept of an attempt's output. */
export const tailBytes = 64 * 1024;

/** The last 64 KiB of a stream, however much goes through it. */
export class OutputTail {
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > 2 * tailBytes) this.#compact();
  }

  toString(): string {
    this.#compact();
    return logText(Buffer.concat(this.#chunks), this.#dropped);
  }

  /** The last line that is not empty: what a program usually says before it fails. */
  lastLine(): string {
    return this.toString().trimEnd().split('\n').at(-1)?.trim() ?? '';
  }

  #compact(): void {
    if (this.#size <= tailBytes) return;
    const all = Buffer.concat(this.#chunks);
    this.#dropped += all.length - tailBytes;
    this.#chunks = [all.subarray(all.length - tailBytes)];
    this.#size = tailBytes;
  }
}

/** Valid UTF-8 that the database can hold: at most 64 KiB, with a note in front where something was dropped. */
export function logText(bytes: Buffer, dropped: number): string {
  const note = dropped > 0 ? `… ${dropped} bytes before this were dropped\n` : '';
  let text = bytes.toString('utf8').replaceAll('\0', '');
  // Broken sequences grow when they are replaced.
  while (Buffer.byteLength(text) + note.length + 2 > tailBytes)
    text = text.slice(Math.ceil(text.length / 16));
  return note + text;
}
