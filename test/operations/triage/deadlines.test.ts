import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJob } from '../../../source/database/queries/read-job.ts';
import { viewJob } from '../../../source/domain/job/job.ts';
import { atRiskLevels } from '../../../source/domain/risk/risk.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

/** One partition left, of this duration; the deadline is in 100 minutes. */
const left = (minutes: number, deadline = 100) => ({
  total_partitions: '1',
  avg_partition_duration_ms: String(minutes * 60_000),
  sla_deadline_at: `now() + interval '${deadline} minutes'`,
});

test('at risk: the ETA is later than the deadline; at 20 % and 50 % the risk is medium', () =>
  scene.during(async (now) => {
    await now.job(left(100));
    await now.job({ ...left(500), state: `'cancelled'` });
    await now.job({ ...left(500), sla_deadline_at: 'null' });
    await now.job({ ...left(500), heartbeat_at: `now() - interval '121 seconds'` });
    const jobs = {
      high: await now.job(left(150.001)),
      fifty: await now.job({ ...left(150), state: `'pending'` }),
      twenty: await now.job({ ...left(120), priority: '8' }),
      low: await now.job(left(119.999)),
      least: await now.job(left(100.001)),
    };
    const { rows, check } = await now.find('at-risk');
    expect(rows.map((row) => [row.job_id, row.cells.risk_level])).toEqual([
      [jobs.high, 'high'],
      [jobs.fifty, 'medium'],
      [jobs.twenty, 'medium'],
      [jobs.low, 'low'],
      [jobs.least, 'low'],
    ]);
    expect(rows[2]!.cells).toMatchObject({
      risk_severity: 0.2,
      over_secs: 1200,
      priority: 8,
      progress: '0/1',
    });
    expect(check.title).toBe('SLA at risk: ETA > deadline');
  }));

test('at risk: an early warning counts earlier, as low', () =>
  scene.during(async (now) => {
    const job = await now.job(left(90.001));
    await now.job(left(90));
    expect(await now.ids('at-risk')).toEqual([]);
    const thresholds = { early_warning: 10 * 60_000 };
    const { rows, check } = await now.find('at-risk', { thresholds });
    expect(rows).toMatchObject([{ job_id: job, cells: { risk_level: 'low' } }]);
    expect(Number(rows[0]!.cells.risk_severity)).toBeLessThan(0);
    expect(check.title).toContain('10m');
  }));

test('at risk: since the samples say so', () =>
  scene.during(async (now) => {
    const job = await now.job(left(200));
    for (const [ago, eta] of [
      ['5 minutes', '99 minutes'],
      ['4 minutes', '101 minutes'],
      ['3 minutes', '150 minutes'],
    ] as const) {
      await now.sample(job, ago, { completed: 0, eta: `now() + interval '${eta}'` });
    }
    const [row] = await now.query<{ at: Date }>(`select now() - interval '4 minutes' as at`);
    expect((await now.find('at-risk')).rows[0]!.since).toEqual(row!.at);
  }));

test('breached: at the deadline itself, while the job is unfinished; the latest first', () =>
  scene.during(async (now) => {
    await now.job(left(1, 1));
    await now.job({ ...left(1, -5), state: `'completed'` });
    const just = await now.job(left(1, 0));
    const late = await now.job({ ...left(30, -20), state: `'waiting_upstream'` });
    const { rows } = await now.find('breached');
    expect(rows.map((row) => [row.job_id, row.cells.late_secs])).toEqual([
      [late, 1200],
      [just, 0],
    ]);
    expect(await now.ids('at-risk')).toEqual([]);
  }));

test('the statement computes the same ETA and risk as the job table', () =>
  scene.during(async (now) => {
    const jobs = fc.record({
      state: fc.constantFrom('running', 'paused', 'pending', 'resuming'),
      total: fc.integer({ min: 1, max: 1000 }),
      done: fc.integer({ min: 0, max: 1000 }),
      tokens: fc.integer({ min: 0, max: 5 }),
      parallel: fc.integer({ min: 1, max: 8 }),
      average: fc.option(fc.integer({ min: 0, max: 600_000 })),
      deadline: fc.integer({ min: -100, max: 20_000 }),
      heartbeat_age: fc.integer({ min: 0, max: 240 }),
    });
    for (const seed of fc.sample(jobs, { numRuns: 60, seed: 7 })) {
      const id = await now.job({
        state: `'${seed.state}'`,
        total_partitions: String(seed.total),
        completed_partitions: String(Math.min(seed.done, seed.total)),
        avg_partition_duration_ms: String(seed.average),
        execution_strategy: `'{"type":"parallel","max_parallel":${seed.parallel}}'`,
        lease_tokens: `array(select gen_random_uuid() from generate_series(1, ${seed.tokens}))`,
        sla_deadline_at: `date_trunc('second', now()) + interval '${seed.deadline} seconds'`,
        heartbeat_at: `now() - interval '${seed.heartbeat_age} seconds'`,
      });
      const [clock] = await now.query<{ at: Date }>('select now() as at');
      const view = viewJob((await readJob(now.query, 'acme', id))!, clock!.at);
      const found = (await now.find('at-risk', { job: id })).rows.map(
        (row) => row.cells.risk_level,
      );
      expect(found, JSON.stringify(seed)).toEqual(
        atRiskLevels.includes(view.risk_level) ? [view.risk_level] : [],
      );
      expect(await now.ids('breached', { job: id })).toEqual(
        view.risk_level === 'breached' ? [id] : [],
      );
    }
  }));
