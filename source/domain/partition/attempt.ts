import { periodOfKey } from './key.ts';
import type { Granularity } from './period.ts';

/** One claim of one partition, held under a lease that its token stands for. */
export type Attempt = {
  id: string;
  job_id: string;
  tenant_id: string;
  asset_name: string;
  partition_key: string;
  /** Of the asset; null where it says none: then the key's own shape does. */
  granularity: Granularity | null;
  /** 1 for the first claim; with the token, the fence. */
  attempt: number;
  /** Failures and time-outs before this attempt. */
  failures: number;
  token: string;
};

/** What names a lease: the same partition may run again under another token. */
export type Lease = Pick<Attempt, 'id' | 'token'>;

/** Equal for two attempts exactly where they are held under the same lease. */
export function leaseKey({ id, token }: Lease): string {
  return `${id} ${token}`;
}

/** What is away when an attempt cannot be made; `host`: descriptors, processes or memory. */
export const outageKinds = ['database', 'endpoint', 'program', 'host'] as const;
export type OutageKind = (typeof outageKinds)[number];

/**
 * How an attempt ended. What counts against the partition, and when it is tried again:
 *
 * | kind | counts as | tried again |
 * |---|---|---|
 * | completed | – | never |
 * | failed | a failure | after a back-off, while fewer than max_attempts |
 * | failed, `permanent` | a failure | after a long back-off; repeated, it pauses the job |
 * | fatal | a failure | never |
 * | crashed | a crash: three make a poison partition | after a back-off |
 * | snoozed | nothing | after `delay_ms`, as the handler asked, but never at once |
 * | snoozed, `interrupted` | nothing: we stopped it | at once, under another lease |
 * | unavailable | nothing | when the job's rest on this executor is over, which grows |
 * | released | nothing: it was never started | at once |
 */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'failed'; message: string; permanent?: true }
  | { kind: 'fatal'; message: string; permanent?: true }
  | { kind: 'crashed'; message: string }
  | { kind: 'snoozed'; message: string; delay_ms: number; interrupted?: true }
  | { kind: 'unavailable'; message: string; of: OutageKind }
  | { kind: 'released' };

/** The stable key that an at-least-once handler gives to whatever it calls. */
export function idempotencyKey(attempt: Pick<Attempt, 'job_id' | 'partition_key'>): string {
  return `backfill:${attempt.job_id}:${attempt.partition_key}`;
}

/**
 * What every handler is told of its attempt, whatever its kind. `partition_start` and
 * `partition_end` are ISO 8601 in UTC (`2024-03-10T02:00:00Z`), the end not included; null where
 * the key is no time key.
 */
export function attemptFacts(attempt: Attempt) {
  const period = periodOfKey(attempt.partition_key, attempt.granularity);
  return {
    partition_key: attempt.partition_key,
    partition_start: period?.start ?? null,
    partition_end: period?.end ?? null,
    asset: attempt.asset_name,
    job_id: attempt.job_id,
    attempt: attempt.attempt,
    idempotency_key: idempotencyKey(attempt),
    tenant_id: attempt.tenant_id,
  };
}

export type BackOff = { base_ms: number; cap_ms: number };

/**
 * Exponential back-off in milliseconds: base × 2^failures, capped, of which the upper half is
 * random. So three attempts of the default base of 5 s last at least 7.5 s: with full jitter from
 * 1 s they were over in less than 3.
 * @param random from 0 to 1
 */
export function backOffMs(failures: number, backOff: BackOff, random: number): number {
  const full = Math.min(backOff.cap_ms, backOff.base_ms * 2 ** Math.min(failures, 30));
  return Math.round(full * (0.5 + random / 2));
}

/** What the database keeps of an error: 8,000 characters without the one character that text cannot hold. */
export function keptMessage(message: string): string {
  const text = message.replaceAll('\0', '').trim();
  return text.length > 8000
    ? `${text.slice(0, 7950)} … (${text.length} characters)`
    : text || 'failed without a message';
}
