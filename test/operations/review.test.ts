import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReviewed, readRiskHours } from '../../source/database/queries/read-review.ts';
import { median, type ReviewedJob, reviewOf } from '../../source/domain/report/review.ts';
import { reviewDeadlines } from '../../source/operations/reports/review.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks']) await operator.asset(asset);
});
afterAll(() => operator.close());

const aReviewed = (overrides: Partial<ReviewedJob> = {}): ReviewedJob => ({
  id: 'a',
  asset_name: 'orders',
  state: 'completed',
  priority: 5,
  created_at: secondsAgo(2000),
  started_at: secondsAgo(1000),
  completed_at: now,
  sla_deadline_at: secondsAgo(-500),
  at_risk_minutes: 0,
  breached_minutes: 0,
  eta_bias: null,
  eta_error: null,
  ...overrides,
});
const outcomes = (...jobs: Partial<ReviewedJob>[]) =>
  reviewOf(jobs.map(aReviewed), []).calls.map(({ outcome, margin_seconds }) => [
    outcome,
    margin_seconds,
  ]);

describe('a call', () => {
  test.each([
    ['much room', {}, []],
    ['a tenth of its duration left', { sla_deadline_at: secondsAgo(-100) }, []],
    ['less than that', { sla_deadline_at: secondsAgo(-99) }, [['close', 99]]],
    ['room, but at risk on the way', { at_risk_minutes: 1 }, [['close', 500]]],
    ['late', { sla_deadline_at: secondsAgo(1) }, [['missed', -1]]],
    ['failed in time', { state: 'failed' }, [['missed', null]]],
    ['cancelled: no deadline any more', { state: 'cancelled', at_risk_minutes: 9 }, []],
    ['without a deadline', { sla_deadline_at: null }, []],
    ['still running', { state: 'running', completed_at: null, at_risk_minutes: 9 }, []],
  ] as const)('%s', (_, job, calls) => expect(outcomes(job)).toEqual(calls));

  test('what was missed comes first, the latest of it before the others', () => {
    const late = (id: string, seconds: number) => ({ id, sla_deadline_at: secondsAgo(seconds) });
    expect(outcomes(late('a', -50), late('b', 10), late('c', 99), late('d', -20))).toEqual([
      ['missed', -99],
      ['missed', -10],
      ['close', 20],
      ['close', 50],
    ]);
  });
});

test('a median is between the least and the most, and in the middle of two', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1])).toBe(2);
  expect(median([5, 1, 3])).toBe(3);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (figures) => {
      const middle = median(figures)!;
      expect(figures.filter((one) => one < middle).length * 2).toBeLessThanOrEqual(figures.length);
      expect(figures.filter((one) => one > middle).length * 2).toBeLessThanOrEqual(figures.length);
    }),
  );
});

