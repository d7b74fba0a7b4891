import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Buffered while stderr is blocked: several thousand lines. */
const maxBytes = 1024 * 1024;
/** Milliseconds between tries: while the pipe is full, and while writing fails (disk full). */
const retryMs = { full: 50, failed: 1_000 };
/** How long `end` waits for a reader. */
const endTimeoutMs = 500;

type OutputPorts = {
  /** Writes without blocking and returns the number of bytes. Throws EAGAIN when full. */
  write(bytes: Buffer): number;
  /** Called when output flows again after `lines` lines were dropped. */
  dropped(lines: number): void;
};

/**
 * Lines to a file descriptor that never block or end the process: up to 1 MiB is buffered and
 * retried, further lines are dropped and counted.
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

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.length > maxBytes) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#timer === null) this.#flush();
  }

  /** Waits up to 500 ms for a slow reader, so that the last lines are not lost. */
  end(): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const until = performance.now() + endTimeoutMs;
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

  /** Writes what fits; null when all is written, else milliseconds until the next try. */
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

export function stderrWriter(): OutputPorts['write'] {
  const fd = 2;
  const found = fstatSync(fd);
  // Node makes a pipe or a socket non-blocking when its stream is first used.
  if (found.isFIFO() || found.isSocket()) void process.stderr;
  const own = isatty(fd) ? reopened(fd) : fd;
  return (bytes) => writeSync(own, bytes);
}

/** A stopped terminal (Ctrl-S) would block; O_NONBLOCK on a copy leaves other processes alone. */
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
