import { periodOfKey } from './key.ts';
import type { Granularity } from './period.ts';

/** One claim of one partition under a lease; its token is the fencing token. */
export type Attempt = {
  id: string;
  job_id: string;
  tenant_id: string;
  asset_name: string;
  partition_key: string;
  /** Of the asset; null: unknown, the key's shape decides. */
  granularity: Granularity | null;
  /** 1 for the first claim. */
  attempt: number;
  failures: number;
  token: string;
};

/** Identifies a lease: the same partition may run again under another token. */
export type Lease = Pick<Attempt, 'id' | 'token'>;

export function leaseKey({ id, token }: Lease): string {
  return `${id} ${token}`;
}

/** What is unavailable; `host`: file descriptors, processes or memory. */
export const outageKinds = ['database', 'endpoint', 'program', 'host'] as const;
export type OutageKind = (typeof outageKinds)[number];

/**
 * How an attempt ended, how it counts, and when the partition is tried again.
 *
 * | kind | counts as | next attempt |
 * |---|---|---|
 * | completed | – | none |
 * | failed | a failure | after a back-off, below max_attempts |
 * | failed, `permanent` | a failure | after a long back-off; repeated, it pauses the job |
 * | fatal | a failure | none |
 * | crashed | a crash: three make a poison partition | after a back-off |
 * | snoozed | nothing | after the handler's `delay_ms`, with a minimum |
 * | snoozed, `interrupted` | nothing: we stopped it | immediately, under another lease |
 * | unavailable | nothing | when the job's growing back-off on this executor ends |
 * | released | nothing: it was never started | immediately |
 */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'failed'; message: string; permanent?: true }
  | { kind: 'fatal'; message: string; permanent?: true }
  | { kind: 'crashed'; message: string }
  | { kind: 'snoozed'; message: string; delay_ms: number; interrupted?: true }
  | { kind: 'unavailable'; message: string; of: OutageKind }
  | { kind: 'released' };

/** Stable over attempts, for the systems that an at-least-once handler calls. */
export function idempotencyKey(attempt: Pick<Attempt, 'job_id' | 'partition_key'>): string {
  return `backfill:${attempt.job_id}:${attempt.partition_key}`;
}

/**
 * Passed to every kind of handler. `partition_start` and `partition_end` (exclusive) are ISO 8601
 * in UTC (`2024-03-10T02:00:00Z`); null if the key is no time key.
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

export function backOffMs(failures: number, backOff: BackOff, random: number): number {
  const full = Math.min(backOff.cap_ms, backOff.base_ms * 2 ** Math.min(failures, 30));
  return Math.round(full * (0.5 + random / 2));
}

/** An error as the database stores it: at most 8,000 characters, without NUL. */
export function keptMessage(message: string): string {
  const text = message.replaceAll('\0', '').trim();
  return text.length > 8000
    ? `${text.slice(0, 7950)} … (${text.length} characters)`
    : text || 'failed without a message';
}
