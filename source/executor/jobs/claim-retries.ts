import { jittered } from '../settings.ts';

const firstMs = 50;
const longestMs = 1_000;

/** Jobs whose claim failed for a short time, whose end sends no notification. */
export class ClaimRetries {
  readonly #longestMs: number;
  /** Number of tries, and when the next is due (monotonic). */
  readonly #jobs = new Map<string, { tries: number; until: number }>();
  #next = Number.POSITIVE_INFINITY;

  constructor(pollMs: number) {
    this.#longestMs = Math.min(longestMs, pollMs);
  }

  /**
   * When the next job is due of those passed to `isWaiting` or `postpone` since `begin`
   * (monotonic).
   */
  get next(): number {
    return this.#next;
  }

  begin(): void {
    this.#next = Number.POSITIVE_INFINITY;
  }

  isWaiting(job: string, now: number): boolean {
    const until = this.#jobs.get(job)?.until ?? 0;
    if (until <= now) return false;
    this.#next = Math.min(this.#next, until);
    return true;
  }

  postpone(job: string): void {
    const tries = (this.#jobs.get(job)?.tries ?? -1) + 1;
    const until = performance.now() + jittered(Math.min(firstMs * 2 ** tries, this.#longestMs));
    this.#jobs.set(job, { tries: Math.min(tries, 10), until });
    this.#next = Math.min(this.#next, until);
  }

  delete(job: string): void {
    this.#jobs.delete(job);
  }

  keep(jobs: ReadonlySet<string>): void {
    for (const job of this.#jobs.keys()) if (!jobs.has(job)) this.#jobs.delete(job);
  }

  reset(): void {
    for (const one of this.#jobs.values()) one.until = 0;
  }
}
