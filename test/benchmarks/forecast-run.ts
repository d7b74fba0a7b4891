import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { ServoError } from '../../source/errors.ts';
import { type Executor, startExecutor } from '../../source/executor/executor.ts';
import { defaultTimings } from '../../source/executor/settings.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { silentLog } from '../../source/observability/log.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { transition } from '../../source/operations/act/transition.ts';
import {
  type AssetSpec,
  type ChangeSpec,
  changeTimes,
  durationOf,
  type ExecutorSpec,
  Random,
  type Scenario,
} from './forecast-scenarios.ts';
import { type BenchDatabase, withClient } from './server.ts';

/** What was told of one job at one moment, and what came. Times in seconds. */
export type Told = {
  scenario: Scenario;
  job: number;
  moment: number;
  /** Until its end; null: it had not ended when the scenario was given up. */
  left: number | null;
  /** Until its end by the stored forecast; null: with `unknown`, or without anything stored. */
  forecast: number | null;
  /** The range in which eight of ten are to end; null as `forecast`. */
  low: number | null;
  high: number | null;
  unknown: string | null;
  bound_by: string | null;
  /** Until its end by remaining ÷ slots × average; null without an average. */
  formula: number | null;
  /** Until its deadline. */
  deadline: number;
  /** Nothing changed between the moment and its end that no forecast could know. */
  undisturbed: boolean;
};

/** Attempts of the earlier job of each known asset. */
const pastAttempts = 60;
const mostSeconds = 300;

type Reading = {
  id: string;
  now: Date;
  fresh: boolean;
  finish_at: Date | null;
  low_at: Date | null;
  high_at: Date | null;
  unknown: string | null;
  bound_by: string | null;
  formula: number | null;
};

/** Runs a scenario with real executors, in a tenant of its own. */
export async function runScenario(
  { superuser, app }: BenchDatabase,
  scenario: Scenario,
): Promise<Told[]> {
  const tenant = `forecast ${scenario.seed} ${randomUUID().slice(0, 4)}`;
  const database = openDatabase(app, { connections: 1 });
  const executors: Promise<Executor>[] = [];
  try {
    const ids = await createJobs(superuser, tenant, scenario);
    const begin = (spec: ExecutorSpec) => {
      const executor = execute({ superuser, app }, tenant, scenario.seed, spec);
      executors.push(executor);
      return executor;
    };
    const draining: { at: number; executor: Executor }[] = [];
    for (const spec of scenario.executors) {
      if (spec.joins !== null) continue;
      const executor = await begin(spec);
      if (spec.drains !== null) draining.push({ at: spec.drains, executor });
    }
    const start = performance.now();
    const readings: Reading[][] = [];
    const steps: { at: number; run: () => Promise<unknown> }[] = [
      ...scenario.moments.map((at) => ({
        at,
        run: async () => readings.push(await read(superuser, tenant)),
      })),
      ...scenario.changes.map((change) => ({
        at: change.at,
        run: () => apply(database, tenant, ids[change.job]!, change),
      })),
      ...scenario.executors.flatMap((spec) =>
        spec.joins === null ? [] : [{ at: spec.joins, run: () => begin(spec) }],
      ),
      // Its running partitions may end: not waited for.
      ...draining.map(({ at, executor }) => ({
        at,
        run: async () => void executor.drain(),
      })),
    ].sort((one, other) => one.at - other.at);
    for (const { at, run } of steps) {
      await sleep(Math.max(0, at * 1000 - (performance.now() - start)));
      await run();
    }
    const ends = await waitForEnds(superuser, tenant, start);
    return readings.flatMap((rows, moment) =>
      rows.map((row) => told(scenario, { row, moment, ids, ends })),
    );
  } finally {
    await Promise.all(executors.map(async (executor) => (await executor).abort()));
    await database.close();
  }
}

function told(
  scenario: Scenario,
  of: { row: Reading; moment: number; ids: readonly string[]; ends: Map<string, Date> },
): Told {
  const { row, moment, ids, ends } = of;
  const job = ids.indexOf(row.id);
  const until = (at: Date | null | undefined) =>
    at == null ? null : (at.getTime() - row.now.getTime()) / 1000;
  const at = scenario.moments[moment]!;
  const left = until(ends.get(row.id));
  const end = at + (left ?? mostSeconds);
  return {
    scenario,
    job,
    moment,
    left,
    forecast: row.fresh ? until(row.finish_at) : null,
    low: row.fresh ? until(row.low_at) : null,
    high: row.fresh ? until(row.high_at) : null,
    unknown: row.fresh ? row.unknown : null,
    bound_by: row.bound_by,
    formula: row.formula,
    deadline: scenario.jobs[job]!.deadline - at,
    undisturbed: changeTimes(scenario).every((change) => change < at || change > end),
  };
}

