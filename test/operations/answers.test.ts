import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { countPartitions, getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { listJobs, listNamedJobs } from '../../source/operations/jobs/list-jobs.ts';
import { draftPlan, planActions } from '../../source/operations/plan/plan-actions.ts';
import { selectJobs } from '../../source/operations/plan/select-jobs.ts';
import { exportJob } from '../../source/operations/reports/export-job.ts';
import { readHandoff } from '../../source/operations/reports/hand-off.ts';
import { listLogs } from '../../source/operations/reports/read-logs.ts';
import { reviewDeadlines } from '../../source/operations/reports/review.ts';
import { listAssets } from '../../source/operations/start/assets.ts';
import { diagnose, findBroken } from '../../source/operations/system/diagnose.ts';
import { listAlerts } from '../../source/operations/triage/alerts.ts';
import { triage, triageCheck } from '../../source/operations/triage/checks.ts';
import { assessJob, verifyJob } from '../../source/operations/triage/explain-job.ts';
import { listExecutors, listOnHold } from '../../source/operations/triage/list-executors.ts';
import { assessRisk } from '../../source/operations/triage/risk.ts';
import { version } from '../../source/package.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
const db = () => operator.db;
const hour = { before_ms: 3_600_000 };
const all = parseFilter('');

beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'clicks']) await operator.asset(name);
  await operator.sql('alter table backfill_jobs disable trigger user');
});
beforeEach(async () => {
  for (const table of ['partitions', 'attempt_logs', 'events', 'jobs', 'executors'])
    await operator.sql(`delete from backfill_${table}`);
});
afterAll(() => operator.close());

/** Jobs of orders with these columns, as SQL; their ids. */
async function many(count: number, columns: Record<string, string> = {}): Promise<string[]> {
  const made = await operator.sql<{ id: string }>(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${Object.keys({ state: '', ...columns })})
     select tenant_id, a.id, a.name, gen_random_uuid(), ${Object.values({ state: `'pending'`, ...columns })}
     from assets a, generate_series(1, $1::int) n where a.name = 'orders' returning id`,
    [count],
  );
  return made.map(({ id }) => id);
}
const one = async (columns: Record<string, string> = {}) => (await many(1, columns))[0]!;
const running = { state: `'running'`, started_at: 'now()', heartbeat_at: 'now()' };
const decisions = (job: string, count: number) =>
  operator.sql(
    `insert into backfill_events (tenant_id, job_id, kind, actor, reason)
     select 'acme', $1, 'retry requested', 'mara', 'why ' || n from generate_series(1, $2::int) n`,
    [job, count],
  );
const executor = (id: string, columns: Record<string, string> = {}) =>
  operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers ${Object.keys(
      columns,
    )
      .map((name) => `, ${name}`)
      .join('')})
     values ($1, 'acme', 'h', 1, '0', 2, '{orders}' ${Object.values(columns)
       .map((value) => `, ${value}`)
       .join('')})`,
    [id],
  );

