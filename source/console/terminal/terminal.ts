import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './size.ts';

/** The types lack its file descriptor. */
type Output = WriteStream & {
  fd?: number;
  _refreshSize?: () => void;
  _handle?: { setBlocking?: (on: boolean) => void; close?: () => void };
};

/**
 * Modes that an earlier program may have left on and that would send input: mouse reports and their
 * encodings, focus reports, win32 key events, application cursor keys and keypad, kitty's and
 * xterm's other key encodings. Terminals ignore those they do not know.
 */
const reportsOff = [
  '\x1b[?1;9;1000;1001;1002;1003;1004;1005;1006;1015;1016;9001l',
  '\x1b>',
  '\x1b[<u\x1b[=0u',
  '\x1b[>4;0m',
].join('');

/** Alternate screen, bracketed paste, no cursor, and only keys as input. */
const enter = `\x1b[?1049h${reportsOff}\x1b[?2004h\x1b[?25l\x1b[m\x1b[H`;
/** Undoes `enter` and any style. Harmless when done twice. */
const leave = '\x1b[m\x1b[?2026l\x1b[?2004l\x1b[?25h\x1b[?1049l';

const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;
const lostTerminal = 129;

/** How long a terminal that does not read is waited for. */
const flushMs = 500;
/** Wait before a write without room is tried again, for up to `flushMs`. */
const roomMs = 10;

/** In an orphaned process group a stop is ignored, and no SIGCONT ever comes. */
const unstoppedMs = 500;

export type Ending = { code: number } | { error: unknown };

export type TerminalEvents = {
  /** May be called more than once. */
  end: (ending: Ending) => void;
  suspended: () => void;
  /** The terminal is ours again, with unknown contents. */
  resumed: () => void;
};

/** Takes over the terminal, and restores it on every way out. */
export class Terminal {
  readonly #stdin: ReadStream;
  readonly #stdout: Output;
  readonly #events: TerminalEvents;
  readonly #listeners: (() => void)[] = [];
  #entered = false;
  #wakeTimer: NodeJS.Timeout | null = null;

  constructor(stdin: ReadStream, stdout: Output, events: TerminalEvents) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#events = events;
  }

  start(): void {
    const { end } = this.#events;
    for (const [signal, code] of Object.entries(signals)) {
      this.#listen(process, signal, () => void this.flush().then(() => this.#leaveAnd({ code })));
    }
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      this.#listen(process, event, (error) => this.#leaveAnd({ error }));
    }
    this.#listen(process, 'SIGTSTP', this.#stop);
    this.#listen(process, 'SIGCONT', this.#continue);
    // Last resort: process.exit() from anywhere.
    this.#listen(process, 'exit', () => this.#leave());
    // A closed window or a dead ssh: EIO, EPIPE, or the end of the input.
    this.#listen(this.#stdout, 'error', () => end({ code: lostTerminal }));
    for (const event of ['error', 'end', 'close']) {
      this.#listen(this.#stdin, event, () => end({ code: lostTerminal }));
    }
    this.#enter();
  }

  stop(): void {
    if (this.#wakeTimer !== null) clearTimeout(this.#wakeTimer);
    this.#leave();
    for (const remove of this.#listeners.splice(0)) remove();
  }

  /** Ctrl-Z: stops the whole foreground job, as a shell expects. */
  suspend(): void {
    process.kill(0, 'SIGTSTP');
  }

  readonly #stop = (): void => void this.flush().then(() => this.#stopNow());

  #stopNow(): void {
    this.#leave();
    this.#events.suspended();
    // Without our listener the signal has its default effect.
    process.off('SIGTSTP', this.#stop);
    process.kill(process.pid, 'SIGTSTP');
    this.#wakeTimer = setTimeout(this.#continue, unstoppedMs);
  }

  /** Also after a SIGSTOP, which cannot be caught: the shell has had the terminal meanwhile. */
  readonly #continue = (): void => {
    if (this.#wakeTimer !== null) clearTimeout(this.#wakeTimer);
    this.#wakeTimer = null;
    if (!process.listeners('SIGTSTP').includes(this.#stop)) process.on('SIGTSTP', this.#stop);
    this.#rawMode(false);
    this.#enter();
    // SIGWINCH is sent to the foreground job only: a resize meanwhile went to the shell.
    this.#stdout._refreshSize?.();
    this.#events.resumed();
  };

  /** Raw before the first frame: until then Ctrl-Z and Ctrl-C would be handled by the terminal. */
  #enter(): void {
    this.#entered = true;
    this.#block(false);
    this.#rawMode(true);
    this.#stdout.write(enter);
  }

  /** Synchronous: after this the process may die at any moment. */
  #leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    writeNow(this.#stdout.fd ?? 1, leave);
    this.#rawMode(false);
    // Unread output would appear over the shell's, or never.
    if (this.#unread > 0) this.#giveUp();
    else this.#block(true);
  }

  #giveUp(): void {
    this.#stdout.on('error', () => {});
    this.#stdout._handle?.close?.();
  }

  get #unread(): number {
    return this.#stdout.writableLength ?? 0;
  }

  /** Resolves when the output has been written, or after `flushMs`. */
  async flush(): Promise<void> {
    if (this.#unread === 0 || !this.#entered) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, flushMs);
      this.#stdout.write('', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Node writes to a terminal blocking: one that stops reading would stop this process, signal
   * handlers included. Only the stream's handle can change that.
   */
  #block(on: boolean): void {
    this.#stdout._handle?.setBlocking?.(on);
  }

  #rawMode(on: boolean): void {
    try {
      if (this.#stdin.isTTY) this.#stdin.setRawMode(on);
    } catch {
      // EIO: the terminal is gone.
    }
  }

  #leaveAnd(ending: Ending): void {
    this.#leave();
    this.#events.end(ending);
  }

  #listen(
    emitter: NodeJS.EventEmitter,
    event: string,
    listener: (argument: unknown) => void,
  ): void {
    emitter.on(event, listener);
    this.#listeners.push(() => emitter.off(event, listener));
  }
}

/** Waits for room in a slow terminal, but not for one that does not read. */
function writeNow(fd: number, text: string): void {
  const until = performance.now() + flushMs;
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const full = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      // Any other error: the terminal is gone, and there is nothing to restore.
      if (!full || performance.now() > until) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, roomMs);
    }
  }
}

export function sizeOf({ columns, rows }: { columns: number; rows: number }): Size {
  return { columns: columns || 80, rows: rows || 24 };
}
