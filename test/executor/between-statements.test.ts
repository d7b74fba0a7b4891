import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backfills, ExecutorSession, keys, tenant } from '../support/backfill.ts';
import { ExternalWriter } from '../support/external-writer.ts';
import { waitFor } from '../support/wait-for.ts';

// Functions that read in one statement and decide in a later one, at READ COMMITTED. Each is held
// between the two (at an advisory lock, or at a row that the other session has locked) while a
// second session, an external writer or a person, changes what was read.

let backfills: Backfills;
let other: ExternalWriter;

beforeAll(async () => {
  backfills = await Backfills.open();
  other = await ExternalWriter.open(backfills.database.superuser, null);
});

afterAll(async () => {
  await other.close();
  await backfills.close();
});

/** Makes the function wait, where `before` stands in its text, while `whileHeld` has the lock. */
async function holdBefore(name: string, before: string): Promise<void> {
  const [row] = await other.rows<{ text: string }>(
    `select pg_get_functiondef('${name}'::regproc) as text`,
  );
  expect(row!.text.split(before)).toHaveLength(2);
  await other.rows(
    row!.text.replace(before, `perform pg_advisory_xact_lock_shared(1);\n${before}`),
  );
}

const waiting = (count: number) => async () => {
  const [row] = await backfills.rows<{ n: number }>(
    `select count(*)::integer as n from pg_locks where not granted and pid in (
       select pid from pg_stat_activity where datname = current_database())`,
  );
  return row!.n >= count;
};

/** Runs `changes` while `call` waits between its two statements. */
async function whileHeld<T>(call: () => Promise<T>, changes: () => Promise<unknown>): Promise<T> {
  await other.rows('select pg_advisory_lock(1)');
  const result = call();
  result.catch(() => {});
  await waitFor('the function to wait', waiting(1));
  await changes();
  await other.rows('select pg_advisory_unlock(1)');
  return result;
}

/** Runs `call` while another transaction, which ends once it waits, has made these changes. */
async function whileLocked<T>(changes: () => Promise<unknown>, call: () => Promise<T>): Promise<T> {
  await other.rows('begin');
  await changes();
  const result = call();
  result.catch(() => {});
  await waitFor('the function to wait', waiting(1));
  await other.rows('commit');
  return result;
}

async function withExecutor<T>(job: string, work: (executor: ExecutorSession) => Promise<T>) {
  const executor = new ExecutorSession(backfills, job, 'e1');
  try {
    return await work(executor);
  } finally {
    await executor.close();
  }
}

const stateOf = (job: string) =>
  backfills.row(
    'select state, total_partitions as total, error_message as error from backfill_jobs where id = $1',
    [job],
  );

const setPartition = (job: string, key: string, columns: string) =>
  other.rows(
    `update backfill_partitions set ${columns} where backfill_job_id = $1 and partition_key = $2`,
    [job, key],
  );

const opening = [{ token: '00000000-0000-4000-8000-000000000001', replaces: null }];

