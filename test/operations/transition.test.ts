import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Action, actions, jobStates, sourcesOf } from '../../source/domain/job/state.ts';
import { UsageError } from '../../source/errors.ts';
import { finalizeJob } from '../../source/operations/act/finalize.ts';
import { transition } from '../../source/operations/act/transition.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
});
afterAll(() => operator.close());

const because = (reason: string) => ({ ...author, reason });
const inState = (state: string) =>
  operator.job({ asset: 'orders', partitions: [`k${made++}`] }, { state });
const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const short = (id: string) => id.slice(0, 8);

describe('each action in each state', () => {
  const cases = actions.flatMap((action) =>
    jobStates.map((state): [Action, string] => [action, state]),
  );

  test.each(cases)('%s a job that is %s', async (action, state) => {
    const id = await inState(state);
    const before = await row(id);
    const outcome = await transition(operator.db, because('why'), { action, id });
    const after = await row(id);
    if ((sourcesOf(action) as string[]).includes(state)) {
      expect(outcome).toMatchObject({
        id,
        result: 'applied',
        state: after.state,
        version: after.version,
      });
      expect(after.version).toBe((before.version as number) + 1);
      expect(after.state).toBe(
        { pause: 'paused', resume: 'resuming', cancel: 'cancelled' }[action],
      );
    } else {
      expect(outcome).toMatchObject({ id, result: 'skipped', state, version: before.version });
      expect(outcome.message).toMatch(new RegExp(`^cannot ${action} ${short(id)} \\(`));
      expect(outcome.hint).not.toBeNull();
      expect(after).toEqual(before);
    }
  });
});

describe('what is written', () => {
  test('a pause records when, and who and why in the journal', async () => {
    const id = await inState('running');
    const outcome = await transition(operator.db, because('db maintenance'), {
      action: 'pause',
      id,
    });
    expect(outcome.message).toBe(`paused orders ${short(id)} (0/1 done)`);
    const { paused_at } = await row(id);
    expect(Date.now() - (paused_at as Date).getTime()).toBeLessThan(60_000);
    const [event] = await operator.sql(
      'select from_state, to_state, actor, reason from backfill_events where job_id = $1 order by id desc limit 1',
      [id],
    );
    expect(event).toEqual({
      from_state: 'running',
      to_state: 'paused',
      actor: 'mara',
      reason: 'db maintenance',
    });
  });

  test('a resume sets the heartbeat, so that "stuck resuming" ages from it, and keeps paused_at', async () => {
    const id = await inState('paused');
    const old = new Date('2020-01-01T00:00:00Z');
    await operator.sql('update backfill_jobs set heartbeat_at = $2, paused_at = $2 where id = $1', [
      id,
      old,
    ]);
    const outcome = await transition(operator.db, author, { action: 'resume', id });
    expect(outcome.hint).toMatch(/no executor is running for this tenant/);
    const { heartbeat_at, paused_at } = await row(id);
    expect(Date.now() - (heartbeat_at as Date).getTime()).toBeLessThan(60_000);
    expect(paused_at).toEqual(old);
  });

  test('a resume is silent about executors if one is alive', async () => {
    await operator.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:1:x', 'acme', 'h', 1, '0', 1, '{}')`,
    );
    expect(
      (await transition(operator.db, author, { action: 'resume', id: await inState('paused') }))
        .hint,
    ).toBeNull();
    await operator.sql('delete from backfill_executors');
  });

  test('a cancel ends the job with its reason', async () => {
    const id = await inState('pending');
    await transition(operator.db, because('maintenance window'), { action: 'cancel', id });
    expect(await row(id)).toMatchObject({
      error_message: 'maintenance window',
      completed_at: expect.any(Date),
    });
  });

  test('busy slots are reported', async () => {
    const id = await inState('running');
    await operator.sql(
      'update backfill_jobs set lease_tokens = array[gen_random_uuid(), gen_random_uuid()] where id = $1',
      [id],
    );
    const outcome = await transition(operator.db, author, { action: 'pause', id });
    expect(outcome.message).toContain('2 running will finish');
  });
});

