import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextAverage } from '../../source/domain/forecast/eta.ts';
import { Backfills, completed, ExecutorSession, keys } from '../support/backfill.ts';

let backfills: Backfills;
const sessions: ExecutorSession[] = [];

beforeAll(async () => {
  backfills = await Backfills.open();
});

afterAll(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await backfills.close();
});

async function claimed(count: number, strategy?: Record<string, unknown>) {
  const job = await backfills.job({ keys: keys(count), strategy });
  const session = new ExecutorSession(backfills, job, 'executor-1');
  sessions.push(session);
  await session.claimJob();
  return { job, session };
}

const parallel = (max_parallel: number) => ({ type: 'parallel', max_parallel });
const fresh = () => ({ token: randomUUID(), replaces: null });

describe('servo_report_and_claim_v1', () => {
  it('claims in key order, finishes, and moves counters and checkpoint in one transaction', async () => {
    const { job, session } = await claimed(3);
    const first = fresh();
    const opened = await session.batch({ opening: [first], per_queue: 2 });
    expect(opened!.claimed.map((attempt) => [attempt.partition_key, attempt.attempt])).toEqual([
      ['k00001', 1],
      ['k00002', 1],
    ]);
    const next = { token: randomUUID(), replaces: first.token };
    const reply = await session.batch({
      reports: opened!.claimed.map((attempt) => ({ attempt, outcome: completed, duration_ms: 40 })),
      closing: [first.token],
      opening: [next],
    });
    expect(reply!.claimed.map((attempt) => attempt.partition_key)).toEqual(['k00003']);
    const row = await backfills.row('select * from backfill_jobs where id = $1', [job]);
    expect(row).toMatchObject({
      completed_partitions: 2,
      checkpoint_partition_key: 'k00002',
      avg_partition_duration_ms: '40',
      lease_tokens: [next.token],
    });
    expect(row.estimated_completion_at).toBeInstanceOf(Date);
    const last = await session.batch({
      reports: [{ attempt: reply!.claimed[0]!, outcome: completed }],
      closing: [next.token],
      opening: [{ token: randomUUID(), replaces: next.token }],
    });
    expect(last).toMatchObject({ state: 'completed', claimed: [] });
    expect(
      await backfills.row(
        'select state, completed_partitions, lease_tokens, version from backfill_jobs where id = $1',
        [job],
      ),
    ).toEqual({
      state: 'completed',
      completed_partitions: 3,
      lease_tokens: [],
      version: 3,
    });
  });

  it('closes a token only once nothing runs under it', async () => {
    const { job, session } = await claimed(4, { ...parallel(1), max_attempts: 3 });
    const tokens = async () =>
      (await backfills.row('select lease_tokens from backfill_jobs where id = $1', [job]))
        .lease_tokens;
    const first = fresh();
    const { claimed: mine } = (await session.batch({ opening: [first], per_queue: 2 }))!;
    const fenced = { attempt: { ...mine[0]!, attempt: 9 }, outcome: completed };
    // Nothing reported, or not accepted: the place is not free, and goes to no other.
    for (const reports of [[], [fenced]]) {
      const other = fresh();
      const reply = await session.batch({ reports, closing: [first.token], opening: [other] });
      expect(reply!.claimed).toEqual([]);
      expect(await tokens()).toEqual([first.token]);
    }
    const reports = mine.map((attempt) => ({ attempt, outcome: completed }));
    await session.batch({ reports, closing: [first.token] });
    expect(await tokens()).toEqual([]);
    expect(await backfills.violations()).toEqual([]);
  });

  it('returns the same reply to a repeated message, and counts it once', async () => {
    const { job, session } = await claimed(4);
    const first = fresh();
    const opened = await session.batch({ opening: [first], per_queue: 2 });
    const message = {
      reports: opened!.claimed.map((attempt) => ({ attempt, outcome: completed })),
      closing: [first.token],
      opening: [{ token: randomUUID(), replaces: first.token }],
      per_queue: 2,
    };
    const once = await session.batch(message);
    const again = await session.batch(message);
    expect(again!.claimed).toEqual(once!.claimed);
    expect(again!.accepted).toEqual(new Set(opened!.claimed.keys()));
    expect(
      await backfills.row('select completed_partitions from backfill_jobs where id = $1', [job]),
    ).toEqual({
      completed_partitions: 2,
    });
    expect(await backfills.attemptsJournal(job)).toEqual([]);
  });

  it('claims nothing for a late duplicate of a message whose lease queue has moved on', async () => {
    const { session } = await claimed(4);
    const [first, second, third] = [fresh(), randomUUID(), randomUUID()];
    const opened = await session.batch({ opening: [first] });
    const message = {
      reports: [{ attempt: opened!.claimed[0]!, outcome: completed }],
      closing: [first.token],
      opening: [{ token: second, replaces: first.token }],
    };
    const moved = await session.batch(message);
    const moving = { attempt: moved!.claimed[0]!, outcome: completed };
    await session.batch({
      reports: [moving],
      closing: [second],
      opening: [{ token: third, replaces: second }],
    });
    const late = await session.batch(message);
    expect(late!.claimed).toEqual([]);
    expect(late!.leases).toBe(1);
  });

  it('fences a report whose lease was lost, and journals it', async () => {
    const { job, session } = await claimed(1);
    const zombie = fresh();
    const held = await session.batch({ opening: [zombie], lease_ms: -1 });
    expect(await session.rescue()).toBe(1);
    const heir = fresh();
    const taken = await session.batch({ opening: [heir] });
    expect(taken!.claimed[0]).toMatchObject({ partition_key: 'k00001', attempt: 2 });
    const rejected = await session.batch({
      reports: [{ attempt: held!.claimed[0]!, outcome: completed }],
      closing: [zombie.token],
    });
    expect(rejected!.accepted.size).toBe(0);
    const [partition] = await backfills.partitions(job);
    expect(partition).toMatchObject({ state: 'running', lease_token: heir.token, crash_count: 1 });
    expect(await backfills.attemptsJournal(job)).toEqual(['lost k00001', 'fenced k00001']);
  });

  it('fences a report by its token, even with the same attempt number', async () => {
    const { job, session } = await claimed(1);
    const [first, second] = [fresh(), fresh()];
    const held = await session.batch({ opening: [first] });
    const attempt = held!.claimed[0]!;
    await session.batch({
      reports: [{ attempt, outcome: { kind: 'released' } }],
      closing: [first.token],
    });
    const taken = await session.batch({ opening: [second] });
    expect(taken!.claimed[0]!.attempt).toBe(attempt.attempt);
    const rejected = await session.batch({ reports: [{ attempt, outcome: completed }] });
    expect(rejected!.accepted.size).toBe(0);
    expect((await backfills.partitions(job))[0]).toMatchObject({
      state: 'running',
      lease_token: second.token,
    });
  });

  it('never opens more lease queues than max_parallel, over all executors', async () => {
    const { session } = await claimed(20, parallel(3));
    const one = await session.batch({ opening: [fresh(), fresh()], per_queue: 2 });
    const other = new ExecutorSession(backfills, one!.claimed[0]!.job_id, 'executor-2');
    sessions.push(other);
    const two = await other.batch({ opening: [fresh(), fresh(), fresh()], per_queue: 2 });
    expect([one!.leases, two!.leases]).toEqual([2, 3]);
    expect(new Set(two!.claimed.map((attempt) => attempt.token)).size).toBe(1);
  });

  it('divides the remaining partitions evenly among the lease queues', async () => {
    const { session } = await claimed(4, parallel(4));
    const reply = await session.batch({
      opening: [fresh(), fresh(), fresh(), fresh()],
      per_queue: 50,
    });
    expect(new Set(reply!.claimed.map((attempt) => attempt.token)).size).toBe(4);
  });

  it('refunds the attempt of a partition that was released before it started', async () => {
    const { job, session } = await claimed(1);
    const first = fresh();
    const opened = await session.batch({ opening: [first] });
    await session.batch({
      reports: [{ attempt: opened!.claimed[0]!, outcome: { kind: 'released' } }],
      closing: [first.token],
    });
    expect((await backfills.partitions(job))[0]).toMatchObject({
      state: 'pending',
      attempt_count: 0,
      lease_token: null,
    });
    const again = await session.batch({ opening: [fresh()] });
    expect(again!.claimed[0]!.attempt).toBe(1);
  });

  it('accepts completions in a paused job but claims nothing there', async () => {
    const { job, session } = await claimed(3);
    const first = fresh();
    const opened = await session.batch({ opening: [first] });
    await backfills.rows(`update backfill_jobs set state = 'paused' where id = $1`, [job]);
    const reply = await session.batch({
      reports: [{ attempt: opened!.claimed[0]!, outcome: completed }],
      closing: [first.token],
      opening: [{ token: randomUUID(), replaces: first.token }],
    });
    expect(reply).toMatchObject({ state: 'paused', claimed: [], leases: 0 });
    expect(reply!.accepted.size).toBe(1);
    expect(
      await backfills.row(
        'select completed_partitions, checkpoint_partition_key from backfill_jobs where id = $1',
        [job],
      ),
    ).toEqual({
      completed_partitions: 1,
      checkpoint_partition_key: 'k00001',
    });
  });

  it('claims due partitions first, lost ones alone, and none before its time', async () => {
    const { job, session } = await claimed(6);
    const first = fresh();
    const opened = await session.batch({ opening: [first], per_queue: 3 });
    const [one, two, three] = opened!.claimed;
    const next = { token: randomUUID(), replaces: first.token };
    const reply = await session.batch({
      reports: [
        { attempt: one!, outcome: { kind: 'failed', message: 'not yet' }, delay_ms: 3_600_000 },
        { attempt: two!, outcome: { kind: 'released' } },
        { attempt: three!, outcome: { kind: 'released' } },
      ],
      closing: [first.token],
      opening: [next],
      per_queue: 3,
      lease_ms: -1,
    });
    // A sequential job goes on past the one in back-off.
    expect(reply!.claimed.map((attempt) => attempt.partition_key)).toEqual(['k00002', 'k00003']);
    await session.rescue();
    const alone = await session.batch({ opening: [fresh()], per_queue: 3 });
    expect(alone!.claimed.map((attempt) => attempt.partition_key)).toEqual(['k00002']);
    expect((await backfills.partitions(job))[0]).toMatchObject({
      state: 'pending',
      failure_count: 1,
      error_message: 'not yet',
    });
  });

  it('returns when a partition in back-off is due, and ends the job only after it', async () => {
    const { job, session } = await claimed(1);
    const first = fresh();
    const opened = await session.batch({ opening: [first] });
    const reply = await session.batch({
      reports: [
        {
          attempt: opened!.claimed[0]!,
          outcome: { kind: 'snoozed', message: 'come back', delay_ms: 60_000 },
          delay_ms: 60_000,
        },
      ],
      closing: [first.token],
      opening: [{ token: randomUUID(), replaces: first.token }],
    });
    expect(reply!.state).toBe('running');
    expect(reply!.due_in_ms).toBeGreaterThan(50_000);
    expect((await backfills.partitions(job))[0]).toMatchObject({
      failure_count: 0,
      attempt_count: 1,
    });
  });

  it('fails a poison partition after three lost leases, and records the reason', async () => {
    const { job, session } = await claimed(2);
    for (let i = 0; i < 3; i++) {
      await session.batch({ opening: [fresh()], lease_ms: -1 });
      await session.rescue();
    }
    const [poison] = await backfills.partitions(job);
    expect(poison).toMatchObject({ state: 'failed', crash_count: 3, failure_count: 0 });
    expect(poison!.error_message).toContain('lost 3 times while it ran (last on executor-1)');
    const row = await backfills.row(
      'select failed_partitions, lease_tokens from backfill_jobs where id = $1',
      [job],
    );
    expect(row).toEqual({ failed_partitions: 1, lease_tokens: [] });
  });

  it('averages the durations of one message as if they had been reported one by one', async () => {
    const { job, session } = await claimed(6, parallel(1));
    const durations = [120, 80, 400, 10];
    const first = fresh();
    const opened = await session.batch({ opening: [first], per_queue: 4 });
    await session.batch({
      reports: opened!.claimed.map((attempt, i) => ({
        attempt,
        outcome: completed,
        duration_ms: durations[i]!,
      })),
      closing: [first.token],
    });
    const expected = durations.reduce<number | null>(nextAverage, null)!;
    const row = await backfills.row<{ avg: number }>(
      'select avg_partition_duration_ms::int as avg from backfill_jobs where id = $1',
      [job],
    );
    expect(row.avg).toBe(Math.round(expected));
  });

  it('runs a job backwards on request', async () => {
    const { session } = await claimed(5, { type: 'sequential', order: 'desc' });
    const reply = await session.batch({ opening: [fresh()], per_queue: 3 });
    expect(reply!.claimed.map((attempt) => attempt.partition_key)).toEqual([
      'k00005',
      'k00004',
      'k00003',
    ]);
  });

  it('leaves a job alone that an external writer has claimed', async () => {
    const { job, session } = await claimed(2);
    // It claims a running job only where the heartbeat is stale.
    await backfills.rows(
      `update backfill_jobs set heartbeat_at = now() - interval '121 seconds' where id = $1`,
      [job],
    );
    await backfills.rows(
      'update backfill_jobs set version = version + 1, heartbeat_at = now() where id = $1',
      [job],
    );
    expect((await session.batch({ opening: [fresh()] }))!.claimed).toEqual([]);
    expect(await session.claimJob()).toEqual([]);
    await backfills.rows(
      `update backfill_jobs set heartbeat_at = now() - interval '121 seconds' where id = $1`,
      [job],
    );
    expect(await session.claimJob()).toMatchObject([{ job_state: 'running' }]);
    expect((await session.batch({ opening: [fresh()] }))!.claimed).toHaveLength(1);
  });

  it('leaves a key alone that still runs in a cancelled job of the asset, until that attempt has ended', async () => {
    const { job: old, session } = await claimed(3);
    const first = fresh();
    const opened = await session.batch({ opening: [first] });
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled', version = version + 1 where id = $1`,
      [old],
    );
    for (const order of ['asc', 'desc']) {
      const { session: next } = await claimed(3, { ...parallel(3), order });
      const keysOf = (reply: Awaited<ReturnType<ExecutorSession['batch']>>) =>
        reply!.claimed.map((attempt) => attempt.partition_key).sort();
      const others = [fresh(), fresh(), fresh()];
      const reply = await next.batch({ opening: others });
      expect(keysOf(reply)).toEqual(['k00002', 'k00003']);
      // No notification comes when it ends: it is polled for soon, but not at once.
      const rest = await next.batch({
        reports: reply!.claimed.map((attempt) => ({ attempt, outcome: completed })),
        closing: reply!.claimed.map((attempt) => attempt.token),
        opening: [fresh()],
      });
      expect(rest).toMatchObject({ state: 'running', claimed: [] });
      expect(rest!.due_in_ms).toBeGreaterThanOrEqual(200);
      expect(rest!.due_in_ms).toBeLessThanOrEqual(1000);
      if (order === 'asc') continue;
      await session.batch({
        reports: [{ attempt: opened!.claimed[0]!, outcome: completed }],
        closing: [first.token],
      });
      expect(keysOf(await next.batch({ opening: [fresh()] }))).toEqual(['k00001']);
    }
  });

  it('claims a key that an external writer left running in a cancelled job', async () => {
    const { job: old } = await claimed(1);
    await backfills.rows(
      `update backfill_partitions set state = 'running', started_at = clock_timestamp() - interval '121 seconds' where backfill_job_id = $1`,
      [old],
    );
    await backfills.rows(
      `update backfill_jobs set state = 'cancelled', version = version + 1 where id = $1`,
      [old],
    );
    const { session } = await claimed(1);
    expect((await session.batch({ opening: [fresh()] }))!.claimed).toHaveLength(1);
  });
});
