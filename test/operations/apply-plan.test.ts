import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActionParameters, JobAction } from '../../source/domain/job/action.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import type { PlanFile } from '../../source/domain/plan/plan.ts';
import { UsageError } from '../../source/errors.ts';
import type { Outcome } from '../../source/operations/act/order.ts';
import { applyPlan, reviewPlan } from '../../source/operations/plan/apply-plan.ts';
import { planActions } from '../../source/operations/plan/plan-actions.ts';
import { reviewText } from '../../source/presentation/plan/plan-text.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
});
afterAll(() => operator.close());

const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;

/** Jobs in these states, each of an own asset with two partitions, the first of them failed. */
async function jobs(...states: string[]): Promise<{ asset: string; ids: string[] }> {
  const asset = `asset${made++}`;
  await operator.asset(asset);
  const ids: string[] = [];
  for (const [index, state] of states.entries()) {
    const partitions = [`${index}a`, `${index}b`];
    const id = await operator.job({ asset, partitions });
    await operator.sql(
      `update backfill_partitions set state = 'failed', attempt_count = 3, completed_at = clock_timestamp() where backfill_job_id = $1 and partition_key = $2`,
      [id, partitions[0]],
    );
    await operator.sql('update backfill_jobs set state = $2, failed_partitions = 1 where id = $1', [
      id,
      state,
    ]);
    ids.push(id);
  }
  return { asset, ids };
}

const plan = (action: JobAction, asset: string, parameters: ActionParameters = {}) =>
  planActions(
    operator.db,
    { ...author, reason: 'why' },
    { action, parameters, filter: parseFilter(`asset:${asset}`), lifetime: 3_600_000 },
  );
const other = { tenant: 'acme', actor: 'jo' };
async function apply(planned: PlanFile, db = operator.db): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of applyPlan(db, other, planned)) outcomes.push(outcome);
  return outcomes;
}
/** As read from a file. */
const results = (outcomes: Outcome[]) => outcomes.map(({ result }) => result).sort();

test('a plan freezes ids, states and versions, and names what will be skipped', async () => {
  const { asset, ids } = await jobs('running', 'paused', 'completed');
  const planned = await plan('pause', asset);
  expect(planned).toMatchObject({
    plan: 1,
    action: 'pause',
    author: 'mara',
    reason: 'why',
    filter: `asset:${asset}`,
    tenant_id: 'acme',
    truncated: false,
  });
  expect(new Map(planned.jobs.map((job) => [job.id, job.refusal]))).toEqual(
    new Map([
      [ids[0], null],
      [ids[1], 'only running jobs can be paused; this one is paused'],
      [ids[2], 'only running jobs can be paused; this one is completed'],
    ]),
  );
  for (const job of planned.jobs) {
    const { state, version } = await row(job.id);
    expect(job).toMatchObject({ state, version });
  }
  expect((await row(ids[0]!)).state).toBe('running');
});

test('what matches the filter later is not in it', async () => {
  const { asset, ids } = await jobs('running');
  const planned = await plan('pause', asset);
  const late = await operator.job({ asset, partitions: ['later'] }, { state: 'running' });
  await apply(planned);
  expect((await row(ids[0]!)).state).toBe('paused');
  expect((await row(late)).state).toBe('running');
});

test('applying reports each job, and the journal names plan, author and who applied it', async () => {
  const { asset, ids } = await jobs('running', 'paused');
  const planned = await plan('pause', asset);
  const outcomes = await apply(planned);
  expect(results(outcomes)).toEqual(['applied', 'skipped']);
  const [event] = await operator.sql(
    'select actor, reason from backfill_events where job_id = $1 order by id desc limit 1',
    [ids[0]],
  );
  expect(event).toEqual({
    actor: 'jo',
    reason: `why (plan ${planned.id.slice(0, 8)} from a file that names mara)`,
  });
});

