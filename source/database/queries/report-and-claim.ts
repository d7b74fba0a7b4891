import { strategyDefaults } from '../../domain/job/strategy.ts';
import type { Attempt, Outcome } from '../../domain/partition/attempt.ts';
import { failureFingerprint } from '../../domain/partition/failure-fingerprint.ts';
import type { Granularity } from '../../domain/partition/period.ts';
import { policy } from '../../domain/policy.ts';
import { composite, composites } from '../composite.ts';
import type { Database } from '../database.ts';

export type Report = {
  attempt: Attempt;
  outcome: Outcome;
  duration_ms: number;
  /** How long until it is tried again, if it is. */
  delay_ms: number;
  /** How long it kept its slot, with what passed since the slot's attempt before; null: unknown. */
  slot_ms?: number | null;
};

export type Opening = {
  token: string;
  /** The token of the lease queue that it replaces, or null. */
  replaces: string | null;
  /** When its slot was free for it (monotonic); not sent. */
  since?: number;
};

export type BatchPolicy = { max_attempts?: number; timeout_ms?: number; pause_at?: number };

export type Batch = {
  tenant: string;
  job: string;
  asset: string;
  granularity: Granularity | null;
  owner: string;
  reports: readonly Report[];
  closing: readonly string[];
  opening: readonly Opening[];
  per_queue: number;
  lease_ms: number;
  policy?: BatchPolicy;
};

export type BatchReply = {
  state: string;
  leases: number;
  max_parallel: number;
  timeout_ms: number;
  average_ms: number | null;
  /** Indexes of the reports that count; the leases of the others were lost. */
  accepted: ReadonlySet<number>;
  claimed: Attempt[];
  /** If nothing was claimed: when the next partition in back-off or snoozed is due. */
  due_in_ms: number | null;
};

/** The reply of servo_report_and_claim_v1 and servo_run_sql_v1; all null if the job is gone. */
export type BatchRow = {
  job_state: string | null;
  leases: number;
  max_parallel: number;
  timeout_ms: number;
  average_ms: number | null;
  /** Positions in the reports, from 1. */
  accepted: number[] | null;
  claimed: Pick<Attempt, 'id' | 'partition_key' | 'attempt' | 'failures' | 'token'>[] | null;
  due_in_ms: number | null;
};

/** Of a servo_reply_v1. The attempts as JSON, which is read faster than an array of records. */
export const replyColumns =
  'job_state, leases, max_parallel, timeout_ms, average_ms, accepted, to_json(claimed) as claimed, due_in_ms';

export function policyRow({ max_attempts, timeout_ms, pause_at }: BatchPolicy = {}): string {
  return composite([
    max_attempts ?? strategyDefaults.max_attempts,
    timeout_ms ?? strategyDefaults.timeout_ms,
    pause_at ?? null,
    policy.max_crashes,
    policy.heartbeat_write_ms,
    policy.stale_ms,
    policy.incomplete_poll_ms,
  ]);
}

/**
 * One batch, in one message and one transaction: see migrations/functions/report-and-claim.sql.
 * Null if the job is gone.
 */
export async function reportAndClaim(database: Database, batch: Batch): Promise<BatchReply | null> {
  const [row] = await database.call<BatchRow>(
    `select ${replyColumns} from servo_report_and_claim_v1($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      batch.tenant,
      batch.job,
      batch.owner,
      composites(batch.reports.map(reportRow)),
      batch.closing,
      composites(batch.opening.map(({ token, replaces }) => [token, replaces])),
      batch.per_queue,
      batch.lease_ms,
      policyRow(batch.policy),
    ],
  );
  return readReply(row, batch);
}

function reportRow({ attempt, outcome, duration_ms, delay_ms, slot_ms }: Report) {
  return [
    attempt.id,
    attempt.attempt,
    attempt.token,
    outcome.kind,
    Math.round(duration_ms),
    Math.round(delay_ms),
    'message' in outcome ? outcome.message : null,
    'permanent' in outcome && outcome.permanent ? failureFingerprint(outcome.message) : null,
    slot_ms == null ? null : Math.round(slot_ms),
  ];
}

export function readReply(
  row: BatchRow | undefined,
  { job, tenant, asset, granularity }: Pick<Batch, 'tenant' | 'job' | 'asset' | 'granularity'>,
): BatchReply | null {
  if (row === undefined || row.job_state === null) return null;
  const { job_state: state, accepted, claimed, ...figures } = row;
  return {
    ...figures,
    state,
    accepted: new Set((accepted ?? []).map((position) => position - 1)),
    // Field by field: a spread of five hundred attempts took ten times as long.
    claimed: (claimed ?? []).map(({ id, partition_key, attempt, failures, token }) => ({
      id,
      job_id: job,
      tenant_id: tenant,
      asset_name: asset,
      granularity,
      partition_key,
      attempt,
      failures,
      token,
    })),
  };
}
