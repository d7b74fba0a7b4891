import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forecastLines } from '../../source/commands/jobs/forecast-text.ts';
import { type Forecast, forecastOf } from '../../source/domain/forecast/forecast.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'fresh']) await operator.asset(asset, 'day');
});
afterAll(() => operator.close());

const past = (ms: number | null, completed_partitions = 10) => ({
  id: '00000000-0000-4000-8000-000000000001',
  state: 'completed',
  completed_at: now,
  total_partitions: completed_partitions,
  completed_partitions,
  failed_partitions: 0,
  avg_partition_duration_ms: ms,
});
const job = { total_partitions: 100, priority: 5, sla_deadline_at: secondsAgo(-125) };
const none = { worst_keys: [], errors: [] };

describe('the arithmetic', () => {
  test('weighs each past job by what it completed, and says the range', () => {
    const history = { ...none, past_jobs: [past(1000, 30), past(5000, 10), past(null, 0)] };
    expect(forecastOf(job, 4, 2, history, now)).toMatchObject({
      slots: 2,
      average_ms: 2000,
      duration_seconds: 100,
      low_seconds: 50,
      high_seconds: 250,
      finish_at: secondsAgo(-100),
      sla_buffer: 0.25,
      sla_buffer_fit: 'fits',
      risk_level: 'on_track',
    });
    expect(forecastOf(job, 4, 2, history, now, 30_000).risk_level).toBe('low');
  });

  test('counts on the whole parallelism where no executor has a handler yet', () => {
    const history = { ...none, past_jobs: [past(1000)] };
    expect(forecastOf(job, 4, 0, history, now)).toMatchObject({ slots: 4, duration_seconds: 25 });
  });

  test('expects nothing where nothing was completed', () => {
    for (const past_jobs of [[], [past(null, 0)]]) {
      expect(forecastOf(job, 4, 2, { ...none, past_jobs }, now)).toMatchObject({
        duration_seconds: null,
        finish_at: null,
        sla_buffer: null,
        risk_level: 'unknown',
      });
    }
  });

  test('the expected duration is always within the range', () => {
    const some = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e4 })),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 50 }), (jobs, slots) => {
        const past_jobs = jobs.map(([ms, count]) => past(ms, count));
        const seen = forecastOf(job, slots, slots, { ...none, past_jobs }, now);
        expect(seen.duration_seconds!).toBeGreaterThanOrEqual(seen.low_seconds! - 1e-6);
        expect(seen.duration_seconds!).toBeLessThanOrEqual(seen.high_seconds! + 1e-6);
      }),
    );
  });
});

describe('start --dry-run', () => {
  const input = {
    asset: 'orders',
    start: '2024-01-01',
    end: '2024-01-10',
    priority: '5',
    parallel: '2',
    sla_deadline: '+30m',
    dry_run: true,
  };
  const forecast = async (overrides = {}): Promise<Forecast> =>
    (await operator.start({ ...input, ...overrides })).plan!.forecast!;

  test('reports what the last jobs of the asset took, their worst keys and commonest errors', async () => {
    for (const [index, ms] of [60_000, 120_000].entries()) {
      const id = await operator.job({ asset: 'orders', start: '2024-01-01', end: '2024-01-10' });
      await operator.sql(
        `update backfill_partitions set state = case partition_key when '2024-01-03' then 'failed' else 'completed' end,
           duration_ms = case partition_key when '2024-01-07' then 900000 else 1000 end,
           error_message = case partition_key when '2024-01-03' then 'no such table' end
         where backfill_job_id = $1`,
        [id],
      );
      await operator.sql(
        `update backfill_jobs set state = $3, completed_partitions = 9, failed_partitions = 1, avg_partition_duration_ms = $2, completed_at = now() where id = $1`,
        [id, ms, index === 0 ? 'completed' : 'failed'],
      );
    }
    const seen = await forecast();
    expect(seen).toMatchObject({
      slots: 2,
      average_ms: 90_000,
      duration_seconds: 450,
      low_seconds: 300,
      high_seconds: 600,
      sla_tier: 'standard',
      sla_buffer_fit: 'wide',
      worst_keys: [
        { partition_key: '2024-01-03', slowest_ms: 1000, failed: 2 },
        { partition_key: '2024-01-07', slowest_ms: 900_000, failed: 0 },
        {},
        {},
        {},
      ],
      errors: [{ error_message: 'no such table', count: 2 }],
    });
    expect(seen.past_jobs).toHaveLength(2);
    const text = forecastLines(seen).join('\n');
    expect(text).toMatch(/^expected 8m \(5m to 10m\) on 2 slots, at 1m30s a partition/);
    expect(text).toContain('buffer to the deadline 300%: wide, a standard job');
    expect(text).toContain('worst keys: 2024-01-03 (1.0 s, failed in 2 jobs), 2024-01-07 (15m00s)');
    expect(text).toContain('failed before: 2 × no such table');
    expect(await operator.value('select count(*)::int from backfill_jobs')).toBe(2);
  });

  test('of other keys knows no worst ones, and of an asset that never ran nothing', async () => {
    const other = await forecast({ start: '2025-01-01', end: '2025-01-10' });
    expect(other).toMatchObject({ duration_seconds: 450, worst_keys: [] });
    const fresh = await forecast({ asset: 'fresh' });
    expect(fresh).toMatchObject({ past_jobs: [], duration_seconds: null, risk_level: 'unknown' });
    expect(forecastLines(fresh)).toEqual(['no earlier job of this asset has ended']);
  });
});
