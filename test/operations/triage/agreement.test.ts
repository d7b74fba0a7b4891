import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFigures } from '../../../source/database/queries/read-figures.ts';
import { activeStates, figuresOf } from '../../../source/domain/executor/figures.ts';
import { thresholdDefaults } from '../../../source/domain/triage/thresholds.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());

const jobs = fc.record({
  state: fc.constantFrom(
    'running',
    'running',
    'paused',
    'pending',
    'resuming',
    'waiting_upstream',
    'completed',
  ),
  left: fc.integer({ min: 0, max: 50 }),
  tokens: fc.integer({ min: 0, max: 3 }),
  average: fc.option(fc.integer({ min: 1, max: 200 })),
  /** In minutes and a half: the clock moves on between readings. */
  deadline: fc.option(fc.integer({ min: -10, max: 150 })),
  heartbeat_age: fc.integer({ min: 0, max: 900 }),
  started: fc.integer({ min: 0, max: 30_000 }),
});

test.each([
  [0, 120_000, false],
  [600_000, 120_000, true],
  [0, 300_000, true],
])(
  'metrics count what triage finds, with an early warning of %i ms, a stale heartbeat of %i ms, and forecasts: %s',
  (early_warning, heartbeat_stale, forecasts) =>
    scene.during(async (now) => {
      for (const seed of fc.sample(jobs, { numRuns: 120, seed: 11 })) {
        const ago = (seconds: number) => `now() - interval '${seconds}.5 seconds'`;
        await now.job({
          state: `'${seed.state}'`,
          total_partitions: '100',
          completed_partitions: String(100 - seed.left),
          avg_partition_duration_ms: seed.average === null ? 'null' : `${seed.average} * 1000`,
          lease_tokens: `array(select gen_random_uuid() from generate_series(1, ${seed.tokens}))`,
          sla_deadline_at:
            seed.deadline === null ? 'null' : `now() + interval '${seed.deadline}.5 minutes'`,
          heartbeat_at: seed.state === 'running' ? ago(seed.heartbeat_age) : 'null',
          started_at: ago(seed.started),
        });
      }
      if (forecasts) {
        await now.query(
          `insert into backfill_forecasts (job_id, tenant_id, computed_at, bound_by, finish_at)
           select id, tenant_id, now(), 'slots', case when n % 4 > 0 then now() + (n * 17 % 180) * interval '1 minute' end
           from (select id, tenant_id, row_number() over (order by created_at, id) as n from backfill_jobs where tenant_id = 'acme') j
           where n % 3 > 0`,
        );
        await now.query(`insert into backfill_forecast_rounds values ('acme', now(), 'web-1')`);
        await now.query(
          `update backfill_jobs set started_at = null where tenant_id = 'acme' and state = 'pending' and total_partitions - completed_partitions > 25`,
        );
      }
      const thresholds = { ...thresholdDefaults, early_warning, heartbeat_stale };
      const found = async (name: 'stuck' | 'at-risk' | 'breached' | 'long-running') =>
        (await now.find(name, { thresholds })).rows;
      const reading = await readFigures(now.query, 'acme', activeStates, early_warning);
      const [clock] = await now.query<{ at: Date }>('select now() as at');
      const figures = figuresOf([{ ...reading, as_of: clock!.at }], thresholds);
      const stuck = await found('stuck');
      const risky = await found('at-risk');
      const late = await found('breached');
      const long = await found('long-running');
      expect(risky.length).toBeGreaterThan(3);
      expect({
        stale: figures.stale,
        at_risk: figures.at_risk,
        breached: figures.breached,
      }).toEqual({
        stale: stuck.length,
        at_risk: risky.length,
        breached: late.length,
      });
      expect(figures.oldest_heartbeat_age).toBeCloseTo(
        Number(stuck[0]!.cells.heartbeat_age_secs),
        2,
      );
      expect(figures.longest_running).toBeCloseTo(Number(long[0]!.cells.running_secs), 2);
    }),
);
