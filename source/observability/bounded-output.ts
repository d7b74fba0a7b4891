import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Kept while nobody reads: some thousand lines. */
const mostBytes = 1024 * 1024;
/** Between two tries while it is full, and where writing fails, as on a disk that is full. */
const retryMs = { full: 50, failed: 1_000 };
/** How long an end waits for a reader. */
const farewellMs = 500;

export type OutputPorts = {
  /** Writes without waiting: how many bytes it took. Throws EAGAIN where it is full. */
  write(bytes: Buffer): number;
  /** It flows again, and so many lines were left out. */
  dropped(lines: number): void;
};

/**
 * Lines to a file descriptor that never make the process wait, nor end it: what cannot be written is kept, up to 1 MiB, and
 * tried again; what is more is left out and counted. What can be written is written at once.
 */
export class BoundedOutput {
  readonly #ports: OutputPorts;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: OutputPorts) {
    this.#ports = ports;
  }

  /** One line, with its end. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.length > mostBytes) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#timer === null) this.#flush();
  }

  /** Waits a moment for whoever reads slowly: what is said last matters. Nobody who reads not at all is waited for. */
  end(): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const until = performance.now() + farewellMs;
    while (this.#attempt() !== null && performance.now() < until) Atomics.wait(clock, 0, 0, 10);
  }

  #flush(): void {
    this.#timer = null;
    const pause = this.#attempt();
    if (pause !== null) {
      this.#timer = setTimeout(() => this.#flush(), pause);
      this.#timer.unref();
      return;
    }
    const lines = this.#dropped;
    this.#dropped = 0;
    if (lines > 0) this.#ports.dropped(lines);
  }

  /** Writes what there is room for; null when all is out, else when to try again, in milliseconds. */
  #attempt(): number | null {
    try {
      while (this.#waiting.length > 0) {
        const [first] = this.#waiting;
        const written = this.#ports.write(first!);
        this.#bytes -= written;
        if (written === first!.length) this.#waiting.shift();
        else this.#waiting[0] = first!.subarray(written);
      }
      return null;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? retryMs.full : retryMs.failed;
    }
  }
}

/** Writes to stderr that never wait for a reader. */
export function stderrWriter(): OutputPorts['write'] {
  const fd = 2;
  const found = fstatSync(fd);
  // Node's own stream makes a pipe or a socket non-blocking, and is made when it is first asked for.
  if (found.isFIFO() || found.isSocket()) void process.stderr;
  const own = isatty(fd) ? reopened(fd) : fd;
  return (bytes) => writeSync(own, bytes);
}

/** A terminal may be stopped (Ctrl-S): one of our own opening does not wait, and leaves the others' as it is. */
function reopened(fd: number): number {
  try {
    return openSync(
      `/dev/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch {
    return fd;
  }
}
