import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Moment, Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

const pending = (age: string) => ({
  state: `'pending'`,
  created_at: `now() - interval '${age}'`,
  started_at: 'null',
  heartbeat_at: 'null',
});
const busy = async (now: Moment, executor: string, slots: number) => {
  const job = await now.job();
  for (let i = 0; i < slots; i++) {
    await now.partitions(job, {
      [`k${i}`]: `state = 'running', started_at = now(), lease_owner = '${executor}', lease_token = gen_random_uuid()`,
    });
  }
};

test('unclaimed: claimable for more than 120 s, and not for exactly so long; in the order of claims', () =>
  scene.during(async (now) => {
    await now.job(pending('120 seconds'));
    const first = await now.job({ ...pending('5 minutes'), priority: '9' });
    const second = await now.job({ ...pending('26 minutes') });
    const resumed = await now.job({
      state: `'resuming'`,
      heartbeat_at: `now() - interval '3 minutes'`,
      priority: '-1',
    });
    const { rows } = await now.find('unclaimed');
    expect(rows.map((row) => [row.job_id, row.cells.waiting_secs])).toEqual([
      [first, 300],
      [second, 1560],
      [resumed, 180],
    ]);
    expect(rows[0]!.cells).toMatchObject({
      state: 'pending',
      heartbeat_at: null,
      priority: 9,
      executors: 0,
    });
  }));

test('unclaimed: not what waits for a busy slot, and what an executor with a free one leaves', () =>
  scene.during(async (now) => {
    const job = await now.job(pending('5 minutes'));
    const executor = await now.executor();
    expect((await now.find('unclaimed')).rows).toMatchObject([
      { job_id: job, cells: { executors: 1 } },
    ]);
    await busy(now, executor, 1);
    expect(await now.ids('unclaimed')).toEqual([job]);
    await busy(now, executor, 1);
    expect(await now.ids('unclaimed')).toEqual([]);
    await now.executor({ handlers: `'{clicks}'` });
    expect(await now.ids('unclaimed')).toEqual([]);
    await now.executor({ hold_reason: `'replication lags'` });
    expect(await now.ids('unclaimed')).toEqual([]);
    await now.executor();
    expect(await now.ids('unclaimed')).toEqual([job]);
  }));

test('unclaimed: not what a limit keeps from running', () =>
  scene.during(async (now) => {
    const job = await now.job(pending('5 minutes'));
    await now.query(`insert into backfill_limits values ('acme', 'asset', 'clicks', 0)`);
    expect(await now.ids('unclaimed')).toEqual([job]);
    await now.query(`insert into backfill_limits values ('acme', 'asset_type', 'table', 0)`);
    expect(await now.ids('unclaimed')).toEqual([]);
  }));

test('no executor: by asset, with its oldest job, how many wait, and when one was last seen', () =>
  scene.during(async (now) => {
    await now.executor({ handlers: `'{orders}'`, seen_at: `now() - interval '11 seconds'` });
    const oldest = await now.job(pending('5 minutes'));
    await now.job(pending('1 minute'));
    const stuck = await now.job({ heartbeat_at: `now() - interval '121 seconds'` }, 'clicks');
    await now.job({}, 'events');
    const { rows } = await now.find('no-executor');
    expect(rows).toMatchObject([
      {
        job_id: oldest,
        asset_name: 'orders',
        state: 'pending',
        cells: { jobs: 2, waiting_secs: 300, executors: 0 },
      },
      {
        job_id: stuck,
        asset_name: 'clicks',
        state: 'running',
        cells: { jobs: 1, waiting_secs: 121, last_seen_at: null },
      },
    ]);
    expect(rows[0]!.cells.last_seen_at).toBeInstanceOf(Date);
  }));

test('no executor: one with the handler that lives for this tenant is enough', () =>
  scene.during(async (now) => {
    const job = await now.job(pending('5 minutes'));
    for (const columns of [
      { handlers: `'{clicks}'` },
      { stopped_at: 'now()' },
      { lost_at: 'now()' },
    ] as Record<string, string>[]) {
      await now.executor(columns);
      expect(await now.ids('no-executor'), JSON.stringify(columns)).toEqual([job]);
    }
    expect((await now.find('no-executor')).rows[0]!.cells.executors).toBe(1);
    await now.executor({});
    expect(await now.ids('no-executor')).toEqual([]);
  }));

test('queue depth: more than 10 pending, the oldest first', () =>
  scene.during(async (now) => {
    for (let i = 1; i <= 10; i++) await now.job(pending(`${i} minutes`));
    expect(await now.ids('queue-depth')).toEqual([]);
    const oldest = await now.job(pending('1 day'));
    const { rows } = await now.find('queue-depth');
    expect(rows).toHaveLength(11);
    expect(rows[0]).toMatchObject({ job_id: oldest, cells: { waiting_secs: 86_400 } });
    expect(await now.ids('queue-depth', { thresholds: { queue_depth: 11 } })).toEqual([]);
  }));

test('waiting upstream: for which, and in which state they are', () =>
  scene.during(async (now) => {
    const upstream = await now.job(pending('1 minute'), 'clicks');
    const done = await now.job({ state: `'completed'` }, 'clicks');
    const job = await now.job({
      state: `'waiting_upstream'`,
      upstream_job_count: '2',
      completed_upstream_jobs: '1',
    });
    for (const id of [upstream, done]) {
      await now.query(
        'insert into backfill_upstreams (job_id, upstream_job_id, tenant_id) values ($1, $2, $3)',
        [job, id, 'acme'],
      );
    }
    expect((await now.find('waiting-upstream')).rows).toMatchObject([
      {
        job_id: job,
        cells: {
          waiting_upstream_count: 1,
          waits_for: `clicks ${upstream.slice(0, 8)} (pending)`,
          sla_deadline_at: null,
        },
      },
    ]);
  }));

test('paused: for more than an hour, or by itself', () =>
  scene.during(async (now) => {
    const paused = (ago: string) => ({ state: `'paused'`, paused_at: `now() - interval '${ago}'` });
    await now.job(paused('1 hour'));
    const long = await now.job({
      ...paused('3601 seconds'),
      version: '4',
      checkpoint_partition_key: `'k'`,
    });
    await now.query(
      `select set_config('servo.reason', 'auto-paused: 30 of the last 40 partitions failed', true)`,
    );
    const itself = await now.job(paused('1 minute'));
    const { rows } = await now.find('wont-resume');
    expect(rows).toMatchObject([
      {
        job_id: long,
        cells: { paused_secs: 3601, paused_by: 'test', checkpoint_partition_key: 'k' },
      },
      {
        job_id: itself,
        cells: { paused_secs: 60, reason: 'auto-paused: 30 of the last 40 partitions failed' },
      },
    ]);
    // The runbook's two questions of one job.
    const own = await now.find('wont-resume', { job: long });
    expect(own.rows[0]!.cells).toMatchObject({
      state: 'paused',
      checkpoint_partition_key: 'k',
      error_message: null,
      version: 4,
    });
  }));
