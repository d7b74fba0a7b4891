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

test('failed partitions: of living jobs, with the first of them; the most first', () =>
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