async function createJobs(
  superuser: BenchDatabase['superuser'],
  tenant: string,
  { seed, jobs, limits }: Scenario,
): Promise<string[]> {
  return withClient(superuser, async (client) => {
    await client.query('begin');
    for (const asset of new Set(jobs.map((job) => job.asset))) {
      await client.query(
        `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), $1, 'bench', $2)`,
        [asset.name, tenant],
      );
      if (!asset.known) continue;
      const random = new Random(seed);
      const past = Array.from({ length: pastAttempts }, () =>
        durationOf(seed, asset, `past ${random.next()}`),
      );
      const mean = (of: readonly number[]) => of.reduce((sum, one) => sum + one, 0) / of.length;
      await client.query(
        `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, completed_partitions,
           state, created_at, started_at, completed_at, timed_attempts, slot_ms, slot_ms_square, retried_share)
         select tenant_id, id, name, gen_random_uuid()::text, $3, $3, 'completed', now() - interval '1 day', now() - interval '1 day',
           now() - interval '1 hour', $3, $4, $5, 0 from assets where name = $2 and tenant_id = $1`,
        [tenant, asset.name, pastAttempts, mean(past), mean(past.map((ms) => ms * ms))],
      );
    }
    for (const { asset, most } of limits)
      await client.query('insert into backfill_limits values ($1, $2, $3, $4)', [
        tenant,
        asset === null ? 'tenant' : 'asset',
        asset ?? '',
        most,
      ]);
    const ids: string[] = [];
    for (const [index, job] of jobs.entries()) {
      const { rows } = await client.query(
        `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, execution_strategy, priority,
           execution_order, state, upstream_job_count, created_at, sla_deadline_at)
         select tenant_id, id, name, gen_random_uuid()::text, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 millisecond',
           now() + $10 * interval '1 second' from assets where name = $2 and tenant_id = $1 returning id`,
        [
          tenant,
          job.asset.name,
          job.partitions,
          JSON.stringify({ type: 'parallel', max_parallel: job.max_parallel }),
          job.priority,
          job.execution_order,
          job.upstream === null ? 'pending' : 'waiting_upstream',
          job.upstream === null ? 0 : 1,
          index,
          job.deadline,
        ],
      );
      const id: string = rows[0].id;
      ids.push(id);
      await client.query(
        `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
         select gen_random_uuid(), $1, $2, $3 || ' ' || lpad(i::text, 6, '0') from generate_series(1, $4::int) i`,
        [id, tenant, `job ${index}`, job.partitions],
      );
      if (job.upstream !== null)
        await client.query('insert into backfill_upstreams values ($1, $2, $3)', [
          id,
          ids[job.upstream],
          tenant,
        ]);
    }
    await client.query('commit');
    await client.query('analyze backfill_partitions, backfill_jobs');
    return ids;
  });
}

async function execute(
  { app }: BenchDatabase,
  tenant: string,
  seed: number,
  { slots, assets }: ExecutorSpec,
): Promise<Executor> {
  const handlers = assets.map((asset) => sleeping(seed, asset));
  return startExecutor({
    settings: app,
    tenants: [tenant],
    catalogue: new Map(handlers.map((handler) => [handler.asset, handler])),
    slots,
    grace: 20_000,
    timings: defaultTimings,
    log: () => silentLog,
  });
}

function sleeping(seed: number, asset: AssetSpec): Handler {
  return {
    asset: asset.name,
    kind: 'function',
    run: async ({ attempt, signal }) => {
      await sleep(durationOf(seed, asset, attempt.partition_key), undefined, { signal });
      return { outcome: { kind: 'completed' } };
    },
  };
}

async function apply(database: Database, tenant: string, id: string, change: ChangeSpec) {
  const author = { tenant, actor: 'bench', reason: null };
  // The job may have ended by now: then nothing changes.
  if (change.does === 'set') {
    const { does: _, at: __, job: ___, ...settings } = change;
    await setJob(database, author, id, settings).catch((error) => {
      if (!(error instanceof ServoError && error.code === 'not_allowed')) throw error;
    });
  } else await transition(database, author, { action: change.does, id });
}

/** The unfinished jobs with what is stored of them, and what the contract's ETA says. */
function read(superuser: BenchDatabase['superuser'], tenant: string): Promise<Reading[]> {
  return withClient(superuser, async (client) => {
    const { rows } = await client.query(
      `select j.id, clock_timestamp() as now, coalesce(r.computed_at > now() - interval '20 seconds', false) as fresh,
         f.finish_at, f.low_at, f.high_at, f.unknown, f.bound_by,
         ceil((j.total_partitions - j.completed_partitions - j.failed_partitions)::float8 / greatest(1, cardinality(j.lease_tokens)))
           * j.avg_partition_duration_ms / 1000 as formula
       from backfill_jobs j
         left join backfill_forecasts f on f.job_id = j.id
         left join backfill_forecast_rounds r on r.tenant_id = j.tenant_id
       where j.tenant_id = $1 and j.state not in ('completed', 'failed', 'cancelled')`,
      [tenant],
    );
    return rows;
  });
}

/** When each job ended; without those that have not within the longest time of a scenario. */
async function waitForEnds(
  superuser: BenchDatabase['superuser'],
  tenant: string,
  start: number,
): Promise<Map<string, Date>> {
  return withClient(superuser, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ id: string; completed_at: Date | null }>(
        'select id, completed_at from backfill_jobs where tenant_id = $1',
        [tenant],
      );
      const late = performance.now() - start > mostSeconds * 1000;
      if (late || rows.every(({ completed_at }) => completed_at !== null))
        return new Map(
          rows.flatMap(({ id, completed_at: at }) => (at === null ? [] : [[id, at] as const])),
        );
      await sleep(1_000);
    }
  });
}
