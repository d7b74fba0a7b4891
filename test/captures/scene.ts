import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { openDatabase } from '../../source/database/database.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import type { StartInput } from '../../source/domain/start/request.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';

export const tenant = 'acme';
const mara = { tenant, actor: 'mara@ops', reason: null };

/** Handlers of the assets that really run, at a pace at which a person can watch. */
export const handlers = {
  'orders_daily.sql': `select pg_sleep(0.5 + random() * 0.5);
do $$ begin
  if current_setting('servo.partition_key') in ('2024-01-12', '2024-02-02') then
    perform servo_fail('source differs by 3.2 % (limit 3 %)');
  end if;
  if current_setting('servo.partition_key') = '2024-01-30' then
    perform servo_fail('connection refused 10.0.4.17:5432');
  end if;
end $$`,
  'weather_hourly.sql': `select pg_sleep(0.8 + random() * 0.8)`,
};

const day = 86_400_000;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

/** A platform in the middle of a bad night: some jobs run, and each of the others has a trouble of its own. */
export async function makeScene(app: ConnectionSettings, client: Client): Promise<void> {
  for (const [name, granularity] of Object.entries({
    orders_daily: 'day',
    weather_hourly: 'hour',
    sessions: 'day',
    clicks: 'hour',
    events_raw: 'day',
    revenue_daily: 'day',
    revenue_monthly: 'month',
    inventory: 'day',
  })) {
    await client.query(
      `insert into assets (id, name, asset_type, tenant_id, partition_config) values ($1, $2, 'table', $3, $4)`,
      [randomUUID(), name, tenant, { partition_type: { Time: { granularity } } }],
    );
  }
  const db = openDatabase(app);
  const start = async (input: StartInput) => (await startBackfill(db, mara, input)).job!.id;
  const change = (id: string, columns: string) =>
    client.query(`update backfill_jobs set ${columns} where id = $1`, [id]);
  const finish = (id: string, count: number, column = 'completed') =>
    client.query(
      `update backfill_partitions set state = $3, attempt_count = 1, completed_at = now() - interval '14 minutes', duration_ms = 900 + random() * 900
       where id in (select id from backfill_partitions where backfill_job_id = $1 and state = 'pending' order by partition_key limit $2)`,
      [id, count, column],
    );
  await start({
    asset: 'orders_daily',
    start: '2024-01-01',
    end: '2024-12-31',
    parallel: '3',
    priority: '5',
    sla_deadline: inHours(2),
  });
  await start({
    asset: 'weather_hourly',
    start: '2024-01-01',
    end: '2024-03-31',
    parallel: '3',
    priority: '8',
    sla_deadline: inHours(0.1),
  });
  const sessions = await start({
    asset: 'sessions',
    start: '2024-01-01',
    end: '2024-04-29',
    sla_deadline: inHours(1.2),
  });
  await finish(sessions, 60);
  await change(
    sessions,
    `state = 'running', started_at = now() - interval '40 minutes', completed_partitions = 60, heartbeat_at = now() - interval '14 minutes',
     avg_partition_duration_ms = 1400, checkpoint_partition_key = '2024-02-29'`,
  );
  const clicks = await start({ asset: 'clicks', start: '2024-05-01', end: '2024-05-30' });
  await finish(clicks, 700);
  const checkpoint = `checkpoint_partition_key = (select max(partition_key) from backfill_partitions where backfill_job_id = backfill_jobs.id and state = 'completed')`;
  await change(
    clicks,
    `${checkpoint}, state = 'resuming', completed_partitions = 700, heartbeat_at = now() - interval '12 minutes', avg_partition_duration_ms = 800`,
  );
  const events = await start({
    asset: 'events_raw',
    start: '2024-01-01',
    end: '2024-04-29',
    priority: '4',
  });
  await finish(events, 40);
  await change(
    events,
    `${checkpoint}, state = 'running', started_at = now() - interval '2 hours', heartbeat_at = now(), completed_partitions = 40, avg_partition_duration_ms = 60000`,
  );
  await actOnJob(
    db,
    { ...mara, reason: 'database maintenance until 06:00' },
    { action: 'pause', id: events },
  );
  const revenue = await start({
    asset: 'revenue_daily',
    start: '2024-01-01',
    end: '2024-03-30',
    priority: '10',
    sla_deadline: inHours(1),
  });
  await change(
    revenue,
    `sla_deadline_at = now() - interval '20 minutes', created_at = now() - interval '26 minutes'`,
  );
  const monthly = await start({ asset: 'revenue_monthly', start: '2024-01', end: '2024-03' });
  await client.query(
    `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
     select u.id, d.id, 'data' from assets u, assets d where u.name = 'revenue_daily' and d.name = 'revenue_monthly'`,
  );
  await change(monthly, `state = 'waiting_upstream', upstream_job_count = 1`);
  const inventory = await start({ asset: 'inventory', start: '2024-01-01', end: '2024-01-31' });
  await finish(inventory, 31);
  await change(
    inventory,
    `state = 'running', started_at = now() - interval '50 minutes', heartbeat_at = now() - interval '30 minutes'`,
  );
  await change(
    inventory,
    `state = 'completed', completed_partitions = 31, completed_at = to_timestamp(${(Date.now() - day / 48) / 1000})`,
  );
  await db.close();
}
