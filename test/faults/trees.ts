import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { sqlAssets } from './handlers.ts';
import { tenant } from './jobs.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** Few, so that trees meet: a start waits for the unfinished job that has its upstream's keys, or is refused. */
const days = 24;

const dayOf = (n: number) => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10);

/** Starts a backfill with its upstreams, or writes its job as another program does, whose upstreams an executor must create. */
export async function makeTree(scene: Scene, random: Random): Promise<void> {
  const first = random.between(0, days - 3);
  const last = first + random.between(0, 2);
  const asset = random.chance(0.8) ? 'mart' : 'left';
  const depth = random.chance(0.7) ? 10 : 0;
  if (random.chance(0.7)) {
    await startBackfill(
      scene.database,
      { tenant, actor: 'suite: tree' },
      {
        asset,
        start: dayOf(first),
        end: dayOf(last),
        include_upstream: true,
        max_upstream_depth: String(depth),
        ...(random.chance(0.5) ? { parallel: String(random.between(2, 4)) } : {}),
      },
    );
    return;
  }
  const keys = Array.from({ length: last - first + 1 }, (_, i) => dayOf(first + i));
  await scene.rows(
    `with job as (
       insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, partition_keys, include_upstream, max_upstream_depth, created_by)
       select tenant_id, id, name, gen_random_uuid(), cardinality($3::text[]), to_jsonb($3::text[]), true, $4, 'suite: tree of another program'
       from assets where tenant_id = $1 and name = $2 returning id)
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
     select gen_random_uuid(), job.id, $1, unnest($3::text[]) from job`,
    [tenant, asset, keys, depth],
  );
}

const list = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

/** What the journal and the effects must say of trees at rest: rows `job`, `found`. */
export const treeChecks: readonly { what: string; sql: string }[] = [
  {
    what: 'I9: a job of a tree runs only after each job that it waits for has completed',
    sql: `select j.id as job, format('it ran while %s %s was %s', u.asset_name, u.id, u.state) as found
      from backfill_jobs j join backfill_upstreams w on w.job_id = j.id join backfill_jobs u on u.id = w.upstream_job_id
      where j.tenant_id = '${tenant}' and (select min(id) from backfill_events e where e.job_id = j.id and e.kind = 'state' and e.to_state = 'running')
        < coalesce((select min(id) from backfill_events e where e.job_id = u.id and e.kind = 'state' and e.to_state = 'completed'), 'infinity'::float8)`,
  },
  {
    what: 'I9: what fails while it waits has lost one that it waits for, and says which',
    sql: `select j.id as job, format('%s: %s', j.state, j.error_message) as found
      from backfill_jobs j join backfill_events e on e.job_id = j.id and e.kind = 'state' and e.from_state = 'waiting_upstream' and e.to_state = 'failed'
      where j.tenant_id = '${tenant}' and (j.error_message not like 'upstream %' or not exists (
        select from backfill_upstreams w join backfill_jobs u on u.id = w.upstream_job_id
        where w.job_id = j.id and u.state in ('failed', 'cancelled') and position(left(u.id::text, 8) in j.error_message) > 0))`,
  },
  {
    what: 'I9: what has lost one that it waits for does not complete',
    sql: `select j.id as job, format('%s, and %s is %s', j.state, u.asset_name, u.state) as found
      from backfill_jobs j join backfill_upstreams w on w.job_id = j.id join backfill_jobs u on u.id = w.upstream_job_id
      where j.tenant_id = '${tenant}' and j.state = 'completed' and u.state <> 'completed'`,
  },
  {
    what: 'I9: a completed job counts all that it waited for',
    sql: `select id as job, format('%s of %s', completed_upstream_jobs, upstream_job_count) as found from backfill_jobs
      where tenant_id = '${tenant}' and state = 'completed' and completed_upstream_jobs <> upstream_job_count`,
  },
  {
    what: 'a diamond is one child',
    sql: `select min(id::text) as job, format('%s jobs of %s in one tree', count(*), asset_name) as found
      from backfill_jobs where tenant_id = '${tenant}' and parent_job_id is not null group by created_at, asset_name having count(*) > 1`,
  },
  {
    what: 'what a partition is made from is there before it: a day needs its 24 hours',
    sql: `select j.id as job, format('%s of %s was made from %s of %s', e.key, j.asset_name, made.n, u.name) as found
      from backfill_jobs j join effects e on e.job_id = j.id
        join asset_dependencies d on d.downstream_asset_id = j.asset_id join assets u on u.id = d.upstream_asset_id
        cross join lateral (select count(distinct m.key) as n from effects m join backfill_jobs o on o.id = m.job_id
          where o.asset_id = u.id and m.id < e.id and (m.key = e.key or starts_with(m.key, e.key || 'T'))) made
      where j.tenant_id = '${tenant}' and j.asset_name in (${list(sqlAssets)})
        and exists (select from backfill_upstreams w where w.job_id = j.id)
        and made.n <> case when u.name = 'source' then 24 else 1 end`,
  },
];
