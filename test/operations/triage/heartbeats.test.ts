import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

const heartbeat = (age: string) => ({ heartbeat_at: `now() - interval '${age}'` });

test('stuck: a running job whose heartbeat is older than 120 s, and not one of exactly 120 s', () =>
  scene.during(async (now) => {
    await now.job(heartbeat('120 seconds'));
    await now.job({ ...heartbeat('1 hour'), state: `'paused'` });
    const younger = await now.job(heartbeat('120.001 seconds'));
    const older = await now.job({
      ...heartbeat('14 minutes'),
      completed_partitions: '4',
      checkpoint_partition_key: `'d4'`,
      claimed_by: `'web-2:64:x'`,
      version: '7',
    });
    const { rows, check } = await now.find('stuck');
    expect(rows.map((row) => row.job_id)).toEqual([older, younger]);
    expect(rows[0]).toMatchObject({
      asset_name: 'orders',
      state: 'running',
      version: 7,
      cells: {
        progress: '4/10',
        heartbeat_age_secs: 840,
        checkpoint_partition_key: 'd4',
        claimed_by: 'web-2:64:x',
      },
    });
    expect(check.title).toBe('Stuck: heartbeat stale > 2m');
  }));

test('stuck: a running job without any heartbeat comes first', () =>
  scene.during(async (now) => {
    await now.job(heartbeat('1 hour'));
    const never = await now.job({ heartbeat_at: 'null' });
    const { rows } = await now.find('stuck');
    expect(rows[0]).toMatchObject({ job_id: never, cells: { heartbeat_age_secs: null } });
    expect(rows[0]!.since).toBeInstanceOf(Date);
  }));

test('the threshold is a setting', () =>
  scene.during(async (now) => {
    const job = await now.job(heartbeat('31 seconds'));
    expect(await now.ids('stuck')).toEqual([]);
    const thresholds = { heartbeat_stale: 30_500 };
    expect(await now.ids('stuck', { thresholds })).toEqual([job]);
    expect((await now.find('stuck', { thresholds })).sql).toContain(
      `INTERVAL '30500 milliseconds'`,
    );
  }));

test('bulk recovery takes what has not beaten for more than 10 minutes', () =>
  scene.during(async (now) => {
    await now.job(heartbeat('10 minutes'));
    const job = await now.job(heartbeat('601 seconds'));
    const { rows, check } = await now.find('bulk-reclaim');
    expect(rows.map((row) => row.job_id)).toEqual([job]);
    // The runbook's statement as printed, with the tenant.
    const changed = await now.query<{ id: string }>(check.remedies[0]!.sql!);
    expect(changed).toEqual([{ id: job, asset_name: 'orders' }]);
    expect(await now.ids('bulk-reclaim')).toEqual([]);
    // A request to reclaim; stuck until the job is claimed.
    expect(await now.ids('stuck')).toContain(job);
  }));

test('resuming: resumed more than 120 s ago, and not claimed', () =>
  scene.during(async (now) => {
    const resumed = (age: string) => ({ ...heartbeat(age), state: `'resuming'` });
    await now.job(resumed('120 seconds'));
    const job = await now.job({ ...resumed('12 minutes'), completed_partitions: '7' });
    const { rows } = await now.find('resuming');
    expect(rows).toMatchObject([
      { job_id: job, cells: { state: 'resuming', waiting_secs: 720, progress: '7/10' } },
    ]);
  }));

test('bulk recovery cancels what is resuming for more than 10 minutes', () =>
  scene.during(async (now) => {
    await now.job({ ...heartbeat('10 minutes'), state: `'resuming'` });
    const job = await now.job({ ...heartbeat('601 seconds'), state: `'resuming'` });
    const { rows, check } = await now.find('bulk-cancel');
    expect(rows.map((row) => row.job_id)).toEqual([job]);
    expect(await now.query(check.remedies[0]!.sql!)).toEqual([{ id: job, asset_name: 'orders' }]);
    expect(
      await now.query('select state, error_message from backfill_jobs where id = $1', [job]),
    ).toEqual([{ state: 'cancelled', error_message: 'Bulk cancelled: stuck in resuming state' }]);
  }));
