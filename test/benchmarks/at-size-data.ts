import { Client } from 'pg';
import { migrate } from '../../source/database/migrate.ts';
import { type BenchDatabase, withClient } from './server.ts';

/** A database with so many jobs, ten partitions each, and one job with as many as all others have at most. */
export type Sized = {
  jobs: number;
  database: BenchDatabase;
  /** A running job with `partitions` partitions, half of them done. */
  big: string;
  partitions: number;
};

const big = '20000000-0000-4000-8000-000000000000';
const piece = 50_000;

/**
 * Alike at every size: 20 run, a few are paused, resume, or wait; of the rest a fifth is pending, one in a hundred has failed, and the others have
 * completed. One unfinished job in twenty has a deadline.
 */
export async function makeSized(
  { superuser, app }: BenchDatabase,
  jobs: number,
  partitions: number,
): Promise<Sized> {
  const name = `bench_${jobs}`;
  await withClient(superuser, (client) => client.query(`create database ${name}`));
  const database = {
    superuser: { ...superuser, database: name },
    app: { ...app, database: name },
  };
  await migrate(database.superuser);
  const client = new Client(database.superuser);
  await client.connect();
  try {
    await client.query(
      `insert into assets (id, name, asset_type, tenant_id)
       select gen_random_uuid(), format('asset_%s', lpad(i::text, 3, '0')), 'bench', 'bench' from generate_series(1, 200) i`,
    );
    await client.query('alter table backfill_jobs disable trigger user');
    for (let from = 1; from <= jobs; from += piece) {
      const to = Math.min(jobs, from + piece - 1);
      await client.query(jobsSql, [from, to]);
      await client.query(partitionsSql, [from, to]);
    }
    await client.query(bigSql, [big, partitions]);
    await client.query('alter table backfill_jobs enable trigger user');
    await client.query(eventsSql);
    await client.query(samplesSql);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
  return { jobs, database, big, partitions };
}

const idOf = `format('10000000-0000-4000-8000-%s', lpad(i::text, 12, '0'))::uuid`;

const jobsSql = `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions,
    avg_partition_duration_ms, priority, created_by, created_at, started_at, completed_at, heartbeat_at, sla_deadline_at, execution_strategy)
  select ${idOf}, 'bench', a.id, a.name, i::text, state, 10, case state when 'completed' then 10 when 'pending' then 0 else 5 end,
    1000 + i % 500, case when i % 4 = 0 then i % 21 - 10 else 0 end, (array['mara', 'joe', 'ann'])[1 + i % 3], now() - i * interval '31 seconds',
    case when state <> 'pending' then now() - i * interval '30 seconds' end,
    case when state in ('completed', 'failed') then now() - i * interval '29 seconds' end,
    case when state in ('running', 'resuming', 'paused') then now() end,
    case when i % 20 = 0 then now() + (i % 5000) * interval '1 minute' end, '{"type":"parallel","max_parallel":4}'
  from generate_series($1::int, $2::int) i
    join lateral (select id, name from assets where name = format('asset_%s', lpad((1 + i % 200)::text, 3, '0'))) a on true,
    lateral (select case when i <= 20 then 'running' when i <= 30 then 'paused' when i <= 35 then 'resuming' when i <= 45 then 'waiting_upstream'
      when i % 5 = 0 then 'pending' when i % 100 = 1 then 'failed' else 'completed' end as state) s`;

const partitionsSql = `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, completed_at, duration_ms)
  select gen_random_uuid(), j.id, 'bench', lpad(n::text, 4, '0'),
    case when j.state = 'completed' or n <= j.completed_partitions then 'completed' when j.state = 'failed' and n = 10 then 'failed' else 'pending' end,
    case when n <= j.completed_partitions then now() end, 1000
  from (select ${idOf} as id from generate_series($1::int, $2::int) i) w join backfill_jobs j using (id), generate_series(1, 10) n`;

const bigSql = `with job as (
    insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions, failed_partitions,
      avg_partition_duration_ms, created_at, started_at, heartbeat_at, checkpoint_partition_key, execution_strategy)
    select $1::uuid, 'bench', id, name, 'big', 'running', $2::int, $2::int / 2, 0, 20, now(), now() - interval '1 hour', now(),
      lpad(($2::int / 2)::text, 9, '0'), '{"type":"parallel","max_parallel":8}' from assets where name = 'asset_001' returning id, tenant_id
  )
  insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, completed_at, duration_ms)
    select gen_random_uuid(), job.id, job.tenant_id, lpad(n::text, 9, '0'), case when n <= $2::int / 2 then 'completed' else 'pending' end,
      case when n <= $2::int / 2 then now() - n * interval '1 ms' end, 20
    from job, generate_series(1, $2::int) n`;

/** Of the last minutes of what runs, and of days ago of what has completed. */
const samplesSql = `insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at)
  select id, coalesce(completed_at, now()) - n * interval '1 minute', tenant_id, n, 0, 1000, now() + interval '1 hour'
  from (select * from backfill_jobs where state in ('running', 'completed') limit 100000) j, generate_series(1, 5) n`;

const eventsSql = `insert into backfill_events (tenant_id, job_id, kind, to_state, actor)
  select tenant_id, id, 'state', state, 'bench' from backfill_jobs`;
