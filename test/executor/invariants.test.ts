import { afterAll, beforeAll, expect, it } from 'vitest';
import { invariants } from '../../source/database/queries/find-violations.ts';
import { Backfills, completed, ExecutorSession, keys } from '../support/backfill.ts';

let backfills: Backfills;
let session: ExecutorSession;
const sessions: ExecutorSession[] = [];

beforeAll(async () => {
  backfills = await Backfills.open();
  await backfills.rows(
    `alter database ${backfills.database.name} set servo.journal_completions = 'on'`,
  );
});

afterAll(async () => {
  await Promise.all(sessions.map((one) => one.close()));
  await backfills.close();
});

/** A healthy job: two of three partitions done, the third under a live lease of an executor that is alive. */
async function healthy(): Promise<string> {
  const job = await backfills.job({ keys: keys(3) });
  session = new ExecutorSession(backfills, job, 'executor-1');
  sessions.push(session);
  await session.claimJob();
  let token: string | null = null;
  for (let i = 0; i < 3; i++) {
    const next = crypto.randomUUID();
    const reply = await session.batch({
      reports: held.map((attempt) => ({ attempt, outcome: completed })),
      closing: token === null ? [] : [token],
      opening: [{ token: next, replaces: token }],
    });
    held = reply!.claimed;
    token = next;
  }
  held = [];
  await backfills.rows(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, started_at)
     values ('executor-1', 'acme', 'here', 1, '0', 1, '{}', now() - interval '10 minutes') on conflict (tenant_id, id) do update set seen_at = clock_timestamp()`,
  );
  return job;
}
let held: NonNullable<Awaited<ReturnType<ExecutorSession['batch']>>>['claimed'] = [];

async function child(job: string): Promise<void> {
  const other = await backfills.job({ keys: keys(1) });
  await backfills.rows('update backfill_jobs set parent_job_id = $1 where id = $2', [job, other]);
}

/** What breaks each invariant, by its number and the beginning of what it says. `$1` is the job. */
const damages: readonly [string, string | ((job: string) => Promise<void>)][] = [
  [
    'I1 at most one accepted completion',
    `insert into backfill_events (tenant_id, job_id, partition_key, kind, actor)
       select tenant_id, job_id, partition_key, kind, 'zombie' from backfill_events where job_id = $1 and kind = 'completed'`,
  ],
  [
    'I2 at rest',
    async (job) => {
      await backfills.rows(
        `update backfill_partitions set state = 'pending', lease_token = null where backfill_job_id = $1 and state = 'running'`,
        [job],
      );
      await backfills.rows(
        `update backfill_jobs set completed_partitions = 3, lease_tokens = '{}' where id = $1`,
        [job],
      );
    },
  ],
  [
    'I3 a completed job',
    `update backfill_jobs set state = 'completed', completed_at = now() where id = $1`,
  ],
  [
    'I3 a job that others',
    `update backfill_jobs set state = 'completed', version = version + 9 where id = $1`,
  ],
  [
    'I4 live leases',
    `update backfill_partitions set state = 'running', lease_token = gen_random_uuid(), lease_expires_at = now() + interval '1 minute'
       where backfill_job_id = $1 and partition_key = 'k00001'`,
  ],
  [
    'I5 while an executor is alive, no lease stays expired',
    `update backfill_partitions set lease_expires_at = now() - interval '2 minutes' where backfill_job_id = $1 and state = 'running'`,
  ],
  ['I6 every transition', `delete from backfill_events where job_id = $1 and to_state = 'running'`],
  [
    'I6 every attempt',
    `update backfill_partitions set attempt_count = 4 where backfill_job_id = $1 and partition_key = 'k00002'`,
  ],
  [
    'I7 no claim after',
    async (job) => {
      await backfills.rows(`update backfill_jobs set state = 'paused' where id = $1`, [job]);
      await backfills.rows(
        `update backfill_partitions set started_at = clock_timestamp() where backfill_job_id = $1 and state = 'running'`,
        [job],
      );
    },
  ],
  [
    'I8 only allowed',
    async (job) => {
      await backfills.rows(`update backfill_jobs set state = 'pending' where id = $1`, [job]);
    },
  ],
  ['I8 the version grows', 'update backfill_jobs set version = 1 where id = $1'],
  [
    'I8 a job that has ended',
    async (job) => {
      await backfills.rows('alter table backfill_jobs disable trigger user');
      await backfills.rows(`update backfill_jobs set state = 'failed' where id = $1`, [job]);
      await backfills.rows('alter table backfill_jobs enable trigger user');
    },
  ],
  ['I9 a parent leaves', child],
  [
    'I10 the heartbeat',
    async (job) => {
      await backfills.rows(
        `update backfill_partitions set started_at = now() - interval '3 minutes' where backfill_job_id = $1 and state = 'running'`,
        [job],
      );
      // Not as an order to take the job back: as one whose heartbeat stopped.
      await backfills.rows(
        `update backfill_jobs set heartbeat_at = now() - interval '50 seconds' where id = $1`,
        [job],
      );
    },
  ],
  [
    'I14 a completion is reported under',
    `update backfill_partitions set lease_token = gen_random_uuid() where backfill_job_id = $1 and partition_key = 'k00001'`,
  ],
];

it('each invariant of the table is broken by a test', () => {
  const names = invariants.map(({ id, text }) => `${id} ${text}`);
  for (const name of names)
    expect(
      damages.some(([start]) => name.startsWith(start)),
      name,
    ).toBe(true);
});

it('a healthy job violates none', async () => {
  await healthy();
  expect(await backfills.violations()).toEqual([]);
});

for (const [name, damage] of damages) {
  it(`finds what breaks it: ${name}`, async () => {
    const job = await healthy();
    if (typeof damage === 'string') await backfills.rows(damage, [job]);
    else await damage(job);
    const found = (await backfills.violations()).filter((violation) => violation.job_id === job);
    expect(found.map(({ id, text }) => `${id} ${text}`)).toContainEqual(
      expect.stringMatching(new RegExp(`^${name}`)),
    );
  });
}

it('checks of a job of an external writer only whether its partitions are done', async () => {
  const job = await backfills.job({ keys: keys(4) });
  await backfills.rows(
    `update backfill_jobs set state = 'running', version = version + 1, started_at = now() where id = $1`,
    [job],
  );
  await backfills.rows(
    `update backfill_partitions set state = 'running', attempt_count = 3 where backfill_job_id = $1`,
    [job],
  );
  await backfills.rows(
    `update backfill_jobs set state = 'completed', completed_at = now(), version = version + 1, completed_partitions = 3 where id = $1`,
    [job],
  );
  const found = await backfills.violations();
  expect(found.filter((violation) => violation.job_id === job)).toMatchObject([
    { id: 'I3', found: expect.stringContaining('4 of them unfinished') },
  ]);
});

it('running partitions may finish after max parallel was lowered', async () => {
  const job = await backfills.job({
    keys: keys(4),
    strategy: { type: 'parallel', max_parallel: 2 },
  });
  const own = new ExecutorSession(backfills, job, 'executor-1');
  sessions.push(own);
  await own.claimJob();
  const fresh = () => ({ token: crypto.randomUUID(), replaces: null });
  await own.batch({ opening: [fresh(), fresh()] });
  await backfills.rows(
    `update backfill_jobs set execution_strategy = '{"type": "sequential"}' where id = $1`,
    [job],
  );
  const ofJob = async () =>
    (await backfills.violations()).filter((violation) => violation.job_id === job);
  expect(await ofJob()).toMatchObject([{ id: 'I4' }]);
  await backfills.rows(
    `insert into backfill_events (tenant_id, job_id, kind, actor) values ('acme', $1, 'set', 'mara')`,
    [job],
  );
  expect(await ofJob()).toEqual([]);
});

it('shows no rows of another tenant', async () => {
  await backfills.rows(`update backfill_jobs set tenant_id = 'globex'`);
  expect(await backfills.violations()).toEqual([]);
});
