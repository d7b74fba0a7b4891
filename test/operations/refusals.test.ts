import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { shortId } from '../../source/domain/job/reference.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { reclaimJob } from '../../source/operations/act/reclaim.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { getJob } from '../../source/operations/jobs/get-job.ts';
import { getPartition } from '../../source/operations/jobs/get-partition.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { resolveJob, resolveJobs } from '../../source/operations/jobs/resolve-job.ts';
import { planActions } from '../../source/operations/plan/plan-actions.ts';
import { selectJobs } from '../../source/operations/plan/select-jobs.ts';
import { exportJob } from '../../source/operations/reports/export-job.ts';
import { LogFollower, listLogs } from '../../source/operations/reports/read-logs.ts';
import { setLimit } from '../../source/operations/system/limits.ts';
import { triageCheck } from '../../source/operations/triage/checks.ts';
import { assessRisk } from '../../source/operations/triage/risk.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
const ids: Record<string, string> = {};
const nowhere = '00000000-0000-4000-8000-000000000000';
const because = { ...author, reason: 'why' };

beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'clicks']) await operator.asset(name);
  // A state that a newer program may have written.
  await operator.sql(`alter table backfill_jobs disable trigger user`);
  for (const state of [
    'running',
    'completed',
    'failed',
    'cancelled',
    'pending',
    'waiting_upstream',
  ])
    ids[state] = await operator.job({ asset: 'orders', partitions: [state] }, { state });
  ids.skipped = await operator.job(
    { asset: 'orders', partitions: ['skipped'] },
    { state: 'cancelled', skipped_partitions: 1 },
  );
  await operator.sql(
    `update backfill_partitions set state = 'running' where partition_key = 'running'`,
  );
});
afterAll(() => operator.close());

type Refused = {
  work: () => Promise<unknown>;
  code: string;
  message: RegExp;
  /** What to do: matched by the hint, where REF stands for the job that is spoken of. */
  hint: string;
  job?: string;
};
const db = () => operator.db;
const all = parseFilter('');