test('what has changed since is refused', async () => {
  const { asset, ids } = await jobs('running', 'running');
  const planned = await plan('pause', asset);
  await operator.sql(
    `update backfill_jobs set state = 'failed', version = version + 1 where id = $1`,
    [ids[0]],
  );
  const outcomes = await apply(planned);
  expect(outcomes.find(({ id }) => id === ids[0])).toMatchObject({
    result: 'skipped',
    state: 'failed',
  });
  expect(outcomes.find(({ id }) => id === ids[1])).toMatchObject({ result: 'applied' });
});

describe('a plan that is applied twice does nothing twice', () => {
  const cases: [JobAction, string, ActionParameters][] = [
    ['pause', 'running', {}],
    ['resume', 'paused', {}],
    ['cancel', 'pending', {}],
    ['reclaim', 'running', {}],
    ['retry', 'running', {}],
    ['retry', 'failed', {}],
    ['set', 'running', { priority: '8' }],
    ['recreate', 'paused', { priority: '10' }],
    ['recreate', 'cancelled', {}],
  ];

  test.each(cases)('%s of %s', async (action, state, parameters) => {
    const { asset, ids } = await jobs(state);
    const id = ids[0]!;
    if (state === 'cancelled') {
      await operator.sql(
        `update backfill_partitions set state = 'skipped' where backfill_job_id = $1 and state = 'pending'`,
        [id],
      );
      await operator.sql('update backfill_jobs set skipped_partitions = 1 where id = $1', [id]);
    }
    const planned = await plan(action, asset, parameters);
    const [first] = await apply(planned);
    expect(first).toMatchObject({ id, result: 'applied' });
    // Another operator undoes it; what ran again fails again, or completes.
    const after = await row(id);
    if (action === 'set') {
      await operator.sql('update backfill_jobs set priority = 0 where id = $1', [id]);
    }
    await operator.sql(
      `update backfill_partitions set state = 'failed', completed_at = clock_timestamp() where partition_key = '0a' and backfill_job_id in (select id from backfill_jobs where asset_name = $1)`,
      [asset],
    );
    await operator.sql(
      `update backfill_jobs set state = 'failed', completed_at = now() where asset_name = $1 and state = 'pending'`,
      [asset],
    );
    const count = await operator.value<number>('select count(*)::int from backfill_jobs');
    const [again] = await apply(planned);
    expect(again).toMatchObject({ id, result: 'skipped', already: true });
    expect(await operator.value('select count(*)::int from backfill_jobs')).toBe(count);
    const { version, state: still } = await row(id);
    expect({ version, state: still }).toEqual({ version: after.version, state: after.state });
    if (action === 'set') expect((await row(id)).priority).toBe(0);
  });
});

test('an expired plan is refused, by the database’s clock', async () => {
  const { asset, ids } = await jobs('running');
  const planned = await plan('pause', asset);
  const expired = { ...planned, expires_at: new Date(planned.created_at.getTime() - 60_000) };
  expect(await errorOf(apply(expired))).toMatchObject({
    code: 'not_allowed',
    message: 'this plan expired 1m ago',
  });
  expect((await row(ids[0]!)).state).toBe('running');
});

test('another tenant’s plan is refused', async () => {
  const { asset } = await jobs('running');
  const planned = await plan('pause', asset);
  expect(await errorOf(apply({ ...planned, tenant_id: 'globex' }))).toMatchObject({
    code: 'not_allowed',
    hint: 'apply it with: --tenant globex',
  });
});

test('every mistake of a plan is reported, and a relative deadline becomes an instant', async () => {
  const { asset } = await jobs('running');
  const wrong = { ...author, reason: ' ' };
  const error = await errorOf(
    planActions(operator.db, wrong, {
      action: 'cancel',
      parameters: { priority: '1' },
      filter: parseFilter('asset:x stat:y'),
      lifetime: 1,
    }),
  );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).problems.map(({ message }) => message)).toEqual([
    'cancel does not accept priority',
    expect.stringContaining('unknown filter "stat:"'),
    'cancel requires a reason',
  ]);
  const { parameters, created_at } = await plan('set', asset, { deadline: '+2h' });
  const deadline = new Date(parameters.deadline!).getTime();
  expect(Math.abs(deadline - created_at.getTime() - 7_200_000)).toBeLessThan(60_000);
});

