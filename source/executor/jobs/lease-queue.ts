import { type Attempt, type Lease, leaseKey } from '../../domain/partition/attempt.ts';
import { RunningAttempt, type StopReason } from '../attempts/run-attempt.ts';

/** The attempts claimed under one lease token; one slot runs them in order. */
export class LeaseQueue {
  yielding = false;
  /** Something was unavailable: the queue ends with its attempt, and is not a probe. */
  backingOff = false;
  #token: string;
  readonly #waiting: Attempt[];
  #running: RunningAttempt | null = null;
  /** Since when the slot is kept for the next attempt to end (monotonic). */
  #since: number;

  constructor(token: string, attempts: readonly Attempt[], since: number) {
    this.#since = since;
    this.#token = token;
    this.#waiting = [...attempts];
  }

  get token(): string {
    return this.#token;
  }

  /** All claimed attempts, started or not, whose leases are to be renewed. */
  *attempts(): Iterable<Attempt> {
    if (this.#running !== null) yield this.#running.attempt;
    yield* this.#waiting;
  }

  next(): Attempt | undefined {
    return this.#waiting.shift();
  }

  /** Runs one attempt, which counts as claimed and can be stopped until `execute` returns. */
  async run<T>(attempt: Attempt, execute: (running: RunningAttempt) => Promise<T>): Promise<T> {
    const running = new RunningAttempt(attempt);
    this.#running = running;
    try {
      return await execute(running);
    } finally {
      this.#running = null;
    }
  }

  /** How long the slot was kept for the attempt that has just ended. */
  keptMs(): number {
    const [now, since] = [performance.now(), this.#since];
    this.#since = now;
    return now - since;
  }

  renew(token: string, attempts: readonly Attempt[]): void {
    this.#token = token;
    this.#waiting.push(...attempts);
  }

  release(): Attempt[] {
    return this.#waiting.splice(0);
  }

  stop(reason: StopReason): void {
    this.#running?.stop(reason);
  }

  /**
   * Stops the attempt of a lost lease, or returns it in `released` if it was not started. Does not
   * affect a later attempt of the partition under another token. `found`: there was one to stop.
   */
  lose(lease: Lease): { found: boolean; released: Attempt[] } {
    const key = leaseKey(lease);
    const running = this.#running;
    const stopped =
      running !== null && running.stopped === null && leaseKey(running.attempt) === key;
    if (stopped) running.stop({ why: 'lost' });
    const at = this.#waiting.findIndex((attempt) => leaseKey(attempt) === key);
    const released = at < 0 ? [] : this.#waiting.splice(at, 1);
    return { found: stopped || released.length > 0, released };
  }
}
