import { type Attempt, type Lease, leaseKey } from '../../domain/partition/attempt.ts';
import { RunningAttempt, type StopReason } from '../attempts/run-attempt.ts';

/** The attempts claimed under one lease token: one slot runs them one after another. */
export class LeaseQueue {
  yielding = false;
  /** Something was unavailable while it ran: it ends with its attempt, and is no probe. */
  backingOff = false;
  #token: string;
  readonly #waiting: Attempt[];
  #running: RunningAttempt | null = null;

  constructor(token: string, attempts: readonly Attempt[]) {
    this.#token = token;
    this.#waiting = [...attempts];
  }

  get token(): string {
    return this.#token;
  }

  /** Every attempt held, started or not: whose leases are to be renewed. */
  *attempts(): Iterable<Attempt> {
    if (this.#running !== null) yield this.#running.attempt;
    yield* this.#waiting;
  }

  next(): Attempt | undefined {
    return this.#waiting.shift();
  }

  /** Runs one attempt: while `execute` goes on, it is held, and can be stopped. */
  async run<T>(attempt: Attempt, execute: (running: RunningAttempt) => Promise<T>): Promise<T> {
    const running = new RunningAttempt(attempt);
    this.#running = running;
    try {
      return await execute(running);
    } finally {
      this.#running = null;
    }
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
   * A lease is lost: the attempt may run elsewhere already. Stops it; one that has not been started
   * is taken out, to be released. Not a later attempt of the same partition under another token.
   * `found` is false where there is nothing to stop.
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
