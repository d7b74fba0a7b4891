import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../source/database/database.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { retention } from '../../source/domain/report/retention.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { ServoError } from '../../source/errors.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { applyPlan } from '../../source/operations/plan/apply-plan.ts';
import { planActions } from '../../source/operations/plan/plan-actions.ts';
import { EventFollower, listEvents } from '../../source/operations/reports/read-events.ts';
import { LogFollower } from '../../source/operations/reports/read-logs.ts';
import { reviewDeadlines } from '../../source/operations/reports/review.ts';
import { diagnose } from '../../source/operations/system/diagnose.ts';
import { countPruned, prune } from '../../source/operations/system/prune.ts';
import { assessJob, verifyJob } from '../../source/operations/triage/explain-job.ts';
import { assessRisk, readRiskBoard } from '../../source/operations/triage/risk.ts';
import { version } from '../../source/package.ts';
import { author, Operator } from '../support/operator.ts';

let operator: Operator;
const db = () => operator.db;
beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'clicks']) await operator.asset(name);
});
beforeEach(() =>
  quietly(
    ['partitions', 'jobs', 'events', 'executors', 'attempt_logs', 'samples']
      .map((table) => `delete from backfill_${table}`)
      .join(';'),
  ),
);
afterAll(() => operator.close());

const quietly = (statements: string) =>
  operator.sql(`begin; set local session_replication_role = replica; ${statements}; commit`);

