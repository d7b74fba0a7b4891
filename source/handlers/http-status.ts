import type { Outcome } from '../domain/partition/attempt.ts';
import { delayOf } from './delay.ts';

export type Answer = {
  status: number;
  /** The header Retry-After; below it, Date. */
  retry_after?: string;
  date?: string;
};

/**
 * `busy` and `failing` are retried, and `busy` counts nothing. `redirected` and `misconfigured` hit
 * every partition until the endpoint or its settings are fixed. `refused` fails this partition
 * without a retry.
 */
export type Meaning = 'done' | 'redirected' | 'busy' | 'failing' | 'misconfigured' | 'refused';

/**
 * Statuses that differ from their class. A conflict is most likely an earlier attempt with the same
 * idempotency key that still runs; 425 is a request too early in a TLS session; 501 and 505 do not
 * go away by retrying.
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
 * 2xx is done, 202 too. 429 is snoozed; 408, 409, 423, 425 and 5xx are failures, or snoozed if
 * there is a Retry-After. Redirects (not followed), 401, 403, 404 and similar are permanent
 * failures, which pause the job when repeated. Other 4xx fail the partition without a retry.
 */
export function meaningOf(status: number): Meaning {
  return exceptions[status] ?? classes[Math.floor(status / 100) - 1] ?? 'failing';
}

/**
 * @param message stored if the outcome is not `completed`
 * @param now this host's clock, used if the response has no Date
 */
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
 * Retry-After in milliseconds, from seconds or an HTTP date; a date is compared with the endpoint's
 * own clock. Null if it is missing or invalid (RFC 9110, 10.2.3).
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
