import { afterAll, beforeAll, expect, test } from 'vitest';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

/** Entered `running` this long ago: the journal's own time would be that of this transaction. */
const aged = async (now: import('./scene.ts').Moment, job: string, ago = '1 hour') => {
  await now.query(`update backfill_events set at = now() - $2::interval where job_id = $1`, [
    job,
    ago,
  ]);
};

test('no progress: the figures equal those of the last minutes’ samples, although the heartbeat is fresh', () =>
  scene.during(async (now) => {
    const stalled = await now.job({ completed_partitions: '4' });
    await aged(now, stalled);
    await now.sample(stalled, '9 minutes', { completed: 3 });
    for (const ago of ['8 minutes', '5 minutes', '1 minute']) {
      await now.sample(stalled, ago, { completed: 4 });
    }
    await now.partitions(stalled, {
      k: `state = 'running', started_at = now() - interval '8 minutes'`,
    });
    const moving = await now.job({ completed_partitions: '4' });
    await aged(now, moving);
    await now.sample(moving, '8 minutes', { completed: 2 });
    await now.sample(moving, '1 minute', { completed: 3 });
    await now.partitions(moving, {
      k: `state = 'running', started_at = now() - interval '20 seconds'`,
    });
    const { rows } = await now.find('no-progress');
    expect(rows).toMatchObject([
      {
        job_id: stalled,
        cells: { idle_secs: 480, heartbeat_age_secs: 0, running_partitions: 1, progress: '4/10' },
      },
    ]);
  }));

test('no progress: exactly 5 minutes are not more than 5 minutes; a stale heart is another check', () =>
  scene.during(async (now) => {
    const job = await now.job();
    await aged(now, job);
    await now.sample(job, '5 minutes', { completed: 0 });
    expect(await now.ids('no-progress')).toEqual([]);
    await now.sample(job, '301 seconds', { completed: 0 });
    expect(await now.ids('no-progress')).toEqual([job]);
    await now.set(job, `heartbeat_at = now() - interval '121 seconds'`);
    expect(await now.ids('no-progress')).toEqual([]);
    expect(await now.ids('stuck')).toEqual([job]);
  }));

test('no progress: three times the average is slow, more is too slow', () =>
  scene.during(async (now) => {
    const job = await now.job({ avg_partition_duration_ms: '200000' });
    await aged(now, job);
    await now.sample(job, '10 minutes', { completed: 0 });
    expect(await now.ids('no-progress')).toEqual([]);
    await now.set(job, 'avg_partition_duration_ms = 199999');
    expect(await now.ids('no-progress')).toEqual([job]);
  }));

test('no progress: a job that was paused for long starts to count when it runs again', () =>
  scene.during(async (now) => {
    const job = await now.job();
    await now.sample(job, '6 hours', { completed: 0 });
    await now.sample(job, '5 hours', { completed: 0 });
    await aged(now, job, '6 hours');
    expect(await now.ids('no-progress')).toEqual([job]);
    await now.set(job, `state = 'paused'`);
    await now.set(job, `state = 'resuming'`);
    await now.set(job, `state = 'running'`);
    expect(await now.ids('no-progress')).toEqual([]);
  }));

test('no progress without samples: since the newest attempt began', () =>
  scene.during(async (now) => {
    const job = await now.job();
    await aged(now, job);
    await now.partitions(job, {
      a: `state = 'running', started_at = now() - interval '20 minutes'`,
      b: `state = 'running', started_at = now() - interval '299 seconds'`,
    });
    expect(await now.ids('no-progress')).toEqual([]);
    await now.query(
      `update backfill_partitions set started_at = now() - interval '7 minutes' where partition_key = 'b' and backfill_job_id = $1`,
      [job],
    );
    const { rows } = await now.find('no-progress');
    expect(rows).toMatchObject([{ job_id: job, cells: { idle_secs: 420, running_partitions: 2 } }]);
  }));

test('long running: more than 4 hours, and not exactly 4', () =>
  scene.during(async (now) => {
    await now.job({ started_at: `now() - interval '4 hours'` });
    const long = await now.job({ started_at: `now() - interval '14401 seconds'` });
    const longest = await now.job({ started_at: `now() - interval '5 days'` });
    await now.job({ started_at: `now() - interval '5 days'`, state: `'paused'` });
    const { rows } = await now.find('long-running');
    expect(rows.map((row) => [row.job_id, row.cells.running_secs])).toEqual([
      [longest, 432_000],
      [long, 14_401],
    ]);
  }));

test('ETA: slipped by more than 5 minutes within 15, and not by exactly 5', () =>
  scene.during(async (now) => {
    const job = await now.job({
      completed_partitions: '4',
      avg_partition_duration_ms: '600000',
      estimated_completion_at: `now() + interval '1 hour'`,
    });
    // The remaining 6 × 10 minutes end in an hour, later than expected by that much.
    await now.sample(job, '12 minutes', { completed: 3, eta: `now() + interval '55 minutes'` });
    await now.sample(job, '1 minute', { completed: 4, eta: `now() + interval '10 minutes'` });
    expect(await now.ids('eta')).toEqual([]);
    await now.query(
      `update backfill_samples set estimated_completion_at = now() + interval '18 minutes' where job_id = $1 and completed = 3`,
      [job],
    );
    const { rows } = await now.find('eta');
    expect(rows).toMatchObject([
      {
        job_id: job,
        cells: {
          eta_slipped_secs: 2520,
          measured_over_secs: 720,
          eta_remaining: 3600,
          late_secs: 2520,
        },
      },
    ]);
  }));

test('ETA: a slip is not reported before it has been watched for a third of the window', () =>
  scene.during(async (now) => {
    const job = await now.job({
      avg_partition_duration_ms: '600000',
      estimated_completion_at: `now() + interval '100 minutes'`,
    });
    await now.sample(job, '299 seconds', { completed: 0, eta: 'now()' });
    expect(await now.ids('eta')).toEqual([]);
    await now.sample(job, '300 seconds', { completed: 0, eta: 'now()' });
    expect(await now.ids('eta')).toEqual([job]);
  }));

test('ETA: stale, where it lies in the past', () =>
  scene.during(async (now) => {
    const eta = (ago: string) => ({ estimated_completion_at: `now() - interval '${ago}'` });
    await now.job(eta('120 seconds'));
    const stale = await now.job(eta('3 days 1 minute'));
    const { rows } = await now.find('eta');
    expect(rows).toMatchObject([
      {
        job_id: stale,
        cells: { eta_remaining: -259_260, late_secs: 259_260, eta_slipped_secs: null },
      },
    ]);
  }));

test('ETA not updating: none, 5 minutes after the job has started', () =>
  scene.during(async (now) => {
    const started = (ago: string) => ({ started_at: `now() - interval '${ago}'` });
    await now.job(started('5 minutes'));
    await now.job({ avg_partition_duration_ms: '5', estimated_completion_at: 'now()' });
    const none = await now.job({ ...started('301 seconds'), avg_partition_duration_ms: '5' });
    const { rows } = await now.find('eta-missing');
    expect(rows).toMatchObject([
      { job_id: none, cells: { running_secs: 301, completed_partitions: 0 } },
    ]);
  }));
