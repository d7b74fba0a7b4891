import type { Attempt, Outcome } from '../../domain/partition/attempt.ts';
import { failurePrint } from '../../domain/partition/failure-print.ts';
import type { Granularity } from '../../domain/partition/period.ts';
import type { Database } from '../database.ts';

export type Report = {
  attempt: Attempt;
  outcome: Outcome;
  /** Time the handler took, in milliseconds, by the monotonic clock. */
  duration_ms: number;
  /** How long until it is tried again, if it is. */
  delay_ms: number;
};

export type Opening = {
  /** Chosen before the message is sent: the same message again gives the same attempts. */
  token: string;
  /** The token that this lane held until now, or null for a new lane. */
  replaces: string | null;
};

/** What the executor says of a job's asset and of its own flags; see p_policy in migrations/functions/report-and-claim.sql. */
export type BatchPolicy = { max_attempts?: number; timeout_ms?: number; pause_at?: number };

export type Batch = {
  tenant: string;
  job: string;
  asset: string;
  /** Of the asset, for the attempts that are claimed. */
  granularity: Granularity | null;
  owner: string;
  reports: readonly Report[];
  closing: readonly string[];
  opening: readonly Opening[];
  /** Attempts for each lane, at most. */
  want: number;
  lease_ms: number;
  policy?: BatchPolicy;
};

export type BatchReply = {
  /** State of the job after the step. */
  state: string;
  lanes: number;
  max_parallel: number;
  timeout_ms: number;
  average_ms: number | null;
  /** Indexes of the request's reports that count; the leases of the others were lost. */
  accepted: ReadonlySet<number>;
  /** The new attempts, by the token of their lane. */
  claimed: Attempt[];
  /** When the next handed-back partition is due, where nothing was claimed. */
  due_in_ms: number | null;
};

/** What servo_report_and_claim_v1 and servo_run_sql_v1 answer. */
export type BatchRow = {
  job_state: string | null;
  lanes: number;
  max_parallel: number;
  timeout_ms: number;
  average_ms: number | null;
  /** Positions in the reports, from 1. */
  accepted: number[] | null;
  ids: string[] | null;
  keys: string[] | null;
  attempts: number[] | null;
  failures: number[] | null;
  tokens: string[] | null;
  due_in_ms: number | null;
};

const columns =
  'job_state, lanes, max_parallel, timeout_ms, average_ms, accepted, ids, keys, attempts, failures, tokens, due_in_ms';

/** One step, in one message and one transaction: see migrations/functions/report-and-claim.sql. Null if the job is gone. */
export async function reportAndClaim(database: Database, request: Batch): Promise<BatchReply | null> {
  const { reports } = request;
  const [row] = await database.call<BatchRow>(
    `select ${columns} from servo_report_and_claim_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      request.tenant,
      request.job,
      request.owner,
      reports.map((report) => report.attempt.id),
      reports.map((report) => report.attempt.attempt),
      reports.map((report) => report.attempt.token),
      reports.map((report) => report.outcome.kind),
      reports.map((report) => Math.round(report.duration_ms)),
      reports.map((report) => Math.round(report.delay_ms)),
      reports.map((report) => ('message' in report.outcome ? report.outcome.message : null)),
      request.closing,
      request.opening.map((lane) => lane.replaces),
      request.opening.map((lane) => lane.token),
      request.want,
      request.lease_ms,
      reports.map(({ outcome }) =>
        'permanent' in outcome && outcome.permanent ? failurePrint(outcome.message) : null,
      ),
      JSON.stringify(request.policy ?? {}),
    ],
  );
  return readReply(row, request);
}

export function readReply(
  row: BatchRow | undefined,
  request: Pick<Batch, 'tenant' | 'job' | 'asset' | 'granularity'>,
): BatchReply | null {
  if (row === undefined || row.job_state === null) return null;
  return {
    state: row.job_state,
    lanes: row.lanes,
    max_parallel: row.max_parallel,
    timeout_ms: row.timeout_ms,
    average_ms: row.average_ms,
    accepted: new Set((row.accepted ?? []).map((position) => position - 1)),
    claimed: (row.ids ?? []).map((id, i) => ({
      id,
      job_id: request.job,
      tenant_id: request.tenant,
      asset_name: request.asset,
      granularity: request.granularity,
      partition_key: row.keys![i]!,
      attempt: row.attempts![i]!,
      failures: row.failures![i]!,
      token: row.tokens![i]!,
    })),
    due_in_ms: row.due_in_ms,
  };
}
