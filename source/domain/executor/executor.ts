import type { OutageKind } from '../partition/attempt.ts';
import { policy } from '../policy.ts';

export type ExecutorRow = {
  id: string;
  host: string;
  pid: number;
  version: string;
  slots: number;
  handlers: string[];
  /** Hash of its handler directory at its start; null from an older program. */
  catalogue: string | null;
  /** Outages of its handlers for this tenant, the longest first. */
  outages: { asset: string; kind: OutageKind; message: string; since: Date }[];
  started_at: Date;
  seen_at: Date;
  hold_reason: string | null;
  draining_at: Date | null;
  lost_at: Date | null;
  stopped_at: Date | null;
  slots_busy: number;
  /** The longest first, at most 100. */
  running: {
    job_id: string;
    asset_name: string;
    partition_key: string;
    attempt: number;
    started_at: Date;
  }[];
};

/**
 * silent: no sign of life for 10 s and not declared dead. Behind a pooler only expired leases show
 * a death.
 */
export const executorStates = [
  'alive',
  'draining',
  'on_hold',
  'silent',
  'lost',
  'stopped',
] as const;
export type ExecutorState = (typeof executorStates)[number];

export type ExecutorView = ExecutorRow & { state: ExecutorState; state_since: Date };

export type ExecutorCounts = { alive: number; silent: number };

export type ExecutorList = { as_of: Date; tenant_id: string; executors: ExecutorView[] };

export function viewExecutor(row: ExecutorRow, asOf: Date): ExecutorView {
  const { stopped_at, lost_at, draining_at, seen_at, hold_reason, started_at } = row;
  const as = (state: ExecutorState, state_since: Date) => ({ ...row, state, state_since });
  if (stopped_at !== null) return as('stopped', stopped_at);
  if (lost_at !== null) return as('lost', lost_at);
  if (asOf.getTime() - seen_at.getTime() > policy.alive_ms) return as('silent', seen_at);
  if (draining_at !== null) return as('draining', draining_at);
  return as(hold_reason === null ? 'alive' : 'on_hold', started_at);
}
