import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let workers: Worker[];

beforeEach(async () => {
  backfills = await Backfills.open();
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await backfills.close();
});

async function work(handlers: string, args: string[] = [], speed = 50): Promise<Worker> {
  const worker = new Worker(
    backfills.database.app,
    tenant,
    ['--handlers', handlers, '--slots', '4', ...args],
    { SERVO_SPEED: String(speed) },
  );
  workers.push(worker);
  return worker.started();
}

async function lostReasons(job: string): Promise<string[]> {
  const rows = await backfills.rows<{ reason: string }>(
    `select distinct reason from backfill_events where job_id = $1 and kind = 'lost'`,
    [job],
  );
  return rows.map((row) => row.reason);
}

/** Everything done once, and every counter true. */
async function expectExactlyOnce(job: string, count: number): Promise<void> {
  expect(
    await backfills.row(
      'select count(*)::int as all, count(distinct key)::int as keys from effects',
    ),
  ).toEqual({ all: count, keys: count });
  const recount = await backfills.row(
    `select count(*) filter (where state = 'completed')::int as completed, count(*) filter (where state <> 'completed')::int as others
     from backfill_partitions where backfill_job_id = $1`,
    [job],
  );
  expect(recount).toEqual({ completed: count, others: 0 });
  expect(
    await backfills.row(
      'select completed_partitions, failed_partitions, lease_tokens from backfill_jobs where id = $1',
      [job],
    ),
  ).toEqual({
    completed_partitions: count,
    failed_partitions: 0,
    lease_tokens: [],
  });
}

const effects =
  'create table effects (key text, at timestamptz default clock_timestamp()); grant insert, select on effects to servo_app';

/** Killed between two partitions a worker leaves none: what it holds while it is frozen stays. */
async function killAtWork(victim: Worker, owner: string, job: string): Promise<void> {
  const holds = async () => {
    const { n } = await backfills.row<{ n: number }>(
      `select count(*)::int as n from backfill_partitions where backfill_job_id = $1 and state = 'running' and lease_owner = $2`,
      [job, owner],
    );
    return n > 0;
  };
  await waitFor('it to be in the middle of a partition', holds);
  victim.process.kill('SIGSTOP');
  await waitFor('it to hold one still', holds);
  await victim.kill('SIGKILL');
}

it('kill -9 of one of two workers in a job of 1,000 partitions loses and doubles nothing', async () => {
  await backfills.rows(effects);
  const handlers = handlerDirectory({
    'orders.sql': 'select pg_sleep(0.005); insert into effects (key) values ($1)',
  });
  const job = await backfills.job({
    keys: keys(1000),
    strategy: { type: 'parallel', max_parallel: 8 },
  });
  const [victim] = await Promise.all([work(handlers), work(handlers)]);
  const owner = /"executor_id":"([^"]+)"/.exec(victim!.log)![1];
  await killAtWork(victim!, owner!, job);
  await backfills.state(job, 'completed');
  await expectExactlyOnce(job, 1000);
  const lost = await lostReasons(job);
  // By its lock and its silence, long before its leases run out.
  expect(lost).toEqual([`executor ${owner} died`]);
  expect(
    await backfills.rows(
      'select lost_at is not null as lost from backfill_executors where id = $1',
      [owner],
    ),
  ).toEqual([{ lost: true }]);
});

it('the leases of an executor that cannot be declared dead by its lock expire', async () => {
  await backfills.rows(effects);
  const handlers = handlerDirectory({
    'orders.sql': 'select pg_sleep(0.005); insert into effects (key) values ($1)',
  });
  const job = await backfills.job({
    keys: keys(400),
    strategy: { type: 'parallel', max_parallel: 8 },
  });
  const [victim] = await Promise.all([work(handlers, [], 100), work(handlers, [], 100)]);
  const owner = /"executor_id":"([^"]+)"/.exec(victim!.log)![1];
  await waitFor(
    'work to be under way',
    async () => (await backfills.state(job, 'running')).completed_partitions! > 50,
  );
  await backfills.rows(`create function unlock() returns trigger language plpgsql as 'begin new.locked := false; return new; end';
    create trigger unlock before insert or update on backfill_executors for each row execute function unlock();
    update backfill_executors set locked = false`);
  await killAtWork(victim!, owner!, job);
  await backfills.state(job, 'completed');
  await expectExactlyOnce(job, 400);
  expect(await lostReasons(job)).toEqual([`the lease of ${owner} expired`]);
});

it('a worker that was frozen past its leases does no harm when it wakes', async () => {
  await backfills.rows(effects);
  const handlers = handlerDirectory({
    'orders.sql': 'select pg_sleep(0.02); insert into effects (key) values ($1)',
  });
  const job = await backfills.job({
    keys: keys(400),
    strategy: { type: 'parallel', max_parallel: 8 },
  });
  const [frozen] = await Promise.all([work(handlers, [], 100), work(handlers, [], 100)]);
  await waitFor(
    'work to be under way',
    async () => (await backfills.state(job, 'running')).completed_partitions! > 50,
  );
  // On a busy machine the other one may have begun long before it.
  const owner = /"executor_id":"([^"]+)"/.exec(frozen!.log)![1];
  await waitFor('it to run a partition', async () =>
    (await backfills.partitions(job)).some(
      (row) => row.state === ('running' as never) && row.lease_owner === (owner as never),
    ),
  );
  frozen!.process.kill('SIGSTOP');
  await waitFor('its attempts to be taken back', async () =>
    (await backfills.attemptsJournal(job)).some((line) => line.startsWith('lost')),
  );
  frozen!.process.kill('SIGCONT');
  await backfills.state(job, 'completed');
  await expectExactlyOnce(job, 400);
});

it('SIGTERM drains: running attempts finish, and the exit code is 0', async () => {
  const started = join(mkdtempSync(join(tmpdir(), 'servo-started-')), 'started');
  const handlers = handlerDirectory({ orders: `#!/bin/sh\ntouch ${started}\nsleep 1\n` });
  const job = await backfills.job({ keys: keys(3) });
  const worker = await work(handlers);
  // Attempts that were claimed but not started are released.
  await waitFor('a handler to run', () => existsSync(started));
  expect(await worker.kill('SIGTERM')).toEqual([0, null]);
  expect((await backfills.partitions(job)).map((partition) => partition.state)).toEqual([
    'completed',
    'pending',
    'pending',
  ]);
});

it('a second signal stops handlers at once, with exit code 1', async () => {
  const handlers = handlerDirectory({ orders: '#!/bin/sh\nexec sleep 600\n' });
  const job = await backfills.job({ keys: keys(1) });
  const worker = await work(handlers);
  await waitFor(
    'the partition to run',
    async () => (await backfills.partitions(job))[0]!.state === 'running',
  );
  worker.process.kill('SIGTERM');
  await waitFor('it to drain', () => worker.log.includes('draining'));
  expect(await worker.kill('SIGTERM')).toEqual([1, null]);
  expect((await backfills.partitions(job))[0]).toMatchObject({
    state: 'pending',
    failure_count: 0,
  });
});
