import type { Attempt, Lease } from '../../domain/partition/attempt.ts';
import { policy } from '../../domain/policy.ts';
import type { Database } from '../database.ts';

/** Renews the leases of a tenant's attempts, and returns those that are lost (heartbeat.sql). */
export function renewLeases(
  database: Database,
  held: { tenant: string; attempts: readonly Attempt[]; lease_ms: number },
): Promise<Lease[]> {
  const { tenant, attempts, lease_ms } = held;
  return database.call<Lease>(
    'select lost_id as id, lost_token as token from servo_heartbeat_v1($1, $2, $3, $4, $5, $6)',
    [
      tenant,
      [...new Set(attempts.map((attempt) => attempt.job_id))],
      attempts.map((attempt) => attempt.id),
      attempts.map((attempt) => attempt.token),
      lease_ms,
      policy.heartbeat_write_ms,
    ],
  );
}

/** What an external writer left behind has neither token nor owner. */
export type Rescued = { id: string; token: string | null; owner: string | null };

/** Releases the attempts whose leases are lost, and returns these leases (rescue.sql). */
export function rescueJob(
  database: Database,
  rescue: { tenant: string; job: string; actor: string; stale_ms: number },
): Promise<Rescued[]> {
  return database.call<Rescued>(
    'select lost_id as id, lost_token as token, lost_owner as owner from servo_rescue_v1($1, $2, $3, $4, $5)',
    [rescue.tenant, rescue.job, rescue.actor, rescue.stale_ms, policy.max_crashes],
  );
}

/**
 * Decides about a running job that has fewer partitions than it counts and nothing left to run: see
 * migrations/functions/incomplete.sql. Null: there is nothing to decide.
 */
export async function recountJob(
  database: Database,
  recount: { tenant: string; job: string; actor: string; grace_ms: number },
): Promise<'waiting' | 'made' | 'recounted' | 'failed' | null> {
  const [row] = await database.call<{
    decision: 'waiting' | 'made' | 'recounted' | 'failed' | null;
  }>('select servo_recount_v1($1, $2, $3, $4) as decision', [
    recount.tenant,
    recount.job,
    recount.actor,
    recount.grace_ms,
  ]);
  return row?.decision ?? null;
}

/**
 * Refreshes running jobs of these assets that wait with no lease, but for `except` (heartbeat.sql).
 */
export async function refreshWaiting(
  database: Database,
  wait: { tenant: string; assets: readonly string[]; except: readonly string[]; age_ms: number },
): Promise<void> {
  await database.call('select servo_refresh_idle_v1($1, $2, $3, $4)', [
    wait.tenant,
    wait.assets,
    wait.except,
    wait.age_ms,
  ]);
}

export type AttemptLog = { attempt: Attempt; output: string };

export async function storeLogs(
  database: Database,
  tenant: string,
  executor: string,
  logs: readonly AttemptLog[],
): Promise<void> {
  await database.call('select servo_store_logs_v1($1, $2, $3, $4, $5, $6)', [
    tenant,
    executor,
    logs.map((log) => log.attempt.job_id),
    logs.map((log) => log.attempt.partition_key),
    logs.map((log) => log.attempt.attempt),
    logs.map((log) => log.output),
  ]);
}

export async function sampleJobs(
  database: Database,
  tenant: string,
  jobs: readonly string[],
): Promise<void> {
  await database.call('select servo_sample_v1($1, $2)', [tenant, jobs]);
}

/** Expires the leases of dead executors, and returns their ids (dead-executors.sql). */
export async function declareDead(
  database: Database,
  request: { tenant: string; owner: string; silence_ms: number },
): Promise<string[]> {
  const rows = await database.call<{ id: string }>(
    'select servo_declare_dead_v1($1, $2, $3) as id',
    [request.tenant, request.owner, request.silence_ms],
  );
  return rows.map((row) => row.id);
}

/** Records why an executor claims nothing; null: it claims again. */
export async function setHoldReason(
  database: Database,
  author: { tenant: string; executor: string },
  reason: string | null,
): Promise<void> {
  const { tenant, executor } = author;
  await database.write({ tenant, actor: executor }, (query) =>
    query('update backfill_executors set hold_reason = $3 where id = $2 and tenant_id = $1', [
      tenant,
      executor,
      reason,
    ]),
  );
}
