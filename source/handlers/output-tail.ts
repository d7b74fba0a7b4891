/** Most bytes of an attempt's output that are stored. */
export const tailBytes = 64 * 1024;

/** The last 64 KiB of a stream, in bounded memory. */
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

  /** The last line that is not empty: usually the error of a program. */
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

/** Valid UTF-8 without NUL, at most 64 KiB, beginning with a note if bytes were dropped. */
export function logText(bytes: Buffer, dropped: number): string {
  const note = dropped > 0 ? `… ${dropped} earlier bytes were dropped\n` : '';
  let text = bytes.toString('utf8').replaceAll('\0', '');
  // Replacing an invalid byte makes the text longer.
  while (Buffer.byteLength(text) + note.length + 2 > tailBytes)
    text = text.slice(Math.ceil(text.length / 16));
  return note + text;
}
