import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { readSnapshot } from '../../source/database/queries/read-snapshot.ts';
import { simulate } from '../../source/domain/forecast/simulate.ts';
import type { Snapshot } from '../../source/domain/forecast/snapshot.ts';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeAll(async () => {
  backfills = await Backfills.open();
});

afterAll(() => backfills.close());

const assets = ['orders', 'clicks', 'users'] as const;

type Spec = {
  asset: (typeof assets)[number];
  partitions: number;
  max_parallel: number;
  priority: number;
  execution_order: number;
  deadline_minutes: number | null;
  state: 'pending' | 'paused' | 'resuming';
  waits: boolean;
};

const job: fc.Arbitrary<Spec> = fc.record({
  asset: fc.constantFrom(...assets),
  partitions: fc.integer({ min: 1, max: 6 }),
  max_parallel: fc.integer({ min: 1, max: 5 }),
  priority: fc.integer({ min: 0, max: 2 }),
  execution_order: fc.integer({ min: 0, max: 1 }),
  deadline_minutes: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
  state: fc.constantFrom('pending', 'pending', 'pending', 'paused', 'resuming'),
  waits: fc.boolean(),
});

const scenario = fc.record({
  jobs: fc.array(job, { minLength: 1, maxLength: 9 }),
  slots: fc.integer({ min: 1, max: 9 }),
  handled: fc.subarray([...assets], { minLength: 1 }),
  limits: fc.array(
    fc.record({
      scope: fc.constantFrom('tenant', 'asset'),
      asset: fc.constantFrom(...assets),
      most: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 2 },
  ),
});

describe('who gets the slots', () => {
  it('in random snapshots: the simulation and the real claim order agree', async () => {
    const reader = openDatabase(backfills.database.app, { connections: 1 });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ jobs, slots, handled, limits }) => {
        number += 1;
        const tenant = `t${number}`;
        for (const { scope, asset, most } of limits)
          await backfills.rows(
            'insert into backfill_limits values ($1, $2, $3, $4) on conflict do nothing',
            [tenant, scope, scope === 'asset' ? asset : '', most],
          );
        const ids: string[] = [];
        for (const [index, spec] of jobs.entries()) {
          const upstream = spec.waits ? ids.at(-1) : undefined;
          const id = await backfills.job({
            asset: spec.asset,
            tenant,
            keys: keys(spec.partitions),
            strategy: { type: 'parallel', max_parallel: spec.max_parallel },
            columns: {
              priority: spec.priority,
              execution_order: spec.execution_order,
              created_at: new Date(Date.UTC(2026, 0, 1, 0, index)),
              sla_deadline_at:
                spec.deadline_minutes === null
                  ? null
                  : new Date(Date.UTC(2099, 0, 1, 0, spec.deadline_minutes)),
              state: upstream === undefined ? spec.state : 'waiting_upstream',
              ...(spec.state === 'pending' ? {} : { heartbeat_at: new Date() }),
            },
          });
          if (upstream !== undefined)
            await backfills.rows('insert into backfill_upstreams values ($1, $2, $3)', [
              id,
              upstream,
              tenant,
            ]);
          ids.push(id);
        }
        const snapshot: Snapshot = {
          ...(await reader.read(tenant, (query) => readSnapshot(query, tenant))),
          executors: [{ id: 'one', slots, assets: handled, closed: false }],
        };
        const courses = simulate(snapshot);
        const expected = Object.fromEntries(
          snapshot.jobs.map(({ id }, index) => [id, courses[index]!.slots]),
        );
        const total = courses.reduce((sum, course) => sum + course.slots, 0);
        const gate = new Gate();
        const executor = await backfills.execute(
          handled.map((asset) =>
            functionHandler(asset, async () => {
              await gate.opened;
              return undefined;
            }),
          ),
          { slots, tenants: [tenant], timings: { look_ahead: 0 } },
        );
        const leases = async () =>
          Object.fromEntries(
            (
              await backfills.rows<{ id: string; slots: number }>(
                'select id, cardinality(lease_tokens) as slots from backfill_jobs where tenant_id = $1',
                [tenant],
              )
            ).map(({ id, slots: of }) => [id, of]),
          );
        await waitFor(
          'as many slots to be given as expected',
          async () => Object.values(await leases()).reduce((sum, of) => sum + of, 0) >= total,
          { seen: async () => ({ real: await leases(), expected }) },
        );
        expect(await leases()).toEqual(expected);
        gate.open();
        await executor.drain();
      }),
      { seed: 13, numRuns: 30 },
    );
    await reader.close();
  });
});
