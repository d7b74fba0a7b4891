import { tailBytes } from './output-tail.ts';

const progressBytes = 512;
const headerBytes = 32;

/**
 * The log of an attempt in a thread, in shared memory: its tail survives any end of the thread, and
 * output costs no messages. The thread writes; the executor reads after the attempt.
 */
export class SharedLog {
  readonly buffer: SharedArrayBuffer;
  readonly #counts: Int32Array;
  readonly #total: BigInt64Array;
  readonly #progress: Buffer;
  readonly #ring: Buffer;

  constructor(
    buffer: SharedArrayBuffer = new SharedArrayBuffer(headerBytes + progressBytes + tailBytes),
  ) {
    this.buffer = buffer;
    this.#counts = new Int32Array(buffer, 0, 2);
    this.#total = new BigInt64Array(buffer, 8, 1);
    this.#progress = Buffer.from(buffer, headerBytes, progressBytes);
    this.#ring = Buffer.from(buffer, headerBytes + progressBytes, tailBytes);
  }

  get thread(): number {
    return Atomics.load(this.#counts, 0);
  }

  set thread(id: number) {
    Atomics.store(this.#counts, 0, id);
  }

  get progress(): string {
    return this.#progress.toString('utf8', 0, Atomics.load(this.#counts, 1));
  }

  set progress(text: string) {
    // Buffer.write stores whole characters only.
    Atomics.store(this.#counts, 1, this.#progress.write(text.slice(0, progressBytes)));
  }

  write(text: string | Uint8Array): void {
    const kept = Buffer.from(text.length > tailBytes ? text.slice(-tailBytes) : text).subarray(
      -tailBytes,
    );
    // Only the end of a long text is encoded: the whole would double its memory.
    const end = this.#written + Buffer.byteLength(text);
    const start = (end - kept.length) % tailBytes;
    const first = kept.copy(this.#ring, start);
    kept.copy(this.#ring, 0, first);
    Atomics.store(this.#total, 0, BigInt(end));
  }

  /** The last bytes, and the number of bytes dropped before them. */
  read(): { bytes: Buffer; dropped: number } {
    const end = this.#written;
    if (end <= tailBytes) return { bytes: Buffer.from(this.#ring.subarray(0, end)), dropped: 0 };
    const start = end % tailBytes;
    const bytes = Buffer.concat([this.#ring.subarray(start), this.#ring.subarray(0, start)]);
    return { bytes, dropped: end - tailBytes };
  }

  get #written(): number {
    return Number(Atomics.load(this.#total, 0));
  }
}