describe('C10 a plan file is checked and shown by the database', () => {
  const forgeries: readonly [string, (planned: PlanFile) => Partial<PlanFile>, RegExp][] = [
    [
      'another asset’s name',
      ({ jobs }) => ({ jobs: jobs.map((job) => ({ ...job, asset_name: 'harmless' })) }),
      /^the plan lists \w{8} as a job of harmless; in the database it is a job of asset\d+, and 1 more$/,
    ],
    ['no reason for a cancel', () => ({ reason: null }), /^cancel requires a reason/],
    ['a reason of blanks', () => ({ reason: ' ' }), /^cancel requires a reason/],
    [
      'a setting that the action does not take',
      () => ({ parameters: { priority: '8' } }),
      /^cancel does not accept priority$/,
    ],
    [
      'a setting that is none',
      () => ({ action: 'set', parameters: { priority: 'high', deadline: 'soon' } }),
      /high.*soon|soon.*high/,
    ],
    ['an action without its settings', () => ({ action: 'set' }), /^no setting given$/],
    [
      'a job twenty thousand times',
      ({ jobs }) => ({ jobs: Array.from({ length: 20_000 }, () => jobs[0]!) }),
      /^19999 of the plan's 20000 jobs are listed more than once; the plan has 20000 jobs/,
    ],
    [
      'a life of a century',
      ({ created_at }) => ({ expires_at: new Date(created_at.getTime() + 3e12) }),
      /^invalid plan times: created/,
    ],
    [
      'a day of making that is to come',
      ({ created_at }) => ({
        created_at: new Date(created_at.getTime() + 8e8),
        expires_at: new Date(created_at.getTime() + 9e8),
      }),
      /^invalid plan times: created/,
    ],
    ['an expiry that has passed', () => ({ expires_at: new Date(0) }), /^this plan expired/],
    ['another tenant', () => ({ tenant_id: 'globex' }), /^this plan is for tenant globex/],
  ];

  test.each(forgeries)('%s: refused before anything is done', async (_, forge, message) => {
    const { asset, ids } = await jobs('running', 'running');
    const planned = await plan('cancel', asset);
    const forged = { ...planned, ...forge(planned) };
    for (const ask of [apply, (one: PlanFile) => reviewPlan(operator.db, other, one)]) {
      const error = await errorOf(ask(forged));
      expect(error.message).toMatch(message);
      expect(['usage', 'not_allowed']).toContain(error.code);
    }
    for (const id of ids) expect((await row(id)).state).toBe('running');
  });

  test('a reviewer reads values of the database, and claims of the file are marked as such', async () => {
    const { asset, ids } = await jobs('running', 'running', 'running');
    const planned = await plan('pause', asset);
    await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [ids[1]]);
    const forged: PlanFile = {
      ...planned,
      author: 'the boss',
      jobs: planned.jobs.map((job) => ({
        ...job,
        id: job.id === ids[2] ? '00000000-0000-4000-8000-000000000000' : job.id,
        completed_partitions: 99,
        total_partitions: 99,
      })),
    };
    const text = reviewText(forged, await reviewPlan(operator.db, other, forged));
    expect(text).toMatch(/^pause 1 of 3 jobs\n/);
    expect(text).toMatch(/ {2}the file says: plan \w{8} by the boss, made /);
    expect(text).toContain(`${ids[0]!.slice(0, 8)}  ${asset}  running`);
    expect(text).not.toContain('99/99');
    expect(text).toMatch(
      /completed {2}v\d+ {2}0\/2 {2}skipped: changed since it was planned \(running, version \d+\)/,
    );
    expect(text).toContain('00000000  skipped: job not found');
    expect(results(await apply(forged))).toEqual(['applied', 'failed', 'skipped']);
    const [event] = await operator.sql<{ actor: string; reason: string }>(
      'select actor, reason from backfill_events where job_id = $1 order by id desc limit 1',
      [ids[0]],
    );
    expect(event).toMatchObject({
      actor: 'jo',
      reason: expect.stringMatching(/from a file that names the boss\)$/),
    });
  });
});