describe('two statements of a function see one state', () => {
  it('claim: a job whose deleted partition is added again runs, and does not fail', async () => {
    await holdBefore('servo_claim_v1', '  if v_rows = 0 and not j.partitions_made then');
    const job = await backfills.job({ keys: keys(1), columns: { partitions_made: true } });
    await other.rows('delete from backfill_partitions where backfill_job_id = $1', [job]);
    await withExecutor(job, async (executor) => {
      const claimed = await whileHeld(
        () => executor.claimJob(),
        () => other.insertPartition(tenant, job, 'k00001'),
      );
      expect(claimed).toMatchObject([{ job_state: 'running' }]);
    });
    expect(await stateOf(job)).toEqual({ state: 'running', total: 1, error: null });
  });

  it('recount: a partition that is added again while rows are counted is counted', async () => {
    await holdBefore('servo_recount_v1', '  v_due := ');
    const job = await backfills.job({ keys: keys(3), columns: { partitions_made: true } });
    await withExecutor(job, (executor) => executor.claimJob());
    await setPartition(job, 'k00001', `state = 'skipped'`);
    await other.rows(
      `delete from backfill_partitions where backfill_job_id = $1 and partition_key > 'k00001'`,
      [job],
    );
    const recount = async () => {
      const [row] = await backfills.rows<{ result: string }>(
        `select servo_recount_v1('${tenant}', $1, 'e1', 0) as result`,
        [job],
      );
      return row!.result;
    };
    expect(await recount()).toBe('waiting');
    expect(await whileHeld(recount, () => other.insertPartition(tenant, job, 'k00002'))).toBe(
      'waiting',
    );
    expect(await stateOf(job)).toMatchObject({ total: 3 });
  });

  it('pick: a descending job does not start below a key that its writer adds meanwhile', async () => {
    await holdBefore('servo_pick_v1', '    -- Partitions that were never claimed, in key order.');
    const strategy = JSON.stringify({ type: 'sequential', order: 'desc' });
    const job = await other.insertJob(tenant, 'orders', 3, keys(3));
    await other.rows('update backfill_jobs set execution_strategy = $2 where id = $1', [
      job,
      strategy,
    ]);
    await other.insertPartition(tenant, job, 'k00001');
    await withExecutor(job, async (executor) => {
      await executor.claimJob();
      const held = await whileHeld(
        () => executor.batch({ opening }),
        async () => {
          await other.insertPartition(tenant, job, 'k00002');
          await other.insertPartition(tenant, job, 'k00003');
        },
      );
      expect(held!.claimed).toEqual([]);
      const next = await executor.batch({ opening });
      expect(next!.claimed).toMatchObject([{ partition_key: 'k00003' }]);
    });
  });

  it('claim of partitions: one that an external writer has run and failed is not run again', async () => {
    const job = await backfills.job({ keys: keys(2) });
    await withExecutor(job, async (executor) => {
      await executor.claimJob();
      const batch = await whileLocked(
        () => setPartition(job, 'k00001', `state = 'failed', attempt_count = 3`),
        () => executor.batch({ opening }),
      );
      expect(batch).toMatchObject({ claimed: [], due_in_ms: 1, state: 'running' });
      expect((await executor.batch({ opening }))!.claimed).toMatchObject([
        { partition_key: 'k00002' },
      ]);
    });
  });

  it('finalize: a partition that a person revives meanwhile does not end the batches', async () => {
    const job = await backfills.job({ keys: keys(4), columns: { needs_finalizing: true } });
    await other.rows(
      `update backfill_partitions set state = 'skipped', available_at = 'infinity' where backfill_job_id = $1`,
      [job],
    );
    const finalize = () =>
      backfills.row(
        `select skipped, needs_finalizing from servo_finalize_v1('${tenant}', $1, 'e1', 2)`,
        [job],
      );
    expect(
      await whileLocked(
        () => setPartition(job, 'k00001', `state = 'pending', available_at = null`),
        finalize,
      ),
    ).toEqual({ skipped: 1, needs_finalizing: true });
    await finalize();
    await finalize();
    expect((await backfills.partitions(job)).map(({ state }) => state)).toEqual(
      Array(4).fill('pending'),
    );
  });

  it('rescue: a partition that an external writer starts again meanwhile is not taken from it', async () => {
    const job = await backfills.job({ keys: keys(1) });
    await withExecutor(job, async (executor) => {
      await executor.claimJob();
      await setPartition(
        job,
        'k00001',
        `state = 'running', started_at = now() - interval '1 hour'`,
      );
      const rescued = await whileLocked(
        () => setPartition(job, 'k00001', 'started_at = clock_timestamp()'),
        () => executor.rescue(),
      );
      expect(rescued).toBe(0);
    });
    expect(await backfills.partitions(job)).toMatchObject([{ state: 'running' }]);
  });

  it('dead executors: a ping that comes while its executor is declared dead is not overwritten', async () => {
    await holdBefore(
      'servo_declare_dead_v1',
      `    update backfill_partitions p set lease_expires_at = '-infinity'`,
    );
    const ping = () =>
      backfills.rows(
        `select servo_register_v1('e2', array['${tenant}'], 'h', 1, '1', 1, array['orders'], false, false, false)`,
      );
    await ping();
    await other.rows(
      `update backfill_executors set locked = true, seen_at = now() - interval '1 hour' where id = 'e2'`,
    );
    let pinged: Promise<unknown> | null = null;
    await whileHeld(
      () => backfills.rows(`select * from servo_declare_dead_v1('${tenant}', 'e1', 1000)`),
      async () => {
        let done = false;
        pinged = ping().then(() => (done = true));
        await waitFor('the ping to end or to wait', async () => done || waiting(2)());
      },
    );
    await pinged;
    expect(await backfills.row(`select lost_at from backfill_executors where id = 'e2'`)).toEqual({
      lost_at: null,
    });
  });

  it('waiting job: a retry of its failed upstream meanwhile does not lose the reason', async () => {
    await holdBefore('servo_finalize_waiting_v1', `  if v.verdict = 'failed' then`);
    const job = await backfills.job({ keys: keys(1), columns: { state: 'waiting_upstream' } });
    const columns = { parent_job_id: job, state: 'failed', error_message: 'no disk' };
    const upstream = await backfills.job({ keys: keys(1), columns });
    await whileHeld(
      () => backfills.rows(`select servo_finalize_waiting_v1('${tenant}', $1, 'e1', 0)`, [job]),
      () => other.rows(`update backfill_jobs set state = 'pending' where id = $1`, [upstream]),
    );
    expect(await stateOf(job)).toMatchObject({
      state: 'failed',
      error: `upstream orders ${upstream.slice(0, 8)} is failed: no disk`,
    });
  });
});
