import { periodOfKey } from './partition-key.ts';
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

/**
 * How an attempt ended. `failed` counts and is tried again while attempts are left; `fatal` is failed for
 * good; `later` counts nothing and is due after `delay_ms`; `released` was never started.
 */
export type Outcome =
  | { kind: 'completed' }
  | { kind: 'failed'; message: string }
  | { kind: 'fatal'; message: string }
  | { kind: 'later'; message: string; delay_ms: number }
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
 * Exponential back-off with full jitter: a random time up to base × 2^failures, capped.
 * @param random from 0 to 1
 */
export function backOffMs(failures: number, backOff: BackOff, random: number): number {
  return Math.round(
    random * Math.min(backOff.cap_ms, backOff.base_ms * 2 ** Math.min(failures, 30)),
  );
}

/** What the database keeps of an error: 8,000 characters without the one character that text cannot hold. */
export function keptMessage(message: string): string {
  const text = message.replaceAll('\0', '').trim();
  return text.length > 8000
    ? `${text.slice(0, 7950)} … (${text.length} characters)`
    : text || 'failed without a message';
}
