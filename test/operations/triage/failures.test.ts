import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

const ended = (ago: string) => ({
  state: `'failed'`,
  failed_partitions: '1',
  completed_at: `now() - interval '${ago}'`,
  created_at: `now() - interval '3 days'`,
});

test('failed partitions: of unfinished jobs, with the first of them; the most first', () =>
  scene.during(async (now) => {
    await now.job();
    const few = await now.job({ failed_partitions: '1', state: `'paused'` });
    const many = await now.job({ failed_partitions: '2' }, 'clicks');
    await now.partitions(many, {
      c: `state = 'failed', attempt_count = 3, error_message = 'no route'`,
      b: `state = 'failed', attempt_count = 2, error_message = 'rate limited'`,
      a: `state = 'completed'`,
    });
    const { rows } = await now.find('failed-partitions');
    expect(rows.map((row) => row.job_id)).toEqual([many, few]);
    expect(rows[0]).toMatchObject({
      asset_name: 'clicks',
      cells: {
        failed_partitions: 2,
        total_partitions: 10,
        partition_key: 'b',
        attempt_count: 2,
        error_message: 'rate limited',
      },
    });
    expect(rows[1]!.cells).toMatchObject({ failed_partitions: 1, partition_key: null });
  }));

test('failed partitions: of jobs that failed within a day, until the asset is started again', () =>
  scene.during(async (now) => {
    await now.job(ended('24 hours'));
    const lately = await now.job(ended('23 hours'));
    expect(await now.ids('failed-partitions')).toEqual([lately]);
    await now.job({ state: `'pending'`, created_at: 'now()' }, 'clicks');
    expect(await now.ids('failed-partitions')).toEqual([lately]);
    await now.job({ state: `'pending'`, created_at: 'now()' });
    expect(await now.ids('failed-partitions')).toEqual([]);
  }));

test('failed partitions of one job: what the runbook asks', () =>
  scene.during(async (now) => {
    const job = await now.job({ failed_partitions: '2' });
    await now.partitions(job, {
      b: `state = 'failed', attempt_count = 3, error_message = 'no route', completed_at = now()`,
      a: `state = 'failed', attempt_count = 1, error_message = 'no route', completed_at = now()`,
      c: `state = 'completed'`,
    });
    const { rows, sql } = await now.find('failed-partitions', { job });
    expect(rows.map((row) => row.cells)).toMatchObject([
      { partition_key: 'a', attempt_count: 1, error_message: 'no route' },
      { partition_key: 'b', attempt_count: 3, error_message: 'no route' },
    ]);
    expect(sql).toContain(
      `SELECT bp.partition_key, bp.attempt_count, bp.error_message, bp.completed_at\nFROM backfill_partitions bp\nJOIN backfill_jobs bj`,
    );
  }));

const rated = (failed: number, completed: number) => ({
  failed_partitions: String(failed),
  completed_partitions: String(completed),
  total_partitions: '100',
  started_at: `now() - interval '2 minutes'`,
});

test('failure rate: more than 20 % of at least 5, and not exactly 20 % or 4', () =>
  scene.during(async (now) => {
    await now.job(rated(1, 4));
    await now.job(rated(4, 0));
    const five = await now.job(rated(2, 3));
    const hundred = await now.job(rated(21, 79), 'clicks');
    const { rows } = await now.find('failure-rate');
    expect(rows.map((row) => row.job_id)).toEqual([five, hundred]);
    expect(rows[0]!.cells).toMatchObject({
      failure_rate: 0.4,
      failed: 2,
      finished: 5,
      measured_over_secs: 120,
    });
    expect(rows[1]!.cells.failure_rate).toBe(0.21);
  }));

test('failure rate: of the last 10 minutes only, by the oldest sample in them', () =>
  scene.during(async (now) => {
    const job = await now.job({ ...rated(50, 50), started_at: `now() - interval '1 hour'` });
    await now.sample(job, '11 minutes', { completed: 0, failed: 0 });
    expect(await now.ids('failure-rate')).toEqual([]);
    await now.sample(job, '9 minutes', { completed: 46, failed: 49 });
    expect(await now.ids('failure-rate')).toEqual([]);
    await now.set(job, 'failed_partitions = 51');
    const { rows } = await now.find('failure-rate');
    expect(rows).toMatchObject([
      {
        job_id: job,
        cells: { failed: 2, finished: 6, measured_over_secs: 540, failed_partitions: 51 },
      },
    ]);
    const thresholds = { failure_rate: 0.34 };
    expect(await now.ids('failure-rate', { thresholds })).toEqual([]);
  }));

test('failure rate: a retry that takes failures back is no negative figure', () =>
  scene.during(async (now) => {
    const job = await now.job({ ...rated(0, 20), started_at: `now() - interval '1 hour'` });
    await now.sample(job, '9 minutes', { completed: 10, failed: 40 });
    expect(await now.ids('failure-rate')).toEqual([]);
    const thresholds = { failure_rate: -1 };
    expect((await now.find('failure-rate', { thresholds })).rows).toMatchObject([
      { cells: { failed: 0, finished: 10 } },
    ]);
  }));

test('failure rate of one job: the pattern, as the runbook asks', () =>
  scene.during(async (now) => {
    const job = await now.job();
    await now.partitions(job, {
      a: `state = 'failed', attempt_count = 3, error_message = 'x'`,
      b: '',
    });
    const { rows } = await now.find('failure-rate', { job });
    expect(rows.map((row) => row.cells)).toEqual([
      { partition_key: 'a', attempt_count: 3, error_message: 'x' },
    ]);
  }));

test('checkpoint: behind what is completed, or on what is not', () =>
  scene.during(async (now) => {
    const at = (key: string) => ({
      checkpoint_partition_key: `'${key}'`,
      completed_partitions: '2',
    });
    const keys = { a: `state = 'completed'`, b: `state = 'completed'`, c: '', d: '' };
    const right = await now.job(at('b'));
    await now.partitions(right, keys);
    const fresh = await now.job();
    await now.partitions(fresh, { a: '', b: '' });
    const behind = await now.job({ ...at('a'), state: `'paused'` });
    await now.partitions(behind, keys);
    const ahead = await now.job(at('c'));
    await now.partitions(ahead, keys);
    const { rows } = await now.find('checkpoint');
    const byJob = Object.fromEntries(rows.map((row) => [row.job_id, row.cells]));
    expect(byJob).toMatchObject({
      [behind]: {
        job_checkpoint: 'a',
        checkpoint_state: 'completed',
        last_completed_partition: 'b',
      },
      [ahead]: { job_checkpoint: 'c', checkpoint_state: 'pending', last_completed_partition: null },
    });
    expect(Object.keys(byJob)).toHaveLength(2);
    // The runbook's statement for one job.
    const { rows: own } = await now.find('checkpoint', { job: behind });
    expect(own.map((row) => row.cells)).toEqual([
      {
        job_checkpoint: 'a',
        last_completed_partition: 'b',
        pending_partitions: 2,
        completed_partitions: 2,
      },
    ]);
  }));

test('checkpoint: completed without any', () =>
  scene.during(async (now) => {
    const job = await now.job();
    await now.partitions(job, { a: '', b: `state = 'completed'` });
    expect((await now.find('checkpoint')).rows).toMatchObject([
      { job_id: job, cells: { job_checkpoint: null, last_completed_partition: 'b' } },
    ]);
  }));