/** What an operation refuses by an error, and what it tells to do then. */
const errors: Record<string, Refused> = {
  'an unknown job, asked for': {
    work: () => getJob(db(), 'acme', nowhere),
    code: 'not_found',
    message: /^job 00000000 not found$/,
    hint: '^see: servo-tui list$',
  },
  'an unknown job, reported': {
    work: () => exportJob(db(), 'acme', nowhere),
    code: 'not_found',
    message: /^job 00000000 not found$/,
    hint: '^see: servo-tui list$',
  },
  'an unknown job, asked about its risk': {
    work: () => assessRisk(db(), 'acme', { job: nowhere, pause: [] }),
    code: 'not_found',
    message: /^job 00000000 not found$/,
    hint: '^see: servo-tui list$',
  },
  'an unknown job whose output is followed': {
    work: () => new LogFollower(db(), 'acme', nowhere, null).next(1),
    code: 'not_found',
    message: /^job 00000000 not found$/,
    hint: '^see: servo-tui list$',
  },
  'an id that is none': {
    work: () => resolveJob(db(), 'acme', 'xyz!'),
    code: 'usage',
    message: /xyz!/,
    hint: '^see: servo-tui list$',
  },
  'ids of no job': {
    work: () => resolveJobs(db(), 'acme', ['00000000', '00000001']),
    code: 'not_found',
    message: /^job 00000000 not found; job 00000001 not found$/,
    hint: '^see: servo-tui list$',
  },
  'a partition that the job has not': {
    work: () => getPartition(db(), 'acme', ids.running!, 'x'),
    code: 'not_found',
    message: /has no partition x$/,
    hint: '^see: servo-tui status REF$',
  },
  'the output of a partition that the job has not': {
    work: () => listLogs(db(), 'acme', ids.running!, { key: 'x', limit: 1 }),
    code: 'not_found',
    message: /has no partition x$/,
    hint: '^see: servo-tui status REF$',
  },
  'a retry of a partition that has not failed': {
    work: () => retryJob(db(), author, ids.running!, ['running']),
    code: 'not_allowed',
    message: /^partition running is running$/,
    hint: 'servo-tui status REF$',
  },
  'a retry where nothing has failed': {
    work: () => retryJob(db(), author, ids.running!),
    code: 'not_allowed',
    message: /has no failed partitions \(it is running\)$/,
    hint: 'servo-tui status REF$',
  },
  'a retry of a job of which partitions were skipped': {
    work: () => retryJob(db(), author, ids.skipped!),
    code: 'not_allowed',
    message: /has no failed partitions \(it is cancelled\)$/,
    hint: 'servo-tui recreate REF --reason',
    job: 'skipped',
  },
  'new settings of a job that has ended': {
    work: () => setJob(db(), author, ids.completed!, { priority: '1' }),
    code: 'not_allowed',
    message: /^cannot set .* \(it is completed\)$/,
    hint: 'servo-tui status REF$',
    job: 'completed',
  },
  'an order on a job that has changed since': {
    work: () => reclaimJob(db(), author, ids.running!, { state: 'running', version: -1 }),
    code: 'not_allowed',
    message: /^cannot reclaim .*: the job has changed, it is running now/,
    hint: '.',
  },
  'a limit of an asset that is not there': {
    work: () => setLimit(db(), author, { scope: 'asset', name: 'order', max_running: 1 }),
    code: 'not_found',
    message: /"order"/,
    hint: '^did you mean orders\\? .*clicks, orders$',
  },
  'a limit of a type that no asset has': {
    work: () => setLimit(db(), author, { scope: 'asset_type', name: 'tabel', max_running: 1 }),
    code: 'not_found',
    message: /"tabel"/,
    hint: '^did you mean table\\? .*table$',
  },
  'a limit of a type that is like none': {
    work: () => setLimit(db(), author, { scope: 'asset_type', name: 'zzzzzz', max_running: 1 }),
    code: 'not_found',
    message: /"zzzzzz"/,
    hint: '^known types: table$',
  },
  'a limit of a tenant without assets': {
    work: () =>
      setLimit(
        db(),
        { ...author, tenant: 'nobody' },
        { scope: 'asset_type', name: 'table', max_running: 1 },
      ),
    code: 'not_found',
    message: /"table"/,
    hint: 'no assets$',
  },
  'a list of an asset that is not there': {
    work: () => listJobs(db(), 'acme', { limit: 1, assets: ['zzzzzz'] }),
    code: 'not_found',
    message: /"zzzzzz"/,
    hint: '^known assets: clicks, orders$',
  },
  'a cancel without a reason': {
    work: () => actOnJob(db(), { ...author, reason: '  ' }, { action: 'cancel', id: ids.running! }),
    code: 'usage',
    message: /^cancel requires a reason$/,
    hint: '--reason',
  },
  'a recreation without a reason': {
    work: () => recreateJob(db(), { ...author, reason: ' ' }, ids.running!, {}),
    code: 'usage',
    message: /^recreate requires a reason$/,
    hint: '--reason',
  },
  'a plan without its reason': {
    work: () =>
      planActions(
        db(),
        { ...author, reason: ' ' },
        { action: 'cancel', parameters: {}, filter: all, lifetime: 1000 },
      ),
    code: 'usage',
    message: /^cancel requires a reason$/,
    hint: '--reason',
  },
};

test.each(Object.keys(errors))('%s is refused, and what to do is said', async (name) => {
  const { work, code, message, hint, job = 'running' } = errors[name]!;
  const error = await errorOf(work());
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  const [told] = 'problems' in error ? (error.problems as { hint?: string }[]) : [error];
  expect(told!.hint).toMatch(new RegExp(hint.replace('REF', shortId(ids[job]!))));
});

/** What cannot be done to a job in a state is an answer, with the state, its version, and what may be done instead. */
const skipped: [action: 'pause' | 'resume' | 'cancel' | 'reclaim', state: string, hint: RegExp][] =
  [
    ['pause', 'completed', /servo-tui start orders/],
    ['pause', 'failed', /servo-tui retry REF$/],
    ['pause', 'cancelled', /servo-tui recreate REF --reason/],
    ['pause', 'waiting_upstream', /servo-tui cancel REF --reason/],
    ['resume', 'running', /servo-tui status REF --watch$/],
    ['resume', 'pending', /servo-tui status REF --watch$/],
    ['cancel', 'completed', /servo-tui start orders/],
    ['reclaim', 'completed', /servo-tui explain REF$/],
    ['reclaim', 'failed', /servo-tui explain REF$/],
    ['reclaim', 'cancelled', /servo-tui explain REF$/],
    ['reclaim', 'pending', /servo-tui explain REF$/],
  ];

