import type { Job } from '../../domain/job/job.ts';
import type { KeySource } from '../../domain/start/request.ts';
import { ServoError } from '../../errors.ts';
import type { Query } from '../database.ts';
import { codeOf } from '../failure.ts';
import { unfinishedStates } from './unfinished-states.ts';

/** The keys as rows `(key)`. The database generates ranges: a million keys are not sent. */
export function keysOf(keys: KeySource, from: number): { sql: string; values: unknown[] } {
  if ('list' in keys) return { sql: `unnest($${from}::text[]) k (key)`, values: [keys.list] };
  return {
    sql: `servo_partition_keys($${from}, $${from + 1}, $${from + 2}) k (key)`,
    values: [keys.range.first, keys.range.last, keys.range.granularity],
  };
}

const startTimeout = '60s';

/** Locks out other starts until the transaction ends, so that the overlap check holds. */
export async function lockStarts(query: Query, tenant: string, asset: string): Promise<void> {
  const [before] = await query<{ value: string }>(
    `select current_setting('lock_timeout') as value, set_config('lock_timeout', '${startTimeout}', true)`,
  );
  try {
    await query('select servo_lock_v1($1, $2)', [tenant, `start ${asset}`]);
  } catch (error) {
    if (codeOf(error) !== '55P03') throw error;
    throw new ServoError(
      'not_allowed',
      `another start of this asset has been running for ${startTimeout}`,
      {
        hint: 'wait for it, or find its session in pg_stat_activity; then start again',
        cause: error,
      },
    );
  }
  await query(`select set_config('lock_timeout', $1, true)`, [before!.value]);
}

/** A partition `p` that will still run. An external executor retries up to three failures. */
export const openPartition = `(p.state in ('pending', 'running') or (p.state = 'failed' and p.available_at is null and p.attempt_count < 3))`;

export function findUnfinishedJobs(
  query: Query,
  tenant: string,
  asset: string,
): Promise<{ id: string; state: string }[]> {
  return query(
    `select id, state from backfill_jobs
     where asset_id = $2 and tenant_id = $1 and state in (${unfinishedStates})`,
    [tenant, asset],
  );
}

type Overlap = { id: string; state: string; partition_key: string };

/**
 * Keys that unfinished jobs of the asset still have to run. Keys that run in a cancelled job do not
 * count: they are claimed only after that attempt has ended. The jobs are read first: without any,
 * which is usual, a start of a million partitions pays nothing for the check.
 */
export async function findOverlap(
  query: Query,
  tenant: string,
  asset: string,
  keys: KeySource,
  limit: number,
): Promise<Overlap[]> {
  const unfinished = await findUnfinishedJobs(query, tenant, asset);
  if (unfinished.length === 0) return [];
  const source = keysOf(keys, 4);
  return query<Overlap>(
    `with hit as materialized (
       select p.backfill_job_id, p.partition_key
       from ${source.sql} join backfill_partitions p on p.partition_key = k.key
       where p.backfill_job_id = any ($2) and p.tenant_id = $1
         and ${openPartition})
     select j.id, j.state, hit.partition_key from hit join backfill_jobs j on j.id = hit.backfill_job_id
     where j.tenant_id = $1 order by hit.partition_key limit $3`,
    [tenant, unfinished.map((job) => job.id), limit, ...source.values],
  );
}

export type NewJob = Pick<
  Job,
  | 'tenant_id'
  | 'asset_id'
  | 'asset_name'
  | 'idempotency_key'
  | 'execution_strategy'
  | 'partition_start'
  | 'partition_end'
  | 'total_partitions'
  | 'created_by'
  | 'sla_deadline_at'
  | 'priority'
  | 'include_upstream'
  | 'max_upstream_depth'
  | 'state'
  | 'parent_job_id'
  | 'execution_order'
> & {
  /** The job whose partitions it runs again; it inherits that job's `failing` state. */
  follows?: string;
};

/**
 * Writes the job; the caller inserts its partitions in the same transaction. Null if the tenant has
 * a job with that idempotency key. `listKeys`: list the keys in the column partition_keys, else
 * `[]`.
 */
export async function insertJob(
  query: Query,
  job: NewJob,
  keys: KeySource,
  listKeys: boolean,
): Promise<string | null> {
  const source = keysOf(keys, 18);
  const list = listKeys
    ? `(select coalesce(jsonb_agg(key), '[]') from ${source.sql})`
    : `'[]'::jsonb`;
  const [row] = await query<{ id: string }>(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, execution_strategy, partition_start,
       partition_end, total_partitions, created_by, sla_deadline_at, priority, include_upstream, max_upstream_depth, state,
       parent_job_id, execution_order, failing, partitions_made, partition_keys)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
       (select failing from backfill_jobs where id = $17 and tenant_id = $1::varchar), true, ${list})
     on conflict (tenant_id, idempotency_key) do nothing returning id`,
    [
      job.tenant_id,
      job.asset_id,
      job.asset_name,
      job.idempotency_key,
      job.execution_strategy,
      job.partition_start,
      job.partition_end,
      job.total_partitions,
      job.created_by,
      job.sla_deadline_at,
      job.priority,
      job.include_upstream,
      job.max_upstream_depth,
      job.state,
      job.parent_job_id,
      job.execution_order,
      job.follows ?? null,
      ...(listKeys ? source.values : []),
    ],
  );
  return row?.id ?? null;
}

/** The shared schema has no default for a partition's id. */
export async function insertPartitions(
  query: Query,
  tenant: string,
  job: string,
  keys: KeySource,
): Promise<void> {
  const source = keysOf(keys, 3);
  await query(
    `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
     select gen_random_uuid(), $2, $1, key from ${source.sql}`,
    [tenant, job, ...source.values],
  );
}

export type KnownStart = Omit<NewJob, 'state' | 'parent_job_id' | 'execution_order'> & {
  id: string;
};

export async function findStart(
  query: Query,
  tenant: string,
  idempotencyKey: string,
): Promise<KnownStart | null> {
  const [row] = await query<KnownStart>(
    `select id, tenant_id, asset_id, asset_name, idempotency_key, execution_strategy, partition_start, partition_end,
       total_partitions, created_by, sla_deadline_at, priority, include_upstream, max_upstream_depth
     from backfill_jobs where tenant_id = $1 and idempotency_key = $2`,
    [tenant, idempotencyKey],
  );
  return row ?? null;
}

export async function hasKeys(
  query: Query,
  tenant: string,
  job: string,
  keys: KeySource,
): Promise<boolean> {
  const source = keysOf(keys, 3);
  const [row] = await query<{ same: boolean }>(
    `select not exists (select from ${source.sql} full join (
         select partition_key from backfill_partitions where backfill_job_id = $2 and tenant_id = $1) p on p.partition_key = k.key
       where k.key is null or p.partition_key is null) as same`,
    [tenant, job, ...source.values],
  );
  return row!.same;
}