/** Jobs with these columns, as SQL in which n counts from 1. */
const jobs = async (count: number, columns: Record<string, string> = {}, asset = 'orders') => {
  const all: Record<string, string> = { state: `'pending'`, ...columns };
  await quietly(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${Object.keys(all)})
     select 'acme', a.id, a.name, gen_random_uuid(), ${Object.values(all)} from assets a, generate_series(1, ${count}) n where a.name = '${asset}'`,
  );
  return (
    await operator.sql<{ id: string }>(
      `select id from backfill_jobs where asset_name = $1 order by created_at desc limit $2`,
      [asset, count],
    )
  ).map(({ id }) => id);
};
const running = { state: `'running'`, started_at: 'now()', heartbeat_at: 'now()' };

describe('what prune counts is what it deletes', () => {
  const old = (milliseconds: number) =>
    `now() - interval '1 millisecond' * ${milliseconds + 60_000}`;
  const ended = (state: string) => ({
    state: `'${state}'`,
    needs_finalizing: 'false',
    completed_at: `${old(retention.jobs)} - interval '1 second' * n`,
    created_at: old(3 * retention.jobs),
  });

  test('of everything at once: more jobs than a page, trees of three, journals, and what is old beside them', async () => {
    await jobs(103, ended('completed'));
    await jobs(2, ended('cancelled'), 'clicks');
    await jobs(1, { ...running, created_at: old(retention.jobs) }, 'clicks');
    // Each of clicks hangs below the one before, the oldest end first: three passes.
    await quietly(
      `with chain as (select id, lag(id) over (order by completed_at) as child from backfill_jobs where asset_name = 'orders' order by completed_at limit 3)
       update backfill_jobs j set parent_job_id = c.id from chain c where j.id = c.child`,
    );
    await quietly(
      [
        `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state) select gen_random_uuid(), id, 'acme', k, 'completed' from backfill_jobs, unnest(array['a', 'b']) k`,
        `insert into backfill_events (tenant_id, job_id, kind, actor, at) select 'acme', id, 'set', 'mara', completed_at from backfill_jobs where completed_at is not null`,
        `insert into backfill_events (tenant_id, job_id, kind, actor, at) select 'acme', gen_random_uuid(), 'set', 'mara', ${old(retention.jobs)} from generate_series(1, 7)`,
        `insert into backfill_events (tenant_id, job_id, kind, actor, at) select 'acme', gen_random_uuid(), 'set', 'mara', now() from generate_series(1, 5)`,
        `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output, at) select id, 'a', n, 'acme', 'a:1:b', 'x', ${old(retention.logs)} from backfill_jobs, generate_series(1, 3) n where state = 'running'`,
        `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, stopped_at, seen_at, started_at) select 'a:' || n || ':a', 'acme', 'h', 1, '0', 1, '{}', ${old(retention.executors)}, ${old(retention.executors)}, ${old(retention.executors)} from generate_series(1, 4) n`,
      ].join(';'),
    );
    const counted = await countPruned(db(), author, retention.jobs);
    expect(counted).toEqual({
      jobs: 105,
      partitions: 210,
      events: 112,
      samples: 0,
      logs: 3,
      executors: 4,
    });
    expect(await prune(db(), { ...author, tenant: 'globex' }, retention.jobs)).toEqual(
      Object.fromEntries(Object.keys(counted).map((name) => [name, 0])),
    );
    expect(await prune(db(), author, retention.jobs)).toEqual(counted);
    expect(await operator.value('select count(*)::int from backfill_jobs')).toBe(1);
    expect(await operator.value('select count(*)::int from backfill_events')).toBe(5);
  });
});

describe('a follower returns each event once, in order', () => {
  const write = (job: string, from: number, to: number) =>
    operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, actor, reason) select 'acme', $1, 'set', 'mara', i::text from generate_series($2::int, $3::int) s (i) order by s.i`,
      [job, from, to],
    );
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

  test('of one job or of all, more than it looks back, and says when the job has ended', async () => {
    const [job] = await jobs(1, running);
    const [other] = await jobs(1, running, 'clicks');
    await write(job!, 1, 30);
    const one = new EventFollower(db(), 'acme', job!);
    const all = new EventFollower(db(), 'acme', null);
    const none = new EventFollower(db(), 'acme', job!);
    const said = async (follower: EventFollower, first = 10) => {
      const { events, ended, tenant_id, as_of } = await follower.next(first);
      expect([tenant_id, as_of]).toEqual(['acme', expect.any(Date)]);
      return [events.map(({ reason }) => reason), ended];
    };
    expect(await said(one)).toEqual([numbers(21, 30), false]);
    expect(await said(all, 3)).toEqual([numbers(28, 30), false]);
    expect(await said(none, 0)).toEqual([[], false]);
    expect(await said(one)).toEqual([[], false]);
    await write(job!, 31, 1600);
    await write(other!, 9001, 9002);
    expect(await said(one)).toEqual([numbers(31, 1600), false]);
    expect(await said(none, 0)).toEqual([numbers(31, 1600), false]);
    expect(await said(all)).toEqual([[...numbers(31, 1600), '9001', '9002'], false]);
    await write(job!, 1601, 1601);
    expect(await said(one)).toEqual([['1601'], false]);
    await quietly(`update backfill_jobs set state = 'completed' where id = '${job}'`);
    await write(job!, 1602, 1602);
    expect(await said(one)).toEqual([['1602'], false]);
    expect(await said(one)).toEqual([[], true]);
    expect(await said(all)).toEqual([['1601', '1602'], false]);
    expect(await said(all)).toEqual([[], false]);
    const { events } = await listEvents(db(), 'acme', job!, 2);
    expect(events.map(({ reason }) => reason)).toEqual(['1601', '1602']);
  });

  test('one whose transaction commits after that of a later one is not lost', async () => {
    const [job] = await jobs(1, running);
    const follower = new EventFollower(db(), 'acme', job!);
    const reasons = async () => (await follower.next(10)).events.map(({ reason }) => reason);
    await write(job!, 1, 1);
    const [early] = await operator.sql<{ id: string }>(
      `select nextval(pg_get_serial_sequence('backfill_events', 'id')) as id`,
    );
    await write(job!, 3, 3);
    expect(await reasons()).toEqual(['1', '3']);
    await operator.sql(
      `insert into backfill_events (id, tenant_id, job_id, kind, actor, reason) overriding system value values ($2, 'acme', $1, 'set', 'mara', '2')`,
      [job, early!.id],
    );
    expect(await reasons()).toEqual(['2']);
    expect(await reasons()).toEqual([]);
  });

  test('outputs: what was added, what is new of the next attempt, of one partition or all', async () => {
    const [job] = await jobs(1, running);
    const print = (key: string, attempt: number, output: string) =>
      operator.sql(
        `insert into backfill_attempt_logs (job_id, partition_key, attempt, tenant_id, executor_id, output, at) values ($1, $2, $3, 'acme', 'a:1:b', $4, clock_timestamp())
         on conflict (job_id, partition_key, attempt, tenant_id) do update set output = excluded.output, at = clock_timestamp()`,
        [job, key, attempt, output],
      );
    const all = new LogFollower(db(), 'acme', job!, null);
    const one = new LogFollower(db(), 'acme', job!, 'a');
    const said = async (follower: LogFollower, first = 1) => {
      const { logs, ended, job_id } = await follower.next(first);
      expect(job_id).toBe(job);
      return [
        logs.map(({ partition_key, attempt, output }) => `${partition_key}${attempt}${output}`),
        ended,
      ];
    };
    await print('a', 1, 'x');
    await print('b', 1, 'y');
    expect([await said(all), await said(one)]).toEqual([
      [['b1y'], false],
      [['a1x'], false],
    ]);
    await print('a', 1, 'xz');
    await print('b', 1, 'other');
    expect([await said(all), await said(one)]).toEqual([
      [['a1xz', 'b1other'], false],
      [['a1z'], false],
    ]);
    await print('a', 2, 'xz');
    expect([await said(all), await said(one)]).toEqual([
      [['a2xz'], false],
      [['a2xz'], false],
    ]);
    await quietly(`update backfill_jobs set state = 'failed' where id = '${job}'`);
    expect([await said(all), await said(one)]).toEqual([
      [[], true],
      [[], true],
    ]);
  });
});

