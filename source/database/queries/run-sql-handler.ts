import type pg from 'pg';
import { type Attempt, attemptFacts } from '../../domain/partition/attempt.ts';
import type { Database } from '../database.ts';
import { queryHandler } from '../session-settings.ts';
import {
  type BatchPolicy,
  type BatchReply,
  type BatchRow,
  policyRow,
  readReply,
  replyColumns,
} from './report-and-claim.ts';

/**
 * Runs a handler written in SQL and completes its partition in the same transaction, in one
 * message; claims one more partition under the token `next`. Errors: see
 * migrations/functions/sql-handlers.sql.
 */
export async function runSqlHandler(
  client: pg.ClientBase,
  attempt: Attempt,
  sql: string,
  options: { owner: string; next: string | null; lease_ms: number; policy: BatchPolicy },
): Promise<BatchReply> {
  const { partition_start, partition_end } = attemptFacts(attempt);
  const rows = await queryHandler<BatchRow>(
    client,
    `select ${replyColumns} from servo_run_sql_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      attempt.tenant_id,
      attempt.job_id,
      options.owner,
      attempt.asset_name,
      attempt.id,
      attempt.partition_key,
      partition_start ?? '',
      partition_end ?? '',
      attempt.attempt,
      attempt.token,
      sql,
      options.next,
      options.lease_ms,
      policyRow(options.policy),
    ],
  );
  return readReply(rows[0], {
    tenant: attempt.tenant_id,
    job: attempt.job_id,
    asset: attempt.asset_name,
    granularity: attempt.granularity,
  })!;
}

export async function cancelSqlAttempt(database: Database, token: string): Promise<void> {
  await database.call('select pg_cancel_backend(pid) from servo_attempt_backends($1) pid', [token]);
}

export async function sqlAttemptRuns(database: Database, token: string): Promise<boolean> {
  const rows = await database.call('select from servo_attempt_backends($1)', [token]);
  return rows.length > 0;
}