describe('the review of a week', () => {
  let made = 0;
  /**
   * It ran from 100 to 10 minutes ago, with a sample every ten minutes; each ETA was `off` minutes
   * before its end.
   */
  async function aJob(asset: string, deadline: string, off: number, state = 'completed') {
    const id = await operator.job({ asset, partitions: [`k${made++}`] });
    await operator.sql(
      `update backfill_jobs set state = $2::text, started_at = now() - interval '100 minutes',
         completed_at = case when $2 = 'running' then null else now() - interval '10 minutes' end, sla_deadline_at = now() - $3::interval where id = $1`,
      [id, state, deadline],
    );
    await operator.sql(
      `insert into backfill_samples (job_id, tenant_id, at, completed, failed, estimated_completion_at)
       select $1, 'acme', now() - i * interval '10 minutes', 0, 0, now() - (10 + $2) * interval '1 minute' from generate_series(2, 9) i`,
      [id, off],
    );
    return id;
  }
  let close: string;
  let missed: string;

  beforeAll(async () => {
    missed = await aJob('orders', '45 minutes', 10);
    close = await aJob('orders', '8 minutes', 0);
    await aJob('clicks', '-60 minutes', 0);
    await aJob('clicks', '45 minutes', 0, 'running');
    const old = await aJob('clicks', '8 days', 0);
    await operator.sql(
      `update backfill_jobs set completed_at = now() - interval '8 days' where id = $1`,
      [old],
    );
  });

  const review = (since = { before_ms: 7 * 86_400_000 }) =>
    reviewDeadlines(operator.db, 'acme', since);

  test('reports close calls, misses, accuracy and hours at risk by asset', async () => {
    const report = await review();
    expect(report).toMatchObject({ ended: 3, met: 2, missed: 1, truncated: false });
    expect(report.calls).toMatchObject([
      { id: missed, outcome: 'missed', at_risk_minutes: 5, sla_tier: 'best-effort' },
      { id: close, outcome: 'close', at_risk_minutes: 0 },
    ]);
    expect(report.calls[0]!.margin_seconds).toBeCloseTo(-35 * 60, 0);
    expect(report.assets).toMatchObject([
      { asset_name: 'orders', ended: 2, missed: 1, close: 1, breached_hours: 3 / 60 },
      { asset_name: 'clicks', ended: 1, missed: 0, at_risk_hours: 5 / 60, breached_hours: 3 / 60 },
    ]);
    const minutes = report.hours.reduce((sum, one) => sum + one.at_risk_minutes, 0);
    expect(minutes).toBe(10);
  });

  test('an ETA that was always ten minutes early is off by that share of what was left', async () => {
    const { assets, eta } = await review();
    // Ten minutes of 10, 20 … 80: the median of 1/1 … 1/8.
    const expected = (1 / 4 + 1 / 5) / 2;
    expect(eta.jobs).toBe(3);
    expect(eta.error).toBeCloseTo(0, 3);
    expect(assets[0]!.eta_error).toBeCloseTo(expected / 2, 3);
    expect(assets[0]!.eta_bias).toBeCloseTo(expected / 2, 3);
  });

  test('of a shorter time looks at less', async () => {
    expect(await review({ before_ms: 60_000 })).toMatchObject({ ended: 0, calls: [] });
  });

  test('as a command, for a script and for a person', async () => {
    const variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
    const ran = await run(['review', '--json'], variables);
    expect(documentOf('review', ran.stdout)).toMatchObject({ ended: 3, missed: 1 });
    const { stdout, code } = await run(['review', '--ascii'], variables);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /3 jobs with a deadline ended, 2 met it \(1 of them closely\), 1 missed it/,
    );
    expect(stdout).toMatch(/missed +[0-9a-f]{8} +orders +best-effort +\S+ +35m late +5m/);
    expect(stdout).toMatch(/orders +2 +1 +1 +5m +3m +off by 11 %, mostly 11 % too early/);
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/);
    expect((await run(['review', '--since', 'ever'], variables)).code).toBe(2);
  });

  test('reads by the indexes of deadlines, ends and samples', async () => {
    const asset = await operator.value(`select id from assets where name = 'orders'`);
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, completed_at)
       select 'acme', $1, 'orders', i::text, 'completed', now() - (9 + i) * interval '1 day' from generate_series(1, 20000) i`,
      [asset],
    );
    await operator.sql(
      `insert into backfill_samples (job_id, at, tenant_id, completed, failed)
       select id, now() - i * interval '1 day', 'acme', 0, 0 from (select id from backfill_jobs limit 2000) j, generate_series(9, 19) i`,
    );
    for (const prepare of ['select 1', 'analyze']) {
      await operator.sql(prepare);
      const reads = await readsOf(operator.database.app, 'acme', async (_, query) => {
        const since = new Date(Date.now() - 7 * 86_400_000);
        expect(await readReviewed(query, 'acme', since, 5000, 0)).toHaveLength(4);
        await readRiskHours(query, 'acme', since, 5000, 0);
      });
      expect(reads).toMatchObject({ scans: [], sequential: 0 });
      expect(reads.fetched).toBeLessThanOrEqual(200);
    }
  });
});
