import { type Asset, readGranularity } from '../../domain/start/asset.ts';
import type { KeySource } from '../../domain/start/request.ts';
import type { Query } from '../database.ts';
import type { NewJob } from './create-job.ts';

/**
 * A job of `backfill_jobs j` with include_upstream and no upstream jobs yet; ours have them from
 * the start. Rows are probed one by one: PostgreSQL makes a hash of all jobs for `not exists`
 * (100,000 waiting jobs and 200 assets: a sequential scan).
 */
export const unexpanded = `j.state = 'pending' and j.include_upstream and j.started_at is null and j.upstream_job_count = 0
  and (select u.job_id from backfill_upstreams u where u.job_id = j.id limit 1) is null
  and (select c.id from backfill_jobs c where c.parent_job_id = j.id limit 1) is null`;

/**
 * Such a job with its asset and keys: those of its partition rows, its list or its range, whichever
 * are more. Null if it has changed meanwhile. `incomplete`: its writer may still be adding
 * partitions, for `grace_ms`.
 */
export async function readForExpansion(
  query: Query,
  tenant: string,
  id: string,
  grace_ms: number,
): Promise<{ asset: Asset; job: NewJob; keys: KeySource; incomplete: boolean } | null> {
  const [row] = await query<
    NewJob & { partition_config: unknown; keys: string[] | null; young: boolean; rows: number }
  >(
    `select j.tenant_id, j.asset_id, j.asset_name, j.idempotency_key, j.execution_strategy, j.partition_start, j.partition_end,
       j.total_partitions, j.created_by, j.sla_deadline_at, j.priority, j.include_upstream, j.max_upstream_depth, j.state,
       j.parent_job_id, j.execution_order, a.partition_config, coalesce(cardinality(r.keys), 0) as rows,
       j.created_at between clock_timestamp() - $3 * interval '1 millisecond' and clock_timestamp() as young,
       coalesce(
         case when not jsonb_typeof(j.partition_keys) = 'array' or cardinality(r.keys) >= jsonb_array_length(j.partition_keys) then r.keys end,
         case when jsonb_typeof(j.partition_keys) = 'array' and j.partition_keys <> '[]'
           then array(select jsonb_array_elements_text(j.partition_keys)) end,
         array(select servo_partition_keys(j.partition_start, j.partition_end, servo_granularity(a.partition_config, j.partition_start))
           where j.partition_start is not null)) as keys
     from backfill_jobs j join assets a on a.id = j.asset_id
       cross join lateral (select array_agg(p.partition_key::text order by p.partition_key) as keys
         from backfill_partitions p where p.backfill_job_id = j.id) r
     where j.id = $2 and j.tenant_id = $1 and ${unexpanded}`,
    [tenant, id, grace_ms],
  );
  if (row === undefined) return null;
  const { partition_config, keys, young, rows, ...job } = row;
  const asset = {
    id: job.asset_id,
    name: job.asset_name,
    granularity: readGranularity(partition_config),
  };
  const incomplete = young && rows < Math.max(job.total_partitions, keys?.length ?? 0, 1);
  return { asset, job, keys: { list: keys ?? [] }, incomplete };
}

export async function waitForUpstreams(
  query: Query,
  tenant: string,
  id: string,
  order: number,
): Promise<boolean> {
  const rows = await query(
    `update backfill_jobs j set state = 'waiting_upstream', version = j.version + 1, execution_order = $3
     where j.id = $2 and j.tenant_id = $1 and ${unexpanded} returning j.id`,
    [tenant, id, order],
  );
  return rows.length > 0;
}

/** No transition leads from pending to failed: the job is running within this transaction. */
export async function failUnstarted(
  query: Query,
  tenant: string,
  id: string,
  why: string,
): Promise<void> {
  await query(
    `update backfill_jobs set state = 'running', version = version + 1, started_at = clock_timestamp()
     where id = $2 and tenant_id = $1 and state = 'pending'`,
    [tenant, id],
  );
  await query(
    `update backfill_jobs set state = 'failed', version = version + 1, completed_at = clock_timestamp(), needs_finalizing = true, error_message = $3
     where id = $2 and tenant_id = $1 and state = 'running'`,
    [tenant, id, why],
  );
}
