import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Query } from '../../../source/database/database.ts';
import { firstEntry } from '../../../source/database/queries/first-entry.ts';
import { checkNamed } from '../../../source/database/queries/triage/checks.ts';
import { type CheckName, checkNames } from '../../../source/domain/triage/checks.ts';
import { thresholdDefaults } from '../../../source/domain/triage/thresholds.ts';
import { mostRows } from '../../../source/operations/triage/checks.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { readsOf } from '../../support/plans.ts';
import { run } from '../../support/roles.ts';

const idOf = (number: number) => `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const job = idOf(1);

let database: TestDatabase;

// 40 running jobs (one of 60,000 partitions, half of them done), 10 paused, 10 resuming, 10 that wait and 60 pending; what has ended is history.
beforeAll(async () => {
  database = await createTestDatabase();
  await run(
    database.superuser,
    `alter table backfill_jobs set (autovacuum_enabled = false);
     alter table backfill_partitions set (autovacuum_enabled = false);
     alter table backfill_samples set (autovacuum_enabled = false);
     alter table backfill_events set (autovacuum_enabled = false);
     insert into assets (id, name, asset_type, tenant_id)
       select format('00000000-0000-4000-8000-%s', lpad(i::text, 12, '0'))::uuid, 'asset ' || i, 'table', case when i > 90 then 'globex' else 'acme' end
       from generate_series(1, 100) i;
     alter table backfill_jobs disable trigger user;
     insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions, failed_partitions,
         created_at, started_at, heartbeat_at, completed_at, sla_deadline_at, avg_partition_duration_ms, estimated_completion_at, checkpoint_partition_key)
       select format('10000000-0000-4000-8000-%s', lpad(i::text, 12, '0'))::uuid, tenant_id, a.id, a.name, i::text, s.state, 4, 2, (i % 10 = 0)::int,
         now() - i * interval '1 minute', now() - i * interval '1 minute',
         case when s.state in ('running', 'resuming') then now() - (i % 20) * interval '1 minute' end,
         case when s.state in ('completed', 'failed', 'cancelled') then now() - i * interval '1 minute' end,
         case when i % 3 = 0 then now() + (i % 7 - 3) * interval '1 hour' end, 3600000, now() + interval '1 hour', '2'
       from generate_series(1, 20000) i
         join assets a on a.id = format('00000000-0000-4000-8000-%s', lpad((1 + i % 100)::text, 12, '0'))::uuid,
         lateral (select case when i <= 40 then 'running' when i <= 50 then 'paused' when i <= 60 then 'resuming' when i <= 70 then 'waiting_upstream'
           when i <= 130 then 'pending' when i % 50 = 0 then 'failed' else 'completed' end as state) s;
     alter table backfill_jobs enable trigger user;
     update backfill_jobs set total_partitions = 60000, completed_partitions = 30000, failed_partitions = 20, checkpoint_partition_key = '0000000030000' where id = '${job}';
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, started_at, attempt_count)
       select gen_random_uuid(), '${job}', (select tenant_id from backfill_jobs where id = '${job}'), lpad(i::text, 13, '0'),
         case when i % 3000 = 1 then 'failed' when i <= 30000 then 'completed' when i <= 30010 then 'running' else 'pending' end, now(), 1
       from generate_series(1, 60000) i;
     insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state)
       select gen_random_uuid(), id, tenant_id, n::text, case when n <= 2 then 'completed' else 'pending' end
       from backfill_jobs, generate_series(1, 4) n where id <> '${job}';
     insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at)
       select id, now() - n * interval '1 minute', tenant_id, 2, 0, 1000, now() from backfill_jobs, generate_series(1, 300) n
       where state in ('running', 'paused', 'completed') and created_at > now() - interval '3 hours';
     insert into backfill_events (tenant_id, job_id, kind, to_state, actor)
       select tenant_id, id, 'state', state, 'test' from backfill_jobs, generate_series(1, 3);
     insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:1:x', 'acme', 'h', 1, '0', 4, '{asset 1,asset 2}')`,
  );
});
afterAll(() => database.drop());

