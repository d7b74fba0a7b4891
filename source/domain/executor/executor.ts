import type { OutageKind } from '../partition/attempt.ts';

/** A row of backfill_executors, and what it runs for the tenant. */
export type ExecutorRow = {
  id: string;
  host: string;
  pid: number;
  version: string;
  slots: number;
  /** The assets that it can run at this moment. */
  handlers: string[];
  /** A hash of its handler directory, as it read it when it started; null of an older program. */
  catalogue: string | null;
  /** What is away for its handlers, for this tenant, the longest first. */
  outages: { asset: string; kind: OutageKind; message: string; since: Date }[];
  started_at: Date;
  seen_at: Date;
  hold_reason: string | null;
  draining_at: Date | null;
  lost_at: Date | null;
  stopped_at: Date | null;
  /** Slots that run something of this tenant. */
  slots_busy: number;
  /** What they run, the longest first, at most 100. */
  running: {
    job_id: string;
    asset_name: string;
    partition_key: string;
    attempt: number;
    started_at: Date;
  }[];
};

/** silent: no sign of life for 10 s, and not found dead (yet, or through a pooler, where only leases tell). */
export const executorStates = ['alive', 'draining', 'held', 'silent', 'lost', 'stopped'] as const;
export type ExecutorState = (typeof executorStates)[number];

export type ExecutorView = ExecutorRow & { state: ExecutorState; state_since: Date };

/** Of a tenant's executors, as far as they have not gone: `silent` may be frozen, or cut off. */
export type ExecutorCounts = { alive: number; silent: number };

export type ExecutorList = { as_of: Date; tenant_id: string; executors: ExecutorView[] };

const silenceMs = 10_000;

export function viewExecutor(row: ExecutorRow, asOf: Date): ExecutorView {
  const { stopped_at, lost_at, draining_at, seen_at, hold_reason, started_at } = row;
  const as = (state: ExecutorState, state_since: Date) => ({ ...row, state, state_since });
  if (stopped_at !== null) return as('stopped', stopped_at);
  if (lost_at !== null) return as('lost', lost_at);
  if (asOf.getTime() - seen_at.getTime() > silenceMs) return as('silent', seen_at);
  if (draining_at !== null) return as('draining', draining_at);
  return as(hold_reason === null ? 'alive' : 'held', started_at);
}
