import type { Attempt } from '../../domain/attempt.ts';
import type { Database } from '../database.ts';

/** Takes back the attempts of a job whose leases are gone: see migrations/functions/rescue.sql. Returns how many. */
export async function rescueJob(
  database: Database,
  rescue: { tenant: string; job: string; actor: string; stale_ms: number },
): Promise<number> {
  const [row] = await database.call<{ rescued: number }>(
    'select servo_rescue_v1($1, $2, $3, $4) as rescued',
    [rescue.tenant, rescue.job, rescue.actor, rescue.stale_ms],
  );
  return row?.rescued ?? 0;
}

export type AttemptLog = { attempt: Attempt; output: string };

export async function keepLogs(
  database: Database,
  tenant: string,
  executor: string,
  logs: readonly AttemptLog[],
): Promise<void> {
  await database.call('select servo_keep_logs_v1($1, $2, $3, $4, $5, $6)', [
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

/** Expires the leases of executors that have died, and names them: see migrations/functions/dead-executors.sql. */
export async function judgeExecutors(
  database: Database,
  judge: { tenant: string; owner: string; silence_ms: number },
): Promise<string[]> {
  const rows = await database.call<{ id: string }>('select servo_judge_v1($1, $2, $3) as id', [
    judge.tenant,
    judge.owner,
    judge.silence_ms,
  ]);
  return rows.map((row) => row.id);
}

/** Writes down why an executor claims nothing, or that it claims again. */
export async function setHeldReason(
  database: Database,
  author: { tenant: string; executor: string },
  reason: string | null,
): Promise<void> {
  const { tenant, executor } = author;
  await database.write({ tenant, actor: executor }, (query) =>
    query('update backfill_executors set held_reason = $3 where id = $2 and tenant_id = $1', [
      tenant,
      executor,
      reason,
    ]),
  );
}
