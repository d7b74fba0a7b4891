import { writeSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';

/** Its file descriptor is there, but not in the types. */
type Output = WriteStream & { fd?: number };

/** Alternate screen, bracketed paste, no cursor. */
const enter = '\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[H';
/** The same undone, and whatever style was on. Harmless when done twice. */
const leave = '\x1b[m\x1b[?2026l\x1b[?2004l\x1b[?25h\x1b[?1049l';

/** Ways out that somebody else decides on, and the exit codes that shells expect of them. */
const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;
const lostTerminal = 129;

export type Ending = { code: number } | { error: unknown };

/** Takes the terminal over, and gives it back as it was on every way out. */
export class Terminal {
  readonly #stdin: ReadStream;
  readonly #stdout: Output;
  readonly #end: (ending: Ending) => void;
  readonly #listeners: (() => void)[] = [];
  #entered = false;

  /** `end` is called, once or more often, when the console has to end for a reason outside of it. */
  constructor(stdin: ReadStream, stdout: Output, end: (ending: Ending) => void) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#end = end;
  }

  start(): void {
    for (const [signal, code] of Object.entries(signals)) {
      this.#listen(process, signal, () => this.#leaveAnd({ code }));
    }
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      this.#listen(process, event, (error) => this.#leaveAnd({ error }));
    }
    // The last net: process.exit() from anywhere.
    this.#listen(process, 'exit', () => this.leave());
    // A closed window or a dead ssh: EIO, EPIPE, or the end of the input.
    this.#listen(this.#stdout, 'error', () => this.#end({ code: lostTerminal }));
    for (const event of ['error', 'end', 'close']) {
      this.#listen(this.#stdin, event, () => this.#end({ code: lostTerminal }));
    }
    this.enter();
  }

  stop(): void {
    this.leave();
    for (const remove of this.#listeners.splice(0)) remove();
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#stdout.write(enter);
  }

  /** Synchronously: after this the process may die at any moment. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    try {
      writeSync(this.#stdout.fd ?? 1, leave);
    } catch {
      // The terminal is gone: there is nothing left to restore.
    }
    this.#rawMode(false);
  }

  /**
   * Ctrl-Z: gives the terminal back and stops the whole foreground job, as a shell expects.
   * `woken` is called when it runs again, at once where nobody is there to stop it for.
   */
  suspend(woken: () => void): void {
    this.leave();
    let back = false;
    const wake = () => {
      if (back) return;
      back = true;
      process.off('SIGCONT', wake);
      this.enter();
      this.#rawMode(true);
      woken();
    };
    process.on('SIGCONT', wake);
    process.kill(0, 'SIGTSTP');
    // In an orphaned process group the stop is ignored, and no SIGCONT ever comes.
    setTimeout(wake, 500);
  }

  #rawMode(on: boolean): void {
    try {
      if (this.#stdin.isTTY) this.#stdin.setRawMode(on);
    } catch {
      // EIO: the terminal is gone.
    }
  }

  #leaveAnd(ending: Ending): void {
    this.leave();
    this.#end(ending);
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
