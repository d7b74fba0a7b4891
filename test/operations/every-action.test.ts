import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type JobAction, jobActions } from '../../source/domain/job/action.ts';
import { jobStates } from '../../source/domain/job/state.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import type { Order, Outcome } from '../../source/operations/act/order.ts';
import { author, errorOf, Operator } from '../support/operator.ts';
import { expectTexts } from '../support/texts.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  // A newer program may have other states.
  await operator.sql('alter table backfill_jobs drop constraint valid_backfill_state');
});
beforeEach(() => cleared());
afterAll(() => operator.close());

const because = { ...author, reason: 'why' };

/** Statements whose triggers are not to fire: what they write was never done by anybody. */
const quietly = (statements: string) =>
  operator.sql(`begin; set local session_replication_role = replica; ${statements}; commit`);

const cleared = () =>
  quietly(
    ['partitions', 'jobs', 'events', 'executors']
      .map((table) => `delete from backfill_${table}`)
      .join(';'),
  );

type Shape = { state: string; partitions?: string[]; columns?: string };
const mixed = ['completed', 'failed', 'failed', 'running', 'pending'];

/** A job of which one partition is in each of these states; its keys are a, b, c … */
async function aJob({ state, partitions = mixed, columns = '' }: Shape): Promise<string> {
  const keys = partitions.map((_, at) => String.fromCharCode(97 + at));
  const id = await operator.job({
    asset: 'orders',
    partitions: keys,
    parallel: '3',
    priority: '4',
  });
  const count = (wanted: string) => partitions.filter((one) => one === wanted).length;
  await quietly(
    [
      ...keys.map(
        (key, at) =>
          `update backfill_partitions set state = '${partitions[at]}', attempt_count = 3, failure_count = 3 where backfill_job_id = '${id}' and partition_key = '${key}'`,
      ),
      `update backfill_jobs set state = '${state}', version = 7, completed_partitions = ${count('completed')}, failed_partitions = ${count('failed')}, skipped_partitions = ${count('skipped')} ${columns} where id = '${id}'`,
      'delete from backfill_events',
    ].join(';'),
  );
  return id;
}

/** What became of a job, and of one that was made of it, without ids and times. */
async function told(id: string, work: Promise<Outcome>): Promise<string[]> {
  const outcome = await work.catch((error) => error as Error);
  const jobs = await operator.sql<{ id: string; text: string }>(
    `select id, concat_ws(' ', state, 'v' || version, 'priority ' || priority, execution_strategy->>'max_parallel',
       sla_deadline_at is not null, heartbeat_at is null, include_upstream, partition_keys) as text
     from backfill_jobs order by created_at`,
  );
  const partitions = await operator.sql<{ text: string }>(
    `select partition_key || ' ' || p.state || ' ' || attempt_count || '/' || failure_count as text
     from backfill_partitions p join backfill_jobs j on j.id = backfill_job_id order by j.created_at, partition_key`,
  );
  const events = await operator.sql<{ text: string }>(
    `select concat_ws(' ', 'journal:', kind, coalesce(from_state || ' →', ''), to_state, partition_key, 'by', actor, ':', coalesce(reason, '–')) as text
     from backfill_events order by id`,
  );
  const lines = [
    outcome instanceof Error
      ? `error: ${outcome.message}`
      : `${outcome.result}, ${outcome.state} v${outcome.version}${outcome.already ? ', already' : ''}: ${outcome.message} | ${outcome.hint ?? '–'}`,
    ...('new_job_id' in outcome && outcome.new_job_id ? [`new: ${outcome.new_job_id}`] : []),
    ...('retried_keys' in outcome
      ? [`retried: ${outcome.retried_partitions}: ${outcome.retried_keys}`]
      : []),
    ...jobs.map((job) => `job: ${job.text}`),
    `partitions: ${partitions.map(({ text }) => text).join(', ')}`,
    ...events.map(({ text }) => text),
  ];
  const names = new Map(jobs.map((job, at) => [job.id, job.id === id ? 'JOB' : `NEW${at}`]));
  return lines.map((line) =>
    [...names]
      .reduce(
        (text, [long, name]) => text.replaceAll(long, name).replaceAll(long.slice(0, 8), name),
        line,
      )
      .replace(/\b\d+s ago/, 'now'),
  );
}

const parameters: Partial<Record<JobAction, Order['parameters']>> = {
  set: { priority: '8', parallel: '2' },
  recreate: { priority: '8' },
};
const act = (action: JobAction, id: string, more: Partial<Order> = {}) =>
  actOnJob(operator.db, because, { action, id, parameters: parameters[action], ...more });

/** The cases in order, each on a job of its own in an empty database. */
async function walked(cases: [name: string, Shape, (id: string) => Promise<Outcome>][]) {
  const lines: string[] = [];
  for (const [name, shape, work] of cases) {
    await cleared();
    const id = await aJob(shape);
    const said = await told(id, work(id));
    lines.push(name, ...said.map((line) => `  ${line}`));
  }
  return lines;
}

test('each action on a job of each state: the answer, the job, its partitions and the journal', async () => {
  const states = [...jobStates, 'dreaming'];
  const lines = await walked(
    jobActions.flatMap((action) =>
      states.map((state): Parameters<typeof walked>[0][number] => [
        `${action}, ${state}`,
        { state },
        (id) => act(action, id),
      ]),
    ),
  );
  await expectTexts('actions', lines, 'operations');
});

