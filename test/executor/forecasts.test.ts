import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { storeForecasts } from '../../source/database/queries/forecasts.ts';
import { readSnapshot } from '../../source/database/queries/read-snapshot.ts';
import { forecastJobs } from '../../source/domain/forecast/forecast-jobs.ts';
import { simulate } from '../../source/domain/forecast/simulate.ts';
import type { Snapshot } from '../../source/domain/forecast/snapshot.ts';
import { transition } from '../../source/operations/act/transition.ts';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

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

  it('a slot goes to a higher rank at the end of a partition', async () => {
    const tenant = 'ranks';
    const reader = openDatabase(backfills.database.app, { connections: 1 });
    const read = () => reader.read(tenant, (query) => readSnapshot(query, tenant));
    const gates = new Map<string, Gate>();
    const handler = functionHandler('orders', async (key) => {
      const gate = new Gate();
      gates.set(key, gate);
      await gate.opened;
      return undefined;
    });
    const strategy = { type: 'parallel', max_parallel: 2 };
    const low = await backfills.job({ tenant, keys: keys(6, 'low'), strategy });
    const executor = await backfills.execute([handler], {
      slots: 2,
      tenants: [tenant],
      timings: { look_ahead: 0 },
    });
    await waitFor('the slots to be taken', () => gates.size === 2);
    const high = await backfills.job({
      tenant,
      keys: keys(2, 'high'),
      strategy,
      columns: { priority: 9 },
    });
    const before = await read();
    const courses = simulate(before);
    const course = (id: string) => courses[before.jobs.findIndex((one) => one.id === id)]!;
    expect(course(low).slots).toBe(2);
    expect(course(high)).toMatchObject({ slots: 0, wanted: 2 });
    // The next poll sees that it waits.
    await waitFor('its rank to be known', async () => {
      gates.get([...gates.keys()].find((key) => key.startsWith('low'))!)!.open();
      return [...gates.keys()].some((key) => key.startsWith('high'));
    });
    const after = await read();
    const slots = (id: string) => after.jobs.find((one) => one.id === id)!.slots.length;
    expect({ low: slots(low), high: slots(high) }).toEqual({ low: 1, high: 1 });
    // As simulated: with one slot in the hands of the higher rank, the other one follows.
    const then = simulate(after);
    const at = after.jobs.findIndex((one) => one.id === high);
    expect(then[at]).toMatchObject({ slots: 1, wanted: 1, start_ms: 0 });
    await waitFor('both jobs to be done', async () => {
      for (const gate of gates.values()) gate.open();
      const rows = await backfills.rows<{ state: string }>(
        'select state from backfill_jobs where tenant_id = $1',
        [tenant],
      );
      return rows.every(({ state }) => state === 'completed');
    });
    await executor.drain();
    await reader.close();
  });
});

describe('what is measured of attempts', () => {
  it('is the time in their slots, once, also where a queue is reported in several batches', async () => {
    const tenant = 'measured';
    const [slots, partitions] = [4, 90];
    const id = await backfills.job({
      tenant,
      keys: keys(partitions),
      strategy: { type: 'parallel', max_parallel: slots },
    });
    const handler = functionHandler('orders', async (key) => {
      await sleep(20 + (Number(key.slice(-2)) % 7) * 5);
      return undefined;
    });
    const executor = await backfills.execute([handler], { slots, tenants: [tenant] });
    await backfills.state(id, 'completed');
    await executor.drain();
    const row = await backfills.row<Record<string, number>>(
      `select timed_attempts, slot_ms, slot_ms_square, avg_partition_duration_ms::float8 as average,
         (select avg(duration_ms)::float8 from backfill_partitions where backfill_job_id = j.id) as handler_ms,
         extract(epoch from completed_at - started_at)::float8 * 1000 as run_ms from backfill_jobs j where id = $1`,
      [id],
    );
    expect(row.timed_attempts).toBe(partitions);
    expect(row.slot_ms).toBeGreaterThanOrEqual(row.handler_ms! - 1);
    // The slots had no more time than this; each attempt is rounded to a millisecond.
    expect(row.slot_ms! * partitions).toBeLessThanOrEqual(slots * row.run_ms! + partitions);
    expect(row.slot_ms_square).toBeGreaterThanOrEqual(row.slot_ms! ** 2);
  });
});