/** Rows that it may fetch, of 20,000 jobs, 140,000 partitions and 45,000 samples: some half more than it does. */
const most: Readonly<Record<CheckName, number>> = {
  stuck: 100,
  'no-progress': 9000,
  resuming: 100,
  unclaimed: 700,
  'no-executor': 1000,
  'failure-rate': 1500,
  'failed-partitions': 2500,
  checkpoint: 6000,
  eta: 1500,
  'eta-missing': 100,
  'wont-resume': 100,
  breached: 100,
  'at-risk': 9000,
  'waiting-upstream': 200,
  'long-running': 100,
  'queue-depth': 200,
  'bulk-reclaim': 100,
  'bulk-cancel': 100,
};

const contextOf = (one: string | null) => ({
  tenant: 'acme',
  thresholds: thresholdDefaults,
  job: one,
  limit: mostRows + 1,
});
const asked = (ask: (query: Query) => Promise<unknown>) =>
  readsOf(database.app, 'acme', (_, query) => ask(query));

describe.each([
  ['before the tables were ever analysed', null],
  ['with statistics', 'analyze'],
])('%s', (_, prepare) => {
  beforeAll(async () => {
    if (prepare !== null) await run(database.superuser, prepare);
  });

  test.each(checkNames)('%s reads no table from end to end', async (name) => {
    const reads = await asked((query) => query(checkNamed(name).sql(contextOf(null))));
    expect(reads).toMatchObject({ scans: [], sequential: 0 });
    expect(reads.fetched).toBeLessThanOrEqual(most[name]);
  });

  test.each(checkNames)('%s of one job reads that one', async (name) => {
    const reads = await asked((query) => query(checkNamed(name).sql(contextOf(job))));
    expect(reads).toMatchObject({ scans: [], sequential: 0 });
    expect(reads.fetched).toBeLessThanOrEqual(1000);
  });

  test('the first journal entry of a trouble is found by the jobs', async () => {
    const since = new Date(Date.now() - 600_000);
    const outages = [1, 2, 3, 4, 5].map((number) => ({ job_id: idOf(number), since }));
    const reads = await asked((query) => firstEntry(query, 'acme', outages));
    expect(reads).toMatchObject({ scans: [], sequential: 0 });
    expect(reads.fetched).toBeLessThanOrEqual(30);
  });

  test.each(checkNames.filter((name) => checkNamed(name).evidence))(
    '%s, as the runbook asks it of one job, reads no table from end to end',
    async (name) => {
      const { sql } = checkNamed(name).evidence!;
      const reads = await asked((query) => query(sql({ ...contextOf(null), job })));
      expect(reads).toMatchObject({ scans: [], sequential: 0 });
      // The checkpoint is compared with every partition: the runbook's statement counts them.
      expect(reads.fetched).toBeLessThanOrEqual(name === 'checkpoint' ? 61_000 : 100);
    },
  );
});

/** Those that find what they find among all that wait: at a million jobs at-risk took 315 ms, which reckoned the ETA of each that had a deadline. */
const mostOfMany: Partial<Record<CheckName, number>> = {
  unclaimed: 700,
  'no-executor': 10_000,
  breached: 300,
  'at-risk': 1000,
  'queue-depth': 300,
};

describe('with 20,000 more that wait and never ran, each with a deadline to come', () => {
  beforeAll(() =>
    run(
      database.superuser,
      `alter table backfill_jobs disable trigger user;
       insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, created_at, sla_deadline_at)
         select 'acme', a.id, a.name, 'waits ' || i, 'pending', 4, now() - i * interval '1 minute', now() + i * interval '1 minute'
         from generate_series(1, 20000) i
           join assets a on a.id = format('00000000-0000-4000-8000-%s', lpad((1 + i % 90)::text, 12, '0'))::uuid;
       alter table backfill_jobs enable trigger user;
       analyze`,
    ),
  );

  test.each(checkNames)('%s looks at a few of them at most', async (name) => {
    const reads = await asked((query) => query(checkNamed(name).sql(contextOf(null))));
    expect(reads).toMatchObject({ scans: [], sequential: 0 });
    expect(reads.fetched).toBeLessThanOrEqual(mostOfMany[name] ?? most[name]);
  });
});