describe('what is cut off is said to be, and nothing else', () => {
  const dated = (count: number, columns: Record<string, string>) => () => many(count, columns);
  const due = { sla_deadline_at: `now() + interval '1 hour'` };
  const risk = async () => {
    const { truncated } = await assessRisk(db(), 'acme', { job: null, pause: [] });
    return truncated;
  };
  const review = async () => (await reviewDeadlines(db(), 'acme', hour)).truncated;
  const ended = { state: `'completed'`, completed_at: 'now()', ...due };
  /** What there is, how many of it are told, and who says so. */
  const lists: [
    string,
    number,
    (count: number) => () => Promise<unknown>,
    () => Promise<boolean>,
  ][] = [
    ['jobs with a deadline', 1000, (count) => dated(count, due), risk],
    ['running jobs without one', 1000, (count) => dated(count, running), risk],
    ['waiting jobs without one', 1000, (count) => dated(count, {}), risk],
    ['ended jobs under review', 4999, (count) => dated(count, ended), review],
    [
      'decisions of a shift',
      1000,
      (count) => async () => decisions(await one(), count),
      async () => {
        const { actions, actions_truncated } = await readHandoff(db(), 'acme', hour);
        expect(actions).toHaveLength(1000);
        expect(actions.at(-1)!.reason).toBe(`why ${actions_truncated ? 1001 : 1000}`);
        return actions_truncated;
      },
    ],
    [
      'what a check finds',
      200,
      (count) => dated(count, { ...running, heartbeat_at: `now() - interval '1 hour'` }),
      async () => {
        const found = await triageCheck(db(), 'acme', 'stuck');
        const { checks } = await triage(db(), 'acme');
        const summary = checks.find(({ check }) => check.name === 'stuck')!;
        const { alerts } = await listAlerts(db(), 'acme');
        const alert = alerts.find(({ check }) => check === 'stuck')!;
        expect([found.rows.length, summary.found, alert.found, alert.jobs.length]).toEqual([
          200, 200, 200, 20,
        ]);
        expect(new Set([found.truncated, summary.truncated, alert.truncated]).size).toBe(1);
        return found.truncated;
      },
    ],
    [
      'what a filter selects',
      3,
      (count) => dated(count, {}),
      async () => {
        const { jobs, truncated } = await selectJobs(db(), 'acme', all, { limit: 3 });
        expect(jobs).toHaveLength(3);
        return truncated;
      },
    ],
    [
      'the table',
      3,
      (count) => dated(count, {}),
      async () => {
        const { jobs, truncated, page } = await listJobs(db(), 'acme', { limit: 3, whole: 3 });
        expect(jobs).toHaveLength(3);
        expect([page.whole, page.after, page.before]).toEqual([!truncated, truncated, false]);
        return truncated;
      },
    ],
  ];
  test.each(lists)(
    '%s: %i and one more',
    async (_, most, make, isTruncated) => {
      await make(most)();
      expect(await isTruncated()).toBe(false);
      await operator.sql('delete from backfill_events');
      await operator.sql('delete from backfill_jobs');
      await make(most + 1)();
      expect(await isTruncated()).toBe(true);
    },
    120_000,
  );
});

describe('a hand-off', () => {
  test('names every job that is at risk, and none that is not', async () => {
    // 60 partitions by a minute at one slot: an hour is left to each.
    const late = {
      ...running,
      total_partitions: '60',
      avg_partition_duration_ms: '60000',
      lease_tokens: `array[gen_random_uuid()]`,
    };
    const due = (minutes: number) => ({ sla_deadline_at: `now() + interval '${minutes} minutes'` });
    const levels: Record<string, Record<string, string>> = {
      breached: { ...late, ...due(-1) },
      high: { ...late, ...due(30) },
      unknown: { ...late, ...due(30), avg_partition_duration_ms: 'null' },
      medium: { ...late, ...due(45) },
      low: { ...late, ...due(55) },
      on_track: { ...late, ...due(90) },
      none: late,
    };
    for (const columns of Object.values(levels)) await one(columns);
    const { at_risk, findings, alerts } = await readHandoff(db(), 'acme', hour);
    expect(at_risk.map(({ risk_level }) => risk_level)).toEqual(Object.keys(levels).slice(0, 5));
    expect(findings.map(({ check }) => check.name)).toContain('breached');
    expect(findings.every(({ found }) => found > 0)).toBe(true);
    expect(alerts.map(({ name }) => name)).toContain('ServoBackfillSLABreach');
    expect(alerts.every(({ firing }) => firing)).toBe(true);
  });

  test('begins where it is told to, and tells what ended and who decided since', async () => {
    const done = await one({ state: `'completed'`, completed_at: `now() - interval '10 minutes'` });
    await one({ state: `'completed'`, completed_at: `now() - interval '2 hours'` });
    const job = await one();
    await decisions(job, 1);
    const at = new Date(Date.now() - 3_600_000);
    for (const since of [hour, { at }]) {
      const summary = await readHandoff(db(), 'acme', since);
      expect(Math.abs(summary.since.getTime() - at.getTime())).toBeLessThan(60_000);
      expect(summary.ended.map(({ id }) => id)).toEqual([done]);
      expect(summary).toMatchObject({ tenant_id: 'acme', asset_names: { [job]: 'orders' } });
      expect(summary.actions.map(({ job_id }) => job_id)).toEqual([job]);
    }
    expect((await readHandoff(db(), 'globex', hour)).actions).toEqual([]);
  });
});

