import { execFile } from 'node:child_process';
import type { Log } from './log.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Sends one message of sd_notify(3), such as `READY=1`. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

/**
 * Node has no Unix datagram sockets, so systemd-notify sends the messages, and the unit needs
 * NotifyAccess=all. Does nothing without NOTIFY_SOCKET.
 */
export class ServiceManager {
  readonly #log: Log;
  readonly #notify: Notify | null;
  /** Milliseconds between watchdog messages: half of the watchdog's timeout. */
  readonly #pauseMs: number | null;
  #timer: NodeJS.Timeout | null = null;
  #failing = false;

  /** @param notify for tests */
  constructor(env: Variables, log: Log, notify: Notify = systemdNotify) {
    this.#log = log;
    this.#notify = env.NOTIFY_SOCKET ? notify : null;
    const mine = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid);
    const interval = Number(env.WATCHDOG_USEC) / 1000;
    this.#pauseMs = mine && interval > 0 ? interval / 2 : null;
  }

  /** Starts the watchdog messages too; they stop when the event loop is blocked. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${status}`);
    if (this.#notify === null || this.#pauseMs === null) return;
    this.#timer = setInterval(() => {
      this.#send('WATCHDOG=1');
    }, this.#pauseMs);
    this.#timer.unref();
  }

  stopping(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#send('STOPPING=1', 'STATUS=draining');
  }

  #send(...assignments: string[]): void {
    this.#notify?.(assignments).then(
      () => {
        this.#failing = false;
      },
      (error) => {
        if (!this.#failing) this.#log.warn(`cannot notify systemd: ${error.message}`);
        this.#failing = true;
      },
    );
  }
}

function systemdNotify(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', [...assignments], { timeout: 10_000 }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}
