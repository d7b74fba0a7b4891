import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../source/errors.ts';
import { finalizeJob } from '../../source/operations/act/finalize.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { explainJob } from '../../source/operations/triage/explain-job.ts';
import { explainWords } from '../../source/presentation/triage/explain-words.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'raw', 'clean', 'report']) await operator.asset(name);
  for (const [upstream, downstream] of [
    ['raw', 'clean'],
    ['clean', 'report'],
  ]) {
    await operator.sql(
      `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
       select u.id, d.id, 'table' from assets u, assets d where u.name = $1 and d.name = $2`,
      [upstream, downstream],
    );
  }
});
afterAll(() => operator.close());

const because = { ...author, reason: 'SLA at risk' };
const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const keysOf = async (id: string) =>
  (
    await operator.sql<{ partition_key: string }>(
      'select partition_key from backfill_partitions where backfill_job_id = $1 order by partition_key',
      [id],
    )
  ).map((one) => one.partition_key);

/** A job with a partition in each of the states. */
async function aJob(state: string, states: string[], columns: Record<string, unknown> = {}) {
  const prefix = `${made++}`;
  const keys = states.map((_, index) => `${prefix}k${index}`);
  const id = await operator.job(
    { asset: 'orders', partitions: keys, parallel: '3', priority: '4' },
    columns,
  );
  for (const [index, one] of states.entries()) {
    await operator.sql(
      'update backfill_partitions set state = $3 where backfill_job_id = $1 and partition_key = $2',
      [id, keys[index], one],
    );
  }
  await operator.sql('update backfill_jobs set state = $2 where id = $1', [id, state]);
  return { id, keys };
}