test('an alert names the worst first: jobs without a heartbeat, then by its age', async () => {
  const aged = (minutes: number) =>
    one({ ...running, heartbeat_at: `now() - interval '${minutes} minutes'` });
  const [younger, oldest, never] = [
    await aged(10),
    await aged(30),
    await one({ ...running, heartbeat_at: 'null', started_at: `now() - interval '1 hour'` }),
  ];
  const { alerts } = await listAlerts(db(), 'acme');
  const { jobs, figure, firing } = alerts.find(({ name }) => name === 'ServoBackfillJobStuck')!;
  const order = jobs.map(({ job_id }) => job_id).filter((id) => id !== never);
  expect([order, firing]).toEqual([[oldest, younger], true]);
  if (jobs.length === 3) expect([jobs[0]!.job_id, jobs[0]!.value]).toEqual([never, null]);
  expect(Math.round(figure!.value / 60)).toBe(30);
});

test('doctor’s diagnosis of a database that is as it should be, with and without a tenant', async () => {
  await executor('a:1:a');
  await executor('b:1:b', { hold_reason: `'slow'` });
  await executor('c:1:c', { draining_at: 'now()' });
  await one();
  const seen = await diagnose(db(), 'acme');
  expect(seen).toMatchObject({
    program_version: version,
    schema: { missing: [], newer: [], too_new: false },
    tenant: 'acme',
    executors: { alive: expect.any(Number), on_hold: 1, draining: 1, versions: ['0'] },
    has_jobs: true,
    visible: true,
    claim_blockers: [],
    pooled: false,
    old_snapshots: [],
  });
  expect(seen.round_trip_ms).toBeGreaterThanOrEqual(0);
  expect(Math.abs(seen.clock_skew_ms)).toBeLessThan(60_000);
  expect(seen.protection.tables.length).toBeGreaterThan(0);
  expect(seen.protection.functions.length).toBeGreaterThan(0);
  expect(await diagnose(db(), 'globex')).toMatchObject({
    has_jobs: false,
    executors: { alive: 0 },
  });
  const rows = { executors: null, has_jobs: null, visible: null, claim_blockers: null };
  expect(await diagnose(db(), null)).toMatchObject({ tenant: null, ...rows });
  expect(await findBroken(db(), 'acme')).toEqual(expect.any(Array));
});

test('executors by what became of them, and those that are findings', async () => {
  await executor('a:1:a');
  await executor('b:1:b', { hold_reason: `'slow'` });
  await executor('c:1:c', { seen_at: `now() - interval '1 minute'` });
  await executor('d:1:d', { lost_at: 'now()' });
  await executor('e:1:e', { stopped_at: 'now()' });
  const { executors, tenant_id } = await listExecutors(db(), 'acme');
  expect(tenant_id).toBe('acme');
  expect(Object.fromEntries(executors.map(({ id, state }) => [id, state]))).toEqual({
    'a:1:a': 'alive',
    'b:1:b': 'on_hold',
    'c:1:c': 'silent',
    'd:1:d': 'lost',
    'e:1:e': 'stopped',
  });
  expect(await listOnHold(db(), 'acme')).toEqual([{ id: 'b:1:b', hold_reason: 'slow' }]);
  expect((await listExecutors(db(), 'globex')).executors).toEqual([]);
  const { assets } = await listAssets(db(), 'acme');
  expect(assets.map(({ name }) => name)).toEqual(['clicks', 'orders']);
});