describe('refusals', () => {
  test('a pause of a paused job: since when, by whom, why, and what to do', async () => {
    const id = await inState('running');
    await transition(operator.db, because('db maintenance'), { action: 'pause', id });
    await operator.sql(
      `update backfill_events set at = at - interval '12 minutes' where job_id = $1`,
      [id],
    );
    const { message, hint } = await transition(operator.db, author, { action: 'pause', id });
    expect(`${message} — ${hint}`).toBe(
      `cannot pause ${short(id)} (already paused 12m ago by mara: "db maintenance") — resume it: servo-tui resume ${short(id)}`,
    );
  });

  // Was: "pause it", for an operator who wants it to run.
  test('a resume of what runs already says how to watch it', async () => {
    const { hint } = await transition(operator.db, author, {
      action: 'resume',
      id: await inState('running'),
    });
    expect(hint).toMatch(/^watch it: servo-tui status .{8} --watch$/);
  });

  test('a job that has ended: when and by whom, and what can be run again', async () => {
    const id = await inState('pending');
    await transition(operator.db, because('wrong range'), { action: 'cancel', id });
    const { message, hint } = await transition(operator.db, author, { action: 'resume', id });
    expect(message).toBe(
      `cannot resume ${short(id)} (already cancelled 0s ago by mara: "wrong range")`,
    );
    expect(hint).toContain(`servo-tui recreate ${short(id)}`);
    const failed = await transition(operator.db, author, {
      action: 'pause',
      id: await inState('failed'),
    });
    expect(failed.hint).toContain('servo-tui retry');
    const completed = await transition(operator.db, author, {
      action: 'pause',
      id: await inState('completed'),
    });
    expect(completed.hint).toContain('servo-tui start orders');
  });

  test('raw SQL is named as who did it', async () => {
    const id = await inState('running');
    await operator.sql(
      `update backfill_jobs set state = 'paused', paused_at = now(), version = version + 1 where id = $1`,
      [id],
    );
    expect((await transition(operator.db, author, { action: 'pause', id })).message).toMatch(
      /already paused 0s ago by postgres/,
    );
  });

  test('a state that another program invented', async () => {
    await operator.sql('alter table backfill_jobs drop constraint valid_backfill_state');
    const id = await inState('hibernating');
    const outcome = await transition(operator.db, author, { action: 'pause', id });
    expect(outcome).toMatchObject({ result: 'skipped', state: 'hibernating' });
    expect(outcome.message).toContain('this one is hibernating');
  });

  test('an unknown job has failed', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    const outcome = await transition(operator.db, author, { action: 'pause', id });
    expect(outcome).toMatchObject({
      id,
      result: 'failed',
      state: null,
      message: 'job 00000000 not found',
    });
  });

  test("another tenant's job is unknown", async () => {
    const id = await inState('running');
    const outcome = await transition(
      operator.db,
      { ...author, tenant: 'globex' },
      { action: 'pause', id },
    );
    expect(outcome.result).toBe('failed');
    expect((await row(id)).state).toBe('running');
  });

  test('a cancel without a reason is no command', async () => {
    const id = await inState('running');
    for (const reason of [undefined, null, '  ']) {
      const error = await errorOf(
        transition(operator.db, { ...author, reason }, { action: 'cancel', id }),
      );
      expect(error).toBeInstanceOf(UsageError);
    }
    expect((await row(id)).state).toBe('running');
  });
});

describe('compare-and-set', () => {
  test('a version that was not the one seen changes nothing', async () => {
    const id = await inState('running');
    const { version } = await row(id);
    const order = {
      action: 'pause' as const,
      id,
      seen: { state: 'running', version: (version as number) - 1 },
    };
    const outcome = await transition(operator.db, author, order);
    expect(outcome).toMatchObject({ result: 'skipped', version });
    expect(outcome.message).toContain('the job has changed, it is');
    expect(
      await transition(operator.db, author, { ...order, seen: { version: version as number } }),
    ).toMatchObject({ result: 'applied' });
  });

  test('a state that was not the one seen changes nothing, though the action would be allowed', async () => {
    const id = await inState('paused');
    const { version } = await row(id);
    const outcome = await transition(operator.db, because('r'), {
      action: 'cancel',
      id,
      seen: { state: 'running', version: version as number },
    });
    expect(outcome).toMatchObject({ result: 'skipped', state: 'paused' });
  });

  test('of many simultaneous ones exactly one is applied', async () => {
    const id = await inState('running');
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => transition(operator.db, author, { action: 'pause', id })),
    );
    expect(outcomes.filter((outcome) => outcome.result === 'applied')).toHaveLength(1);
    expect((await row(id)).version).toBe(outcomes.find((one) => one.result === 'applied')!.version);
  });

  test('without a version, a change in between is looked at again', async () => {
    const id = await inState('paused');
    const outcomes = await Promise.all([
      transition(operator.db, because('r'), { action: 'cancel', id }),
      transition(operator.db, author, { action: 'resume', id }),
    ]);
    expect(outcomes[0]!.result).toBe('applied');
    expect((await row(id)).state).toBe('cancelled');
  });
});

describe('finalizing a cancelled job', () => {
  const states = (id: string) =>
    operator.sql(
      'select state, count(*)::int as count from backfill_partitions where backfill_job_id = $1 group by state order by state',
      [id],
    );
  const cancelled = async () => {
    const id = await operator.job({ asset: 'orders', start: `20${made++}`, end: `20${made++}` });
    await operator.sql(
      `update backfill_partitions set state = 'running' where id = (select min(id::text)::uuid from backfill_partitions where backfill_job_id = $1)`,
      [id],
    );
    await transition(operator.db, because('r'), { action: 'cancel', id });
    return id;
  };

  test('skips unfinished partitions if no executor is alive, and leaves running ones', async () => {
    const id = await cancelled();
    const { total_partitions } = await row(id);
    const skipped = (total_partitions as number) - 1;
    expect(await finalizeJob(operator.db, author, id)).toBe(skipped);
    expect(await states(id)).toEqual([
      { state: 'running', count: 1 },
      { state: 'skipped', count: skipped },
    ]);
    expect((await row(id)).skipped_partitions).toBe(skipped);
  });

  test('leaves it to an alive executor', async () => {
    await operator.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:1:x', 'acme', 'h', 1, '0', 1, '{}')`,
    );
    const id = await cancelled();
    expect(await finalizeJob(operator.db, author, id)).toBe(0);
    await operator.sql(`update backfill_executors set seen_at = now() - interval '1 hour'`);
    expect(await finalizeJob(operator.db, author, id)).toBeGreaterThan(0);
    await operator.sql('delete from backfill_executors');
  });
});