describe('stored forecasts', () => {
  const told = (tenant: string) =>
    backfills.rows<{ job_id: string; bound_by: string; unknown: string | null; finish: boolean }>(
      `select job_id, bound_by, unknown, finish_at is not null as finish from backfill_forecasts
       where tenant_id = $1 order by finish_at, unknown`,
      [tenant],
    );
  const writer = async (tenant: string) =>
    (
      await backfills.rows<{ computed_by: string; at: Date }>(
        'select computed_by, computed_at as at from backfill_forecast_rounds where tenant_id = $1',
        [tenant],
      )
    )[0];

  it('are written, renewed after a change, and deleted when a job ends', async () => {
    const tenant = 'stored';
    const database = openDatabase(backfills.database.app, { connections: 1 });
    const gate = new Gate();
    const slow = await backfills.job({ tenant, keys: keys(3), columns: { priority: 9 } });
    const next = await backfills.job({ tenant, keys: keys(3), columns: { priority: 1 } });
    const handler = functionHandler('orders', async () => {
      await gate.opened;
      return undefined;
    });
    const executor = await backfills.execute([handler], { slots: 1, tenants: [tenant] });
    const bounds = async () =>
      Object.fromEntries((await told(tenant)).map(({ job_id, bound_by }) => [job_id, bound_by]));
    await waitFor('the forecasts', async () => (await bounds())[next] === 'slots', {
      seen: bounds,
    });
    expect((await told(tenant)).map(({ unknown }) => unknown)).toEqual([
      'no_duration',
      'no_duration',
    ]);
    const author = { tenant, actor: 'mara' };
    await transition(database, author, { action: 'pause', id: slow });
    await waitFor('the pause to be seen', async () => (await bounds())[slow] === 'paused', {
      seen: bounds,
    });
    await transition(database, author, { action: 'resume', id: slow });
    gate.open();
    await waitFor('the first job to be gone', async () => !(slow in (await bounds())), {
      seen: bounds,
    });
    await waitFor('nothing to be left', async () => (await told(tenant)).length === 0, {
      seen: bounds,
    });
    await executor.drain();
    await database.close();
  });

  it('are written by one of several executors, and by another one after its death', async () => {
    const tenant = 'elected';
    const handlers = handlerDirectory({ 'orders.sh': '#!/bin/sh\nsleep 600\n' });
    const job = await backfills.job({ tenant, keys: keys(9) });
    const args = ['--handlers', handlers, '--slots', '1'];
    const workers = [0, 1].map(
      () => new Worker(backfills.database.app, tenant, args, { SERVO_SPEED: '20' }),
    );
    try {
      await Promise.all(workers.map((worker) => worker.started()));
      const first = await waitFor('a writer', () => writer(tenant));
      const rounds = new Map([[Number(first.at), first.computed_by]]);
      await waitFor('three rounds', async () => {
        const round = (await writer(tenant))!;
        rounds.set(Number(round.at), round.computed_by);
        return rounds.size >= 3;
      });
      expect(new Set(rounds.values())).toEqual(new Set([first.computed_by]));
      const pid = Number(first.computed_by.split(':')[1]);
      const elected = workers.find(({ process }) => process.pid === pid)!;
      await elected.kill();
      const second = await waitFor(
        'the other one to write',
        async () => {
          const round = (await writer(tenant))!;
          return round.computed_by === first.computed_by ? null : round;
        },
        { seen: () => writer(tenant) },
      );
      expect(Number(second.at)).toBeGreaterThan(Number(first.at));
      expect((await told(tenant)).map(({ job_id }) => job_id)).toEqual([job]);
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
    }
  });

  it('have an answer for whatever other programs write into a job', async () => {
    const tenant = 'odd';
    const database = openDatabase(backfills.database.app, { connections: 1 });
    const odd: Record<string, unknown>[] = [
      { sla_deadline_at: 'infinity', created_at: '-infinity' },
      { sla_deadline_at: '0044-03-15 12:00:00+00 BC', created_at: '294276-12-31 23:59:59+00' },
      { total_partitions: -5, completed_partitions: 7 },
      { completed_partitions: -2_147_483_648, total_partitions: 2_147_483_647 },
      { timed_attempts: -1, slot_ms: 5, slot_ms_square: 25, retried_share: 0 },
      { timed_attempts: 3, slot_ms: 'NaN', slot_ms_square: 'NaN', retried_share: 'NaN' },
      { timed_attempts: 3, slot_ms: 'Infinity', slot_ms_square: '-Infinity', retried_share: 9 },
      { timed_attempts: 3, slot_ms: 1e300, slot_ms_square: 0, retried_share: -1 },
      { avg_partition_duration_ms: '9223372036854775807', total_partitions: 2_147_483_647 },
      { avg_partition_duration_ms: -1 },
      { avg_partition_duration_ms: 200_000_000, total_partitions: 2_000_000 },
      { state: 'paused', paused_at: 'infinity', heartbeat_at: '-infinity' },
      { state: 'running', started_at: 'infinity', heartbeat_at: 'infinity' },
      { execution_strategy: '{"type": "parallel", "max_parallel": 1e300}' },
    ];
    const ids: string[] = [];
    for (const columns of odd)
      ids.push(await backfills.job({ tenant, asset: `odd ${ids.length}`, keys: keys(2), columns }));
    const held = await backfills.job({ tenant, asset: 'odd held', keys: keys(3) });
    await backfills.rows(
      `update backfill_jobs set state = 'running', lease_tokens = array[gen_random_uuid()], started_at = now() where id = $1`,
      [held],
    );
    for (const [key, started, expires] of [
      ['k00001', 'infinity', '-infinity'],
      ['k00002', '-infinity', 'infinity'],
    ])
      await backfills.rows(
        `update backfill_partitions set state = 'running', lease_owner = 'gone', lease_token = gen_random_uuid(),
           started_at = $2, lease_expires_at = $3 where backfill_job_id = $1 and partition_key = $4`,
        [held, started, expires, key],
      );
    const read = await database.read(tenant, (query) => readSnapshot(query, tenant));
    const assets = read.jobs.map(({ asset_name }) => asset_name);
    const snapshot = {
      ...read,
      executors: [{ id: 'one', slots: 4, assets, closed: false }],
    };
    const forecasts = forecastJobs(snapshot);
    expect(new Set(forecasts.map(({ job_id }) => job_id))).toEqual(new Set([...ids, held]));
    for (const one of forecasts) {
      expect((one.finish_at === null) !== (one.unknown === null), JSON.stringify(one)).toBe(true);
      for (const at of [one.start_at, one.finish_at, one.low_at, one.high_at])
        if (at !== null) expect(Number.isNaN(Number(at)), JSON.stringify(one)).toBe(false);
    }
    const { as_of } = read;
    await storeForecasts(database, {
      ...{ tenant, executor: 'one', as_of, changed: forecasts, gone: [], all: true },
    });
    expect(await told(tenant)).toHaveLength(forecasts.length);
    await database.close();
  });
});
