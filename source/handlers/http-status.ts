import type { Outcome } from '../domain/partition/attempt.ts';
import { delayOf } from './delay.ts';

/** What an endpoint answered, as far as it decides. */
export type Answer = {
  status: number;
  /** The headers Retry-After and Date, where there are any. */
  retry_after?: string;
  date?: string;
};

/**
 * `done`; `busy` and `failing` may work later, and `busy` does not count as a failure; `redirected` and `misconfigured` are the
 * same for every partition until somebody mends the endpoint or its settings; `refused` is this partition's end.
 */
export type Meaning = 'done' | 'redirected' | 'busy' | 'failing' | 'misconfigured' | 'refused';

/**
 * The statuses that say something else than their class. A conflict is most likely an earlier attempt under the same
 * idempotency key that is still at work; 425 is a request that came too early in a TLS session; 501 and 505 are no
 * passing trouble.
 */
const exceptions: Readonly<Record<number, Meaning>> = {
  401: 'misconfigured',
  402: 'misconfigured',
  403: 'misconfigured',
  404: 'misconfigured',
  405: 'misconfigured',
  407: 'misconfigured',
  408: 'failing',
  409: 'failing',
  410: 'misconfigured',
  415: 'misconfigured',
  423: 'failing',
  425: 'failing',
  429: 'busy',
  501: 'misconfigured',
  505: 'misconfigured',
};

const classes: readonly Meaning[] = ['refused', 'done', 'redirected', 'refused', 'failing'];

/**
 * 2xx (202 as well: the endpoint has taken it over) is done. 429 comes back later; 408, 409, 423, 425 and 5xx are
 * failures, tried again while attempts are left; with Retry-After, all of these come back then and count nothing. Redirects are not
 * followed: they, and 401, 403, 404 and their like, are permanent failures, which pause the job when they are repeated. The
 * other 4xx refuse the partition: failed for good.
 */
export function meaningOf(status: number): Meaning {
  return exceptions[status] ?? classes[Math.floor(status / 100) - 1] ?? 'failing';
}

/** @param message what is kept if it is not done @param now by this host's clock, used where the endpoint does not tell its own */
export function outcomeOfAnswer(answer: Answer, message: string, now: Date): Outcome {
  const meaning = meaningOf(answer.status);
  if (meaning === 'done') return { kind: 'completed' };
  if (meaning === 'refused') return { kind: 'fatal', message };
  if (meaning === 'redirected' || meaning === 'misconfigured')
    return { kind: 'failed', message, permanent: true };
  const delay = retryAfterMs(answer, now);
  if (meaning === 'failing' && delay === null) return { kind: 'failed', message };
  return { kind: 'snoozed', message, delay_ms: delayOf(delay) };
}

/**
 * Retry-After in milliseconds: seconds, or an HTTP date, which is read against the endpoint's own clock. Null where it says nothing
 * usable (RFC 9110, 10.2.3).
 */
export function retryAfterMs(answer: Answer, now: Date): number | null {
  const text = answer.retry_after?.trim() ?? '';
  if (/^\d+$/.test(text)) return delayOf(Number(text) * 1000);
  const due = httpDate(text);
  if (due === null) return null;
  return delayOf(due - (httpDate(answer.date ?? '') ?? now.getTime()));
}

function httpDate(text: string): number | null {
  const time = /^[A-Z][a-z]{2,8},? .+/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