test.each(skipped)('%s of a job that is %s is skipped', async (action, state, hint) => {
  const id = ids[state]!;
  const { version } = (
    await operator.sql('select version from backfill_jobs where id = $1', [id])
  )[0]!;
  const outcome =
    action === 'reclaim'
      ? await reclaimJob(db(), author, id)
      : await actOnJob(db(), because, { action, id });
  expect(outcome).toMatchObject({ id, result: 'skipped', state, version });
  expect(outcome.message).toMatch(new RegExp(`^cannot ${action} ${shortId(id)} \\(`));
  expect(outcome.hint).toMatch(new RegExp(hint.source.replace('REF', shortId(id))));
});

test('an action on a job that is not there has failed, and says where to look', async () => {
  const unknown = { id: nowhere, result: 'failed', state: null, version: null };
  const said = { message: 'job 00000000 not found', hint: 'see: servo-tui list' };
  for (const action of ['pause', 'resume', 'cancel'] as const)
    expect(await actOnJob(db(), because, { action, id: nowhere })).toEqual({ ...unknown, ...said });
  expect(await reclaimJob(db(), author, nowhere)).toEqual({ ...unknown, ...said });
});

test('a filter that cannot be read selects nothing and plans nothing: each mistake is told', async () => {
  const filter = parseFilter('eta:never risk:none priority:high');
  expect(filter.problems.length).toBeGreaterThan(0);
  const works = [
    selectJobs(db(), 'acme', filter),
    planActions(db(), because, { action: 'pause', parameters: {}, filter, lifetime: 1000 }),
  ];
  for (const work of works) {
    const error = (await errorOf(work)) as Error & { problems: { message: string }[] };
    expect(error.problems.map(({ message }) => message)).toEqual(filter.problems);
  }
  const undated = parseFilter(`sla:later-than:${ids.running}`);
  const lost = parseFilter('sla:later-than:00000000');
  for (const [filter, message] of [
    [undated, `job ${ids.running} has no deadline`],
    [lost, 'job 00000000 not found'],
  ] as const) {
    const error = await errorOf(selectJobs(db(), 'acme', filter));
    expect([error.code, error.message]).toEqual(['not_found', message]);
  }
});

test('a reference that several jobs begin with names them, each by as much as tells it apart', async () => {
  const twins = ['11111111-1111-4111-8111-111111111111', '11111111-1111-4111-8111-222222222222'];
  for (const [index, id] of twins.entries()) {
    const made = await operator.job({ asset: 'clicks', partitions: [`twin ${index}`] });
    await operator.sql(
      `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state)
       select $2::uuid, tenant_id, asset_id, asset_name, 'twin ' || $2::text, 'completed' from backfill_jobs where id = $1`,
      [made, id],
    );
  }
  const error = (await errorOf(resolveJobs(db(), 'acme', ['11111111', '00000000']))) as Error & {
    problems: { message: string; hint?: string }[];
  };
  expect(error.problems).toEqual([
    {
      message:
        '"11111111" is ambiguous: 11111111-1111-4111-8111-1 (clicks, completed), 11111111-1111-4111-8111-2 (clicks, completed)',
      hint: 'give more characters of the id',
    },
    { message: 'job 00000000 not found' },
  ]);
  const [one] = twins;
  const again = await resolveJobs(db(), 'acme', [one!, one!.slice(0, -8)]);
  expect(again.map(({ id }) => id)).toEqual([one]);
});

test('one check of one job, and of all, holds what it says', async () => {
  const { check, job_id, truncated } = await triageCheck(db(), 'acme', 'stuck', {
    job: ids.running!,
  });
  expect([check.name, job_id, truncated]).toEqual(['stuck', ids.running, false]);
});
