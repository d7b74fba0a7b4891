import { execFile } from 'node:child_process';
import type { Log } from './log.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Tells systemd one message of sd_notify(3): `READY=1`. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

/**
 * What systemd wants to know of a service of Type=notify: that it is ready, that it is stopping, and, with WatchdogSec=, that it is
 * well. Node has no Unix datagram sockets, so systemd-notify says it, as a child, for which the unit needs NotifyAccess=all. Without
 * NOTIFY_SOCKET all of it does nothing.
 */
export class ServiceManager {
  readonly #log: Log;
  readonly #notify: Notify | null;
  /** Between two signs of life: a half of what the watchdog waits for, in milliseconds. */
  readonly #pauseMs: number | null;
  #timer: NodeJS.Timeout | null = null;
  /** Signs of life may be due many times a second: a failure that goes on is logged once. */
  #failing = false;

  /** @param notify for tests */
  constructor(env: Variables, log: Log, notify: Notify = systemdNotify) {
    this.#log = log;
    this.#notify = env.NOTIFY_SOCKET ? notify : null;
    const mine = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid);
    const interval = Number(env.WATCHDOG_USEC) / 1000;
    this.#pauseMs = mine && interval > 0 ? interval / 2 : null;
  }

  /** From now on it gives signs of life: it stops when this process does, or does nothing but one thing. */
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