describe('of a job', () => {
  test('its report has its failures with their likely cause, and what is found of it', async () => {
    const id = await operator.job(
      { asset: 'orders', partitions: ['a', 'b', 'c'] },
      { state: 'running', started_at: new Date(), heartbeat_at: new Date(0), failed_partitions: 3 },
    );
    await operator.sql(
      `update backfill_partitions set state = 'failed', completed_at = now(), attempt_count = 1, error_message =
         case partition_key when 'a' then 'connect ECONNREFUSED 10.0.0.1:5432' when 'b' then 'odd' end where backfill_job_id = $1`,
      [id],
    );
    const report = await exportJob(db(), 'acme', id);
    expect(report).toMatchObject({ tenant_id: 'acme', job: { id, heartbeat_stale: true } });
    const causes = report.failures.map(({ likely_cause }) => likely_cause);
    expect(causes.filter((cause) => cause !== null)).toHaveLength(1);
    expect(report.findings.map(({ check }) => check.name)).toContain('stuck');
    expect(report.findings.every(({ found }) => found > 0)).toBe(true);
    expect(await countPartitions(db(), 'acme', id, ['a', 'b', 'x'])).toEqual({ failed: 2 });
    const assessed = await assessJob(db(), 'acme', id);
    expect(assessed.findings.map(({ check }) => check.name)).toContain('stuck');
    expect(report.scenario).toBe(assessed.scenario);
    const verified = await verifyJob(db(), 'acme', id, ['stuck', 'breached']);
    expect(verified).toMatchObject({ job_id: id, state: 'running', helped: false });
    expect(verified.checks.map(({ name, holds }) => [name, holds])).toEqual([
      ['stuck', true],
      ['breached', false],
    ]);
    expect((await verifyJob(db(), 'acme', id, ['breached'])).helped).toBe(true);
    expect((await getJobDetail(db(), 'acme', id, { buckets: 3 })).job.id).toBe(id);
    const unknown = '00000000-0000-4000-8000-000000000000';
    for (const work of [
      assessJob(db(), 'acme', unknown),
      verifyJob(db(), 'acme', unknown, ['stuck']),
    ])
      expect((await errorOf(work)).code).toBe('not_found');
  });

  test('what its attempts printed: the newest of each partition, or of one', async () => {
    const id = await operator.job({ asset: 'orders', partitions: ['a', 'b'] });
    for (const [key, attempt] of [
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ])
      await operator.sql(
        `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output) values ($1, $2::text, $3::int, 'acme', 'a:1:b', $2 || $3)`,
        [id, key, attempt],
      );
    const printed = async (key: string | null, limit = 9) =>
      (await listLogs(db(), 'acme', id, { key, limit })).logs.map(({ output }) => output);
    expect(await printed(null)).toEqual(['a2', 'b1']);
    expect((await printed('a')).every((output) => output.startsWith('a'))).toBe(true);
    expect(await printed(null, 1)).toEqual(['b1']);
  });

  test('jobs by their ids, as far as they are there; a plan of them, each once', async () => {
    const [first, second] = await many(2);
    const unknown = '00000000-0000-4000-8000-000000000000';
    const ids = [second!, unknown, first!, second!];
    expect((await listNamedJobs(db(), 'acme', ids)).map(({ id }) => id).toSorted()).toEqual(
      [first, second].toSorted(),
    );
    const draft = await draftPlan(db(), 'acme', ids);
    expect([draft.jobs.map(({ id }) => id), draft.truncated]).toEqual([[second, first], false]);
    const many2 = await draftPlan(
      db(),
      'acme',
      Array.from({ length: 10_001 }, () => first!),
    );
    expect([many2.jobs.length, many2.truncated]).toEqual([1, true]);
  });

  test('a plan for a second engineer freezes jobs, deadline and lifetime', async () => {
    const [job] = await many(1, running);
    const plan = await planActions(
      db(),
      { ...author, reason: ' why ' },
      {
        action: 'set',
        parameters: { deadline: '+2h', priority: '3' },
        filter: parseFilter('state:running'),
        lifetime: 60_000,
      },
    );
    expect(plan).toMatchObject({
      plan: 1,
      tenant_id: 'acme',
      action: 'set',
      author: 'mara',
      reason: 'why',
      filter: 'state:running',
      truncated: false,
      jobs: [{ id: job, state: 'running', refusal: null }],
      parameters: { priority: '3' },
    });
    const { created_at, expires_at, parameters } = plan;
    expect(expires_at.getTime() - created_at.getTime()).toBe(60_000);
    expect(
      Math.abs(Date.parse(parameters.deadline!) - created_at.getTime() - 7_200_000),
    ).toBeLessThan(10_000);
    const none = await planActions(db(), author, {
      action: 'set',
      parameters: { deadline: 'none' },
      filter: all,
      lifetime: 1,
    });
    expect([none.parameters, none.reason]).toEqual([{ deadline: 'none' }, null]);
    expect(
      (
        await errorOf(
          planActions(db(), author, {
            action: 'set',
            parameters: { priority: '99' },
            filter: all,
            lifetime: 1,
          }),
        )
      ).code,
    ).toBe('usage');
  });
});