test('thresholds move what is found, what is recommended and what is at risk', async () => {
  const [job] = await jobs(1, {
    ...running,
    heartbeat_at: `now() - interval '3 minutes'`,
    sla_deadline_at: `now() + interval '1 hour'`,
    total_partitions: '10',
    avg_partition_duration_ms: '1000',
  });
  await operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('a:1:a', 'acme', 'h', 1, '0', 2, '{orders}')`,
  );
  const patient = { ...thresholdDefaults, heartbeat_stale: 300_000 };
  const wary = { ...patient, early_warning: 7_200_000 };
  const found = async (thresholds?: typeof patient) => {
    const { findings, scenario, recommendation } = await assessJob(db(), 'acme', job!, thresholds);
    return [findings.map(({ check }) => check.name), scenario, recommendation?.action];
  };
  expect(await found()).toEqual([['stuck'], 'stuck', expect.any(String)]);
  expect(await found(patient)).toEqual([[], null, undefined]);
  expect((await found(wary))[1]).toBe('at-risk');
  const holds = async (thresholds?: typeof patient) =>
    (await verifyJob(db(), 'acme', job!, ['stuck', 'at-risk'], thresholds)).checks.map((one) => [
      one.name,
      one.holds,
      one.title.length > 0,
      one.row?.job_id ?? null,
    ]);
  expect(await holds()).toEqual([
    ['stuck', true, true, job],
    ['at-risk', false, true, null],
  ]);
  expect(await holds(wary)).toEqual([
    ['stuck', false, true, null],
    ['at-risk', true, true, job],
  ]);
  const board = await readRiskBoard(db(), 'acme', wary);
  expect(board).toMatchObject({ tenant_id: 'acme', early_warning: 7_200_000, truncated: false });
  const report = await assessRisk(db(), 'acme', { job: null, pause: [] }, wary);
  expect(report).toMatchObject({
    early_warning_seconds: 7200,
    slots: { now: 2, what_if: null },
    levels: { now: { low: 1 }, what_if: null },
    advice: [{ level: 'low' }],
    others: [],
  });
});

test('one job of the calculator: itself, named beside others, and with those that it shares slots with', async () => {
  const due = { ...running, sla_deadline_at: `now() + interval '1 hour' * n` };
  const [first, second] = await jobs(2, due);
  const [other] = await jobs(1, running, 'clicks');
  const [ended] = await jobs(1, { state: `'completed'`, completed_at: 'now()' }, 'clicks');
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).toSorted();
  const ask = async (job: string | null, pause: string[] = []) => {
    const { jobs: shown, others, levels } = await assessRisk(db(), 'acme', { job, pause });
    return [ids(shown), ids(others), levels.what_if !== null];
  };
  expect(await ask(null)).toEqual([[first, second].toSorted(), [other], false]);
  expect(await ask(first!)).toEqual([[first], [second, other].toSorted(), false]);
  expect(await ask(second!, [first!])).toEqual([[second], [first, other].toSorted(), true]);
  expect(await ask(ended!)).toEqual([[ended], [first, second, other].toSorted(), false]);
});

test('a review says what was cut off: of the jobs that ended, and of those that have not', async () => {
  const due = { sla_deadline_at: `now() + interval '1 hour'` };
  const truncated = async () =>
    (await reviewDeadlines(db(), 'acme', { before_ms: 3_600_000 })).truncated;
  await jobs(2600, { state: `'completed'`, completed_at: 'now()', ...due });
  await jobs(2600, { ...running, ...due });
  expect(await truncated()).toBe(false);
  const { since, as_of, tenant_id } = await reviewDeadlines(db(), 'acme', { at: new Date(0) });
  expect([since, tenant_id, as_of > since]).toEqual([new Date(0), 'acme', true]);
});

test('doctor of a schema that is newer, older, or not there', async () => {
  const schema = async () => (await diagnose(db(), 'acme')).schema;
  const before = await operator.sql(
    'select lowest_program, functions_hash, functions_program from servo_schema',
  );
  expect(await schema()).toMatchObject({ missing: [], newer: [], too_new: false });
  const set = (lowest: string) =>
    operator.sql('update servo_schema set lowest_program = $1', [lowest]);
  await set('999.0.0');
  expect(await schema()).toMatchObject({ lowest_program: '999.0.0', too_new: true });
  await set(version);
  expect(await schema()).toMatchObject({ too_new: false });
  await set('0.0.1');
  expect(await schema()).toMatchObject({ too_new: false });
  await operator.sql(`update servo_schema set functions_hash = 'other'`);
  const old = await diagnose(db(), 'acme');
  expect(old).toMatchObject({
    schema: { missing: ['functions'] },
    executors: null,
    has_jobs: null,
    visible: null,
  });
  await operator.sql(
    'update servo_schema set lowest_program = $1, functions_hash = $2, functions_program = $3',
    Object.values(before[0]!),
  );
  await operator.sql(`insert into servo_migrations (name, run_on) values ('9999_later', now())`);
  expect(await schema()).toMatchObject({ missing: [], newer: ['9999_later'] });
  await operator.sql(`delete from servo_migrations where name = '9999_later'`);
  const globex = await diagnose(db(), 'globex');
  expect(globex).toMatchObject({
    visible: false,
    has_jobs: false,
    claim_blockers: [],
    tables: expect.any(Array),
  });
});

/** Of which one transaction after some others finds the database gone. */
class Leaving extends Database {
  left = Number.POSITIVE_INFINITY;
  error: Error = new ServoError('database_unreachable', 'gone');

  override write: Database['write'] = (...given) => {
    this.left -= 1;
    if (this.left < 0) throw this.error;
    return super.write(...given);
  };
}

test('a plan whose database goes away says of each job what may have been done, and tries no more', async () => {
  const ids = await jobs(3, running);
  const plan = await planActions(
    db(),
    { ...author, reason: 'why' },
    { action: 'pause', parameters: {}, filter: parseFilter('state:running'), lifetime: 60_000 },
  );
  const database = new Leaving(db().settings);
  const applied = async () => {
    const outcomes = [];
    for await (const outcome of applyPlan(database, author, plan)) outcomes.push(outcome);
    return outcomes.map(({ id, result, message, hint }) => [
      ids.includes(id),
      result,
      message,
      hint,
    ]);
  };
  const again = 'apply the plan again: finished actions are skipped';
  database.left = 1;
  expect(await applied()).toEqual([
    [true, 'applied', expect.stringMatching(/^paused orders/), null],
    [true, 'failed', 'no answer, the action may have been done (gone)', again],
    [true, 'failed', 'not tried: the database became unreachable', again],
  ]);
  database.left = 0;
  database.error = new Error('odd');
  expect((await applied()).slice(1).map(([, result, message]) => [result, message])).toEqual([
    ['failed', 'odd'],
    ['failed', 'odd'],
  ]);
  await database.close();
});

describe('the job table', () => {
  const spread = {
    state: `(array['running', 'paused', 'pending', 'failed', 'completed', 'cancelled', 'resuming', 'waiting_upstream'])[1 + n % 8]`,
    priority: '(n * 7) % 21 - 10',
    created_at: `now() - interval '1 minute' * n`,
    completed_at: `case when n % 8 in (3, 4, 5) then now() - interval '1 second' * (n * 37 % 101) end`,
    started_at: `now() - interval '1 hour'`,
    heartbeat_at: `case when n % 3 = 0 then now() - interval '1 second' * n * 9 else now() end`,
    sla_deadline_at: `case when n % 2 = 0 then now() + interval '1 minute' * (n * 13 % 47 - 9) end`,
    total_partitions: '100',
    completed_partitions: '(n * 31) % 100',
    failed_partitions: 'n % 5 / 4',
    avg_partition_duration_ms: '60000',
  };
  const ids = (list: readonly JobView[]) => list.map(({ id }) => id);
  test('filters, kept jobs, counts and what is not there', async () => {
    await jobs(24, spread);
    await jobs(3, { ...running, created_by: `'jo'` }, 'clicks');
    const everything = (await listJobs(db(), 'acme', { limit: 100, whole: 1000 })).jobs;
    const texts = [
      'state:running',
      'state:active !asset:clicks',
      'asset:cl*',
      'by:jo',
      'priority:>3',
      'sla:none',
      'problems',
      'risk:breached',
      'state:paused,failed',
      `id:${everything[0]!.id.slice(0, 6)}`,
    ];
    for (const text of texts) {
      const filter = parseFilter(text);
      const whole = await listJobs(db(), 'acme', { limit: 100, whole: 1000, filter });
      const paged = await listJobs(db(), 'acme', { limit: 100, whole: 0, filter });
      expect([text, ids(paged.jobs).toSorted()]).toEqual([text, ids(whole.jobs).toSorted()]);
      expect(whole.page).toMatchObject({
        filter: text,
        whole: true,
        before: false,
        after: false,
        problem: null,
        late: null,
      });
      const some = whole.jobs.length > 0 && whole.jobs.length < 27;
      expect([text, some]).toEqual([text, true]);
    }
    const states = await listJobs(db(), 'acme', { limit: 100, states: ['paused', 'failed'] });
    expect(new Set(states.jobs.map(({ state }) => state))).toEqual(new Set(['paused', 'failed']));
    expect(states.counts).toMatchObject({ running: 6, paused: 3, failed: 3 });
    const assets = await listJobs(db(), 'acme', { limit: 100, assets: ['cli*', 'nothing*'] });
    expect(assets.jobs).toHaveLength(3);
    const [first, second] = everything;
    const gone = '00000000-0000-4000-8000-000000000000';
    const kept = await listJobs(db(), 'acme', {
      limit: 1,
      whole: 0,
      keep: [first!.id, second!.id, gone],
    });
    expect([ids(kept.jobs), ids(kept.page.kept)]).toEqual([[first!.id], [second!.id]]);
    const lost = await listJobs(db(), 'acme', {
      limit: 3,
      whole: 0,
      around: { ...first!, id: gone, state: 'dreaming' },
    });
    expect(ids(lost.jobs)).toEqual(ids(everything.slice(0, 3)));
    const none = await listJobs(db(), 'globex', { limit: 3 });
    expect([none.jobs, none.page.visible, none.counts, none.truncated]).toEqual([
      [],
      false,
      {},
      false,
    ]);
    const named = await listJobs(db(), 'acme', {
      limit: 3,
      filter: parseFilter(`sla:later-than:${gone}`),
    });
    expect(named.page.problem).toBe(`job ${gone} not found`);
    const total = await listJobs(db(), 'acme', {
      limit: 3,
      whole: 0,
      filter: parseFilter('priority:>3'),
      total: true,
    });
    expect(total.page.total).toBeNull();
    expect((await listJobs(db(), 'acme', { limit: 3 })).page.total).toBeNull();
  });
});