describe('a job that lives', () => {
  test.each(['pending', 'running', 'paused', 'resuming'])('that is %s', async (state) => {
    const { id, keys } = await aJob(state, ['completed', 'running', 'pending', 'failed']);
    const { version } = await row(id);
    const { created, job, replaced } = await recreateJob(operator.db, because, id, {
      priority: '10',
      max_attempts: '7',
    });
    expect(created).toBe(true);
    expect(replaced).toEqual({
      id,
      state: 'cancelled',
      version: (version as number) + 1,
      in_flight: 1,
    });
    expect(await row(id)).toMatchObject({ state: 'cancelled', error_message: 'SLA at risk' });
    expect(await keysOf(job!.id)).toEqual([keys[1], keys[2]]);
    expect(await row(job!.id)).toMatchObject({
      state: 'pending',
      total_partitions: 2,
      priority: 10,
      execution_strategy: { type: 'parallel', max_parallel: 3, max_attempts: 7 },
      created_by: 'mara',
    });
    const events = await operator.sql(
      `select to_state, reason from backfill_events where job_id in ($1, $2) and reason is not null order by id`,
      [id, job!.id],
    );
    expect(events).toEqual([
      { to_state: 'cancelled', reason: 'SLA at risk' },
      { to_state: 'pending', reason: 'SLA at risk' },
    ]);
  });

  test('keeps a deadline that is not said, also one that has passed; takes one that is', async () => {
    const past = new Date('2020-01-01T00:00:00Z');
    const { id } = await aJob('running', ['pending'], { sla_deadline_at: past });
    const { job } = await recreateJob(operator.db, because, id, {});
    expect(job!.sla_deadline_at).toEqual(past);
    const again = await recreateJob(operator.db, because, job!.id, { sla_deadline: '2099-01-01' });
    expect(again.job!.sla_deadline_at).toEqual(new Date('2099-01-01T00:00:00Z'));
  });

  test('made by another writer, whose partitions are not there yet: what its keys say', async () => {
    const { id, keys } = await aJob('pending', ['pending', 'pending']);
    await operator.sql('delete from backfill_partitions where backfill_job_id = $1', [id]);
    const { job } = await recreateJob(operator.db, because, id, {});
    expect(await keysOf(job!.id)).toEqual(keys);
  });

  test('both or neither: a mistake leaves the old one alone', async () => {
    const { id } = await aJob('running', ['pending']);
    for (const input of [{ priority: '99' }, { sla_deadline: '2020-01-01' }, { timeout: 'soon' }]) {
      expect(await errorOf(recreateJob(operator.db, because, id, input))).toBeInstanceOf(
        UsageError,
      );
    }
    expect(await errorOf(recreateJob(operator.db, author, id, {}))).toMatchObject({
      message: 'recreate wants a reason',
    });
    expect((await row(id)).state).toBe('running');
  });

  test('a dry run says what it would do, and does nothing', async () => {
    const { id, keys } = await aJob('running', ['completed', 'pending', 'running']);
    const before = await row(id);
    const { job, plan, replaced } = await recreateJob(operator.db, because, id, {
      dry_run: true,
      priority: '9',
    });
    expect(job).toBeNull();
    expect(plan).toMatchObject({ total_partitions: 2, first_key: keys[1], priority: 9 });
    expect(replaced.state).toBe('running');
    expect(await row(id)).toEqual(before);
  });

  test('two at once: one job follows, the other is told', async () => {
    const { id } = await aJob('running', ['pending']);
    const results = await Promise.allSettled([
      recreateJob(operator.db, because, id, {}),
      recreateJob(operator.db, because, id, {}),
    ]);
    expect(results.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('a job that has ended', () => {
  test('cancelled: a new one of what it did not do', async () => {
    const { id, keys } = await aJob('cancelled', ['completed', 'skipped', 'pending']);
    const { job, replaced } = await recreateJob(operator.db, because, id, {});
    expect(replaced.state).toBe('cancelled');
    expect(await keysOf(job!.id)).toEqual([keys[1], keys[2]]);
  });

  test.each([
    ['completed', 'completed', 'servo-tui start'],
    ['failed', 'failed', 'servo-tui retry'],
  ])('%s, with nothing left: says what to do', async (state, partition, hint) => {
    const { id } = await aJob(state, [partition], {
      failed_partitions: state === 'failed' ? 1 : 0,
    });
    const error = await errorOf(recreateJob(operator.db, because, id, {}));
    expect(error.code).toBe('not_allowed');
    expect(error.hint).toContain(hint);
  });
});

describe('in a tree', () => {
  const family = async (root: string) => {
    const states = await operator.sql<{ asset_name: string; state: string; id: string }>(
      'select asset_name, state, id from backfill_jobs where id = $1 or parent_job_id is not null order by created_at desc, execution_order',
      [root],
    );
    return Object.fromEntries(states.map((one) => [one.asset_name, one]));
  };
  const start = async (key: string) => {
    const { job } = await operator.start({
      asset: 'report',
      partitions: [key],
      include_upstream: true,
      max_upstream_depth: '5',
    });
    return job!.id;
  };

  test('what waited for the old one waits for the new one, and is not failed', async () => {
    const root = await start('t1');
    const { clean } = await family(root);
    const { job } = await recreateJob(operator.db, because, clean!.id, {});
    await finalizeJob(operator.db, author, clean!.id);
    expect(await row(job!.id)).toMatchObject({ state: 'waiting_upstream', parent_job_id: root });
    const verdict = (id: string) =>
      operator.value(`select (servo_upstream_verdict_v1('acme', $1, 120000)).verdict`, [id]);
    expect(await verdict(root)).toBeNull();
    // The janitor leaves alone what the new one still waits for.
    expect((await family(root)).raw!.state).toBe('pending');
    await operator.sql(`update backfill_jobs set state = 'completed' where asset_name = 'raw'`);
    expect(await verdict(job!.id)).toBe('pending');
    await operator.sql(`update backfill_jobs set state = 'completed' where id = $1`, [job!.id]);
    expect(await verdict(root)).toBe('pending');
  });

  test('a root that waits goes on waiting for the same upstreams', async () => {
    const root = await start('t2');
    const { job } = await recreateJob(operator.db, because, root, { priority: '8' });
    await finalizeJob(operator.db, author, root);
    expect(await row(job!.id)).toMatchObject({ state: 'waiting_upstream', priority: 8 });
    const waits = await operator.sql(
      'select j.asset_name, j.state from backfill_upstreams u join backfill_jobs j on j.id = u.upstream_job_id where u.job_id = $1',
      [job!.id],
    );
    expect(waits).toEqual([{ asset_name: 'clean', state: 'waiting_upstream' }]);
  });
});

describe('A27 a job that failed by its upstream', () => {
  let day = 0;
  const stateOf = async (id: string) => (await row(id)).state;
  const edgesOf = (id: string) =>
    operator.sql<{ asset_name: string; state: string; total_partitions: number; id: string }>(
      `select j.asset_name, j.state, j.total_partitions, j.id from backfill_upstreams u join backfill_jobs j on j.id = u.upstream_job_id
       where u.job_id = $1 order by 1`,
      [id],
    );
  const end = async (id: string, state: string, partitions: Record<string, string>) => {
    for (const [key, one] of Object.entries(partitions)) {
      await operator.sql(
        `update backfill_partitions set state = $3::text, completed_at = clock_timestamp(), available_at = case when $3::text = 'failed' then 'infinity'::timestamptz end
         where backfill_job_id = $1 and partition_key = $2`,
        [id, key, one],
      );
    }
    await operator.sql(`update backfill_jobs set state = 'running' where id = $1`, [id]);
    await operator.sql(
      `update backfill_jobs set state = $2, completed_at = clock_timestamp() where id = $1`,
      [id, state],
    );
  };
  const decide = (id: string) =>
    operator.value<string>(`select servo_finalize_waiting_v1('acme', $1, 'executor-1', 120000)`, [
      id,
    ]);
  /** A tree raw → clean → report of two keys, of whose source one key failed: so did all that waits for it. */
  const brokenTree = async () => {
    const keys = ['a', 'b'].map((one) => `u${day++}${one}`);
    const { job } = await operator.start({
      asset: 'report',
      partitions: keys,
      include_upstream: true,
      max_upstream_depth: '5',
    });
    const report = job!.id;
    const clean = (await edgesOf(report))[0]!.id;
    const raw = (await edgesOf(clean))[0]!.id;
    await end(raw, 'failed', { [keys[0]!]: 'completed', [keys[1]!]: 'failed' });
    for (const id of [clean, report]) {
      expect(await decide(id)).toBe('failed');
      await finalizeJob(operator.db, author, id);
    }
    return { report, clean, raw, keys };
  };

  test('A27 is refused alone, by the name of its upstream and with what to run; expressly, it runs without', async () => {
    const { report, clean, raw } = await brokenTree();
    for (const dry_run of [true, false]) {
      const error = await errorOf(recreateJob(operator.db, because, clean, { dry_run }));
      expect(error).toMatchObject({
        code: 'not_allowed',
        message: `cannot recreate clean ${clean.slice(0, 8)} alone: its upstream raw ${raw.slice(0, 8)} is failed, and no job has done or is to do 1 of its partitions`,
      });
      expect(error.hint).toContain(`servo-tui recreate ${clean.slice(0, 8)} --include-upstream`);
      expect(error.hint).toContain('--without-upstream');
    }
    expect(
      await errorOf(
        recreateJob(operator.db, because, clean, {
          include_upstream: true,
          without_upstream: true,
        }),
      ),
    ).toBeInstanceOf(UsageError);
    expect(await errorOf(recreateJob(operator.db, because, report, {}))).toMatchObject({
      message: expect.stringContaining(`its upstream clean ${clean.slice(0, 8)} is failed`),
    });
    const { job } = await recreateJob(operator.db, because, clean, { without_upstream: true });
    expect(job!.state).toBe('pending');
  });

  test('A27 waits for whoever repairs the upstream, and runs at once when that is done', async () => {
    const { report, clean, raw, keys } = await brokenTree();
    const repair = (await retryJob(operator.db, author, raw)).job.id;
    const waiting = (await recreateJob(operator.db, because, clean, {})).job!;
    expect(waiting.state).toBe('waiting_upstream');
    expect(await edgesOf(waiting.id)).toMatchObject([{ id: repair, total_partitions: 1 }]);
    // And what waited for that one waits for its repair in turn.
    const top = (await recreateJob(operator.db, because, report, {})).job!;
    expect(await edgesOf(top.id)).toMatchObject([{ id: waiting.id }]);
    await end(repair, 'completed', { [keys[1]!]: 'completed' });
    expect(await decide(waiting.id)).toBe('pending');

    const other = await brokenTree();
    const done = (await retryJob(operator.db, author, other.raw)).job.id;
    await end(done, 'completed', { [other.keys[1]!]: 'completed' });
    expect((await recreateJob(operator.db, because, other.clean, {})).job!.state).toBe('pending');
  });

  test('A27 with its upstreams: what they left undone, as deep as it was made, and nothing again', async () => {
    const { report, keys } = await brokenTree();
    const { plan } = await recreateJob(operator.db, because, report, {
      include_upstream: true,
      dry_run: true,
    });
    expect(plan!.upstreams.map((one) => [one.asset_name, one.total_partitions])).toEqual([
      ['raw', 1],
      ['clean', 2],
    ]);
    const top = (await recreateJob(operator.db, because, report, { include_upstream: true })).job!;
    expect(top).toMatchObject({ state: 'waiting_upstream', max_upstream_depth: 5 });
    const [clean] = await edgesOf(top.id);
    expect(clean).toMatchObject({ state: 'waiting_upstream', total_partitions: 2 });
    const [raw] = await edgesOf(clean!.id);
    expect(raw).toMatchObject({ state: 'pending', total_partitions: 1 });
    expect(await keysOf(raw!.id)).toEqual([keys[1]]);
  });

  test('A27 an upstream that was cancelled, or deleted', async () => {
    const { job } = await operator.start({
      asset: 'clean',
      partitions: [`u${day++}`],
      include_upstream: true,
    });
    const [raw] = await edgesOf(job!.id);
    await operator.sql(`update backfill_jobs set state = 'cancelled' where id = $1`, [job!.id]);
    await finalizeJob(operator.db, author, job!.id);
    expect(await stateOf(raw!.id)).toBe('cancelled');
    expect(await errorOf(recreateJob(operator.db, because, job!.id, {}))).toMatchObject({
      message: expect.stringContaining(`raw ${raw!.id.slice(0, 8)} is cancelled, and no job`),
    });
    await operator.sql('delete from backfill_jobs where id = $1', [raw!.id]);
    expect(await errorOf(recreateJob(operator.db, because, job!.id, {}))).toMatchObject({
      message: `cannot recreate clean ${job!.id.slice(0, 8)} alone: its upstream job ${raw!.id.slice(0, 8)} was deleted`,
    });
  });

  test("A27 another program's job, whose upstreams nobody has made yet, still asks for them", async () => {
    const { id } = await aJob('pending', ['pending'], {
      include_upstream: true,
      max_upstream_depth: 2,
    });
    const { job } = await recreateJob(operator.db, because, id, {});
    expect(await row(job!.id)).toMatchObject({ include_upstream: true, max_upstream_depth: 2 });
  });

  test('A27 explain and the journal name what failed first, and what was cancelled for it last; A30 a deleted one by its id', async () => {
    await operator.asset('all');
    const upstreams = ['early', 'late', 'middle'];
    for (const name of upstreams) {
      await operator.asset(name);
      await operator.sql(
        `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
         select u.id, d.id, 'table' from assets u, assets d where u.name = $1 and d.name = 'all'`,
        [name],
      );
    }
    /** How each of the upstreams ends, and what is said first then. */
    const cases = [
      [{ early: 'completed', late: 'deleted', middle: 'completed' }, 'upstream job ID was deleted'],
      [{ early: 'cancelled', late: 'failed', middle: 'cancelled' }, 'upstream late ID is failed'],
      [{ early: 'cancelled', late: 'deleted', middle: 'cancelled' }, 'upstream job ID was deleted'],
      [
        { early: 'completed', late: 'cancelled', middle: 'pending' },
        'upstream late ID is cancelled',
      ],
      [{ early: 'deleted', late: 'failed', middle: 'pending' }, 'upstream late ID is failed'],
    ] as const;
    for (const [ends, first] of cases) {
      const { job } = await operator.start({
        asset: 'all',
        partitions: [`u${day++}`],
        include_upstream: true,
      });
      const edges = await edgesOf(job!.id);
      const { id: cause } = edges.find(({ asset_name }) => asset_name === 'late')!;
      for (const { id, asset_name } of edges) {
        const state = ends[asset_name as keyof typeof ends];
        if (state === 'failed' || state === 'completed') await end(id, state, {});
        else if (state === 'deleted')
          await operator.sql('delete from backfill_jobs where id = $1', [id]);
        else await operator.sql('update backfill_jobs set state = $2 where id = $1', [id, state]);
      }
      expect(await decide(job!.id)).toBe('failed');
      const said = first.replace('ID', cause.slice(0, 8));
      expect((await row(job!.id)).error_message).toBe(said);
      const [line] = await operator.sql(
        `select reason from backfill_events where job_id = $1 and to_state = 'failed'`,
        [job!.id],
      );
      expect(line!.reason).toBe(said);
      // The others are cancelled as a consequence.
      await finalizeJob(operator.db, author, job!.id);
      const { clause, facts } = await explainJob(operator.db, 'acme', job!.id);
      expect(facts.waits_for[0]!.id).toBe(cause);
      const { next, why } = explainWords(clause, facts);
      expect(`${why} ${next}`).not.toMatch(/null|undefined|is $/);
      if (first.includes('deleted')) expect(next).toContain('--include-upstream');
      else expect(next).toContain(`servo-tui explain ${cause.slice(0, 8)}`);
    }
  });
});