test('each action where the job is not as it was seen, where nothing is to be done, and by a plan', async () => {
  const plan = {
    id: '0000abcd-0000-4000-8000-000000000000',
    author: 'jo',
    created_at: new Date(Date.now() + 60_000),
  };
  const lines = await walked(
    jobActions.flatMap((action): Parameters<typeof walked>[0] => {
      const state = action === 'resume' ? 'paused' : 'running';
      return [
        [
          `${action}, of another version`,
          { state },
          (id) => act(action, id, { seen: { version: 6 } }),
        ],
        [
          `${action}, in another state`,
          { state },
          (id) => act(action, id, { seen: { state: 'pending' } }),
        ],
        [
          `${action}, as it was seen`,
          { state },
          (id) => act(action, id, { seen: { state, version: 7 } }),
        ],
        [`${action}, by a plan`, { state }, (id) => act(action, id, { plan })],
        [
          `${action}, by a plan with a step, twice`,
          { state },
          async (id) => {
            const again = { plan: { ...plan, step: 'first', from_file: true } };
            await act(action, id, again);
            return act(action, id, again);
          },
        ],
        [
          `${action}, of a job without open partitions`,
          { state, partitions: ['completed', 'skipped'] },
          (id) => act(action, id),
        ],
        [
          `${action}, without a reason`,
          { state },
          (id) =>
            actOnJob(
              operator.db,
              { ...author, reason: '  ' },
              { action, id, parameters: parameters[action] },
            ),
        ],
      ];
    }),
  );
  await expectTexts('actions-seen', lines, 'operations');
});

test('what an ended job leaves: attempts that run, partitions that were skipped, and named ones', async () => {
  const open = ['completed', 'failed', 'running', 'running', 'skipped'];
  const deadline = `, sla_deadline_at = now() + interval '1 hour', include_upstream = true, max_upstream_depth = 2`;
  const cases = ['failed', 'cancelled', 'completed'].flatMap(
    (state): Parameters<typeof walked>[0] => [
      [`reclaim, ${state}`, { state, partitions: open }, (id) => act('reclaim', id)],
      [
        `reclaim, ${state}, one`,
        { state, partitions: open.slice(0, 3) },
        (id) => act('reclaim', id),
      ],
      [
        `recreate, ${state}`,
        { state, partitions: open },
        (id) => act('recreate', id, { parameters: {} }),
      ],
      [
        `recreate, ${state}, with other settings`,
        { state, partitions: open, columns: deadline },
        (id) =>
          act('recreate', id, { parameters: { parallel: '2', deadline: 'none', timeout: '1m' } }),
      ],
      [
        `retry, ${state}, named`,
        { state, partitions: mixed },
        (id) => act('retry', id, { keys: ['c', 'c'] }),
      ],
      [
        `retry, ${state}, not failed`,
        { state, partitions: mixed },
        (id) => act('retry', id, { keys: ['a', 'x', 'y'] }),
      ],
      [
        `retry, ${state}, none failed`,
        { state, partitions: ['completed'] },
        (id) => act('retry', id),
      ],
      [
        `retry, ${state}, one skipped`,
        { state, partitions: ['completed', 'skipped'] },
        (id) => act('retry', id),
      ],
    ],
  );
  cases.push(
    [
      'set, as it is',
      { state: 'running' },
      (id) => act('set', id, { parameters: { priority: '4', parallel: '3' } }),
    ],
    [
      'set, with mistakes',
      { state: 'running' },
      (id) => act('set', id, { parameters: { priority: '99', deadline: 'soon' } }),
    ],
    ['set, nothing', { state: 'running' }, (id) => act('set', id, { parameters: {} })],
    [
      'recreate, with mistakes',
      { state: 'running' },
      (id) => act('recreate', id, { parameters: { priority: '99', parallel: '0' } }),
    ],
    [
      'recreate, only failed ones',
      { state: 'failed', partitions: ['completed', 'failed'] },
      (id) => act('recreate', id, { parameters: {} }),
    ],
    [
      'resume, with an executor',
      { state: 'paused' },
      async (id) => {
        await operator.sql(
          `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('a:1:a', 'acme', 'h', 1, '0', 2, '{orders}')`,
        );
        return act('resume', id);
      },
    ],
    [
      'cancel, with an executor',
      { state: 'running' },
      async (id) => {
        await operator.sql(
          `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('a:1:a', 'acme', 'h', 1, '0', 2, '{orders}')`,
        );
        return act('cancel', id);
      },
    ],
  );
  await expectTexts('actions-left', await walked(cases), 'operations');
});

test('keys that other unfinished jobs have are named, at most five', async () => {
  const taken = async (...lists: string[][]) => {
    for (const partitions of lists) await operator.start({ asset: 'orders', partitions });
    const error = await errorOf(
      operator.start({ asset: 'orders', partitions: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }),
    );
    const jobs = await operator.sql<{ id: string }>(
      'select id from backfill_jobs order by created_at',
    );
    return [error.message, error.hint!].map((text) =>
      jobs.reduce((said, { id }, at) => said.replaceAll(id.slice(0, 8), `JOB${at}`), text),
    );
  };
  const hint =
    'leave those partitions out, wait for it, or cancel it: servo-tui cancel JOB0 --reason "why"';
  expect(await taken(['b'])).toEqual(['job JOB0 (pending) already has b', hint]);
  await cleared();
  expect(await taken(['a', 'b', 'c', 'd', 'e'])).toEqual([
    'job JOB0 (pending) already has a, b, c, d, e',
    hint,
  ]);
  await cleared();
  const [message] = await taken(['a', 'b', 'c'], ['d', 'e', 'f']);
  expect(message).toMatch(
    /^job JOB\d \(pending\) already has .*; job JOB\d \(pending\) already has .* and more$/,
  );
  expect(message!.match(/\b[a-f]\b(?=[,; ])/g)).toHaveLength(5);
});
