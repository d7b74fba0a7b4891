import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StartInput } from '../../source/domain/start/request.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { explainJob, judgeJob } from '../../source/operations/triage/explain-job.ts';
import { explainWords } from '../../source/presentation/triage/explain-words.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'raw']) await operator.asset(asset);
  await operator.sql(
    `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
     select u.id, d.id, 'table' from assets u, assets d where u.name = 'raw' and d.name = 'orders'`,
  );
});
afterAll(() => operator.close());
beforeEach(async () => {
  await operator.sql('delete from backfill_jobs');
  await operator.sql('delete from backfill_executors');
  await operator.sql('delete from backfill_limits');
  await anExecutor();
});

const anExecutor = (columns: Record<string, unknown> = {}, id = `h:${made++}:x`) => {
  const row: Record<string, unknown> = {
    id,
    tenant_id: 'acme',
    host: 'h',
    pid: 1,
    version: '0',
    slots: 2,
    handlers: ['orders', 'raw'],
    ...columns,
  };
  const names = Object.keys(row);
  return operator.sql(
    `insert into backfill_executors (${names}) values (${names.map((_, i) => `$${i + 1}`)}) returning id`,
    Object.values(row),
  );
};
const setExecutors = (set: string) => operator.sql(`update backfill_executors set ${set}`);
const aJob = (columns: Record<string, unknown> = {}, input: Partial<StartInput> = {}) =>
  operator.job({ asset: 'orders', partitions: [`a${made}`, `b${made++}`], ...input }, columns);
const running = async (set = 'claimed_version = version', input: Partial<StartInput> = {}) => {
  const id = await aJob({ state: 'running', heartbeat_at: new Date() }, input);
  await operator.sql(`update backfill_jobs set ${set} where id = $1`, [id]);
  return id;
};
/** Partitions of the job that run in slots of this executor. */
const atWork = async (id: string, owner: string, count: number) => {
  await operator.sql(
    `update backfill_partitions set state = 'running', lease_owner = $2, lease_token = gen_random_uuid(),
       started_at = clock_timestamp(), lease_expires_at = clock_timestamp() + interval '2 minutes'
     where id in (select id from backfill_partitions where backfill_job_id = $1 order by partition_key limit $3)`,
    [id, owner, count],
  );
  await operator.sql(
    `update backfill_jobs set lease_tokens = array(select lease_token from backfill_partitions where backfill_job_id = $1 and state = 'running') where id = $1`,
    [id],
  );
};
const said = async (id: string) => {
  const { clause, facts } = await explainJob(operator.db, 'acme', id);
  const { why, next } = explainWords(clause, facts);
  return { clause, why, next };
};

describe('one query says which clause keeps a job from running', () => {
  test('an unknown job', async () => {
    const error = await errorOf(
      explainJob(operator.db, 'acme', '00000000-0000-4000-8000-000000000000'),
    );
    expect(error.code).toBe('not_found');
    expect((await errorOf(explainJob(operator.db, 'globex', await aJob()))).code).toBe('not_found');
  });

  test('ended: what can be done', async () => {
    const failed = await said(await aJob({ state: 'failed' }));
    expect(failed).toMatchObject({ clause: 'ended' });
    expect(failed.next).toContain('servo-tui retry');
    expect((await said(await aJob({ state: 'cancelled' }))).next).toContain('servo-tui recreate');
  });

  test('paused: since when, by whom, why', async () => {
    const id = await running();
    await actOnJob(operator.db, { ...author, reason: 'db maintenance' }, { action: 'pause', id });
    await operator.sql(`update backfill_events set at = at - interval '12 minutes'`);
    expect(await said(id)).toEqual({
      clause: 'paused',
      why: 'it is paused since 12m, by mara: "db maintenance"',
      next: `servo-tui resume ${id.slice(0, 8)}`,
    });
  });

  test('auto-paused', async () => {
    const id = await running();
    const reason = 'auto-paused: 30 of the last 40 partitions failed (75 %, limit 50 %)';
    await actOnJob(
      operator.db,
      { tenant: 'acme', actor: 'h:1:x', reason },
      { action: 'pause', id },
    );
    expect((await said(id)).why).toBe(
      'it is paused since 0s, by itself: 30 of the last 40 partitions failed (75 %, limit 50 %)',
    );
  });

  test('waiting upstream: for which', async () => {
    const { job } = await operator.start({
      asset: 'orders',
      partitions: [`w${made++}`],
      include_upstream: true,
    });
    const { clause, why } = await said(job!.id);
    expect(clause).toBe('waiting_upstream');
    expect(why).toMatch(/^it waits for 1 upstream job: raw [0-9a-f]{8} \(pending\)$/);
  });

  test('no executor lives: none, one that stopped, one found dead, one unheard of, and another tenant’s', async () => {
    const id = await aJob();
    for (const set of [
      'stopped_at = now()',
      'stopped_at = null, lost_at = now()',
      `lost_at = null, seen_at = now() - interval '11 seconds'`,
      `seen_at = now(), tenant_id = 'globex'`,
    ]) {
      await setExecutors(set);
      expect((await said(id)).clause, set).toBe('no_executor');
    }
  });

  test('none has a handler for the asset', async () => {
    await setExecutors(`handlers = '{clicks}'`);
    expect(await said(await aJob())).toMatchObject({
      clause: 'no_handler',
      why: 'none of 1 living executor has a handler for orders',
    });
  });

  test('those that have one drain', async () => {
    await setExecutors('draining_at = now()');
    expect((await said(await aJob())).clause).toBe('draining');
  });

  test('claiming is held, and why', async () => {
    await setExecutors(`hold_reason = 'replication lags 90 s behind (limit 60 s)'`);
    expect(await said(await aJob())).toMatchObject({
      clause: 'held',
      why: 'claiming is held: replication lags 90 s behind (limit 60 s)',
    });
    await anExecutor();
    expect((await said(await aJob())).clause).toBe('claimable');
  });

  test.each([
    ['tenant', '', 'of this tenant'],
    ['asset_type', 'table', 'of assets of type table'],
    ['asset', 'orders', 'of orders'],
  ])('a limit is reached: %s', async (scope, name, words) => {
    await running();
    const id = await aJob();
    await operator.sql(`insert into backfill_limits values ('acme', $1, $2, 1)`, [scope, name]);
    expect(await said(id)).toMatchObject({
      clause: 'limited',
      why: `1 of at most 1 job ${words} runs already`,
    });
    await operator.sql(`update backfill_limits set max_running = 2`);
    expect((await said(id)).clause).toBe('claimable');
  });

  test('an executor of another kind runs it, until its heartbeat is stale', async () => {
    const id = await running('claimed_version = null');
    expect((await said(id)).clause).toBe('foreign');
    await operator.sql(
      `update backfill_jobs set heartbeat_at = now() - interval '121 seconds' where id = $1`,
      [id],
    );
    expect((await said(id)).clause).toBe('claimable');
  });

  test('a job that another kind of executor was running was said to lack an executor, or a handler', async () => {
    const id = await running('claimed_version = null');
    for (const set of [`handlers = '{clicks}'`, 'stopped_at = now()']) {
      await setExecutors(set);
      expect((await said(id)).clause, set).toBe('foreign');
    }
  });

  test('it runs: how many slots, and where', async () => {
    const id = await running('claimed_version = version', { parallel: '4' });
    await anExecutor({}, 'h:1:x');
    await atWork(id, 'h:1:x', 1);
    expect(await said(id)).toEqual({
      clause: 'running',
      why: 'it runs: 1 of 4 slots at work, on h:1:x',
      next: null,
    });
  });

  test('slots with a frozen executor were told to be at work', async () => {
    const id = await running('claimed_version = version', {
      parallel: '4',
      partitions: ['a', 'b', 'c'],
    });
    await operator.sql(`update backfill_executors set seen_at = now() - interval '16 seconds'`);
    const [silent] = (await operator.sql('select id from backfill_executors')) as { id: string }[];
    await anExecutor({}, 'h:9:y');
    await atWork(id, silent!.id, 3);
    await operator.sql(
      `update backfill_partitions set lease_owner = 'h:9:y' where backfill_job_id = $1 and partition_key = 'c'`,
      [id],
    );
    const { clause, why, next } = await said(id);
    expect(clause).toBe('running');
    expect(why).toBe(
      `it runs: 1 of 4 slots at work, on h:9:y; 2 slots with ${silent!.id}, not heard of for 16s`,
    );
    expect(next).toMatch(/^look at that host; what it held is tried again within (2m|1m)$/);
  });

  test('what failed for its upstream was told to be retried, which is refused', async () => {
    const { job } = await operator.start({
      asset: 'orders',
      partitions: [`w${made++}`],
      include_upstream: true,
    });
    const [upstream] = (await operator.sql(`select id from backfill_jobs where id <> $1`, [
      job!.id,
    ])) as { id: string }[];
    await operator.sql(
      `update backfill_jobs set state = 'failed', completed_at = now() where tenant_id = 'acme'`,
    );
    const { next } = await said(job!.id);
    expect(next).toBe(
      `its upstream first: servo-tui explain ${upstream!.id.slice(0, 8)}; when that is done: servo-tui recreate ${job!.id.slice(0, 8)} --reason "why"`,
    );
    const { recommendation } = await judgeJob(operator.db, 'acme', job!.id);
    expect(recommendation).toMatchObject({
      action: 'look',
      command: `servo-tui explain ${upstream!.id.slice(0, 8)}`,
      ready: null,
    });
  });

  test('what a cancelled job had skipped was offered to be recreated a second time', async () => {
    const id = await running();
    const { job } = await recreateJob(operator.db, { ...author, reason: 'too slow' }, id, {});
    await operator.sql(
      `update backfill_partitions set state = 'skipped' where backfill_job_id = $1`,
      [id],
    );
    await operator.sql(`update backfill_jobs set state = 'running' where id = $1`, [job!.id]);
    await operator.sql(
      `update backfill_jobs set state = 'completed', completed_at = now() where id = $1`,
      [job!.id],
    );
    const newer = job!.id.slice(0, 8);
    expect((await said(id)).next).toBe(
      `what it left undone is in ${newer} (completed): servo-tui explain ${newer}`,
    );
    expect((await judgeJob(operator.db, 'acme', id)).recommendation).toBeNull();
  });

  test('a cancelled job that was started anew says so in its journal', async () => {
    const id = await aJob({ state: 'cancelled' });
    await operator.sql(
      `update backfill_partitions set state = 'skipped' where backfill_job_id = $1`,
      [id],
    );
    await recreateJob(operator.db, { ...author, reason: 'by mistake' }, id, {});
    const events = await operator.sql(
      `select actor, reason from backfill_events where job_id = $1 and kind = 'recreate requested'`,
      [id],
    );
    expect(events).toEqual([{ actor: 'mara', reason: 'by mistake' }]);
  });

  test('back-off: until when', async () => {
    const id = await running();
    await operator.sql(
      `update backfill_partitions set available_at = now() + interval '125 seconds' where backfill_job_id = $1`,
      [id],
    );
    const { clause, why } = await said(id);
    expect(clause).toBe('back_off');
    expect(why).toMatch(/the first in 2m$/);
    await operator.sql(
      `update backfill_partitions set available_at = null where id = (select id from backfill_partitions where backfill_job_id = $1 limit 1)`,
      [id],
    );
    expect((await said(id)).clause).toBe('claimable');
  });

  test('A20: partitions that were deleted, and A24: those that its writer has not created yet', async () => {
    const id = await running();
    await operator.sql(
      `update backfill_partitions set state = 'completed' where backfill_job_id = $1 and partition_key < 'b'`,
      [id],
    );
    await operator.sql(
      `delete from backfill_partitions where backfill_job_id = $1 and partition_key >= 'b'`,
      [id],
    );
    expect(await said(id)).toMatchObject({
      clause: 'incomplete',
      why: '1 of 2 partitions is missing: deleted by hand, or the total was raised',
    });
    const young = await operator.value<string>(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions)
       select 'acme', id, name, 'young', 3 from assets where name = 'orders' returning id`,
    );
    expect(await said(young)).toMatchObject({
      clause: 'incomplete',
      why: '3 of 3 partitions are not created yet by the program that created the job',
    });
    await operator.sql(
      `update backfill_jobs set created_at = now() - interval '1 minute' where id = $1`,
      [young],
    );
    expect((await said(young)).clause).toBe('claimable');
  });

  test('what is left still runs in the cancelled job', async () => {
    const id = await running();
    await atWork(id, 'h:1:x', 2);
    const { job } = await recreateJob(operator.db, { ...author, reason: 'r' }, id, {});
    const { clause, why } = await said(job!.id);
    expect(clause).toBe('blocked_by_cancelled');
    expect(why).toBe(`2 partitions still run in the cancelled job ${id.slice(0, 8)}`);
  });

  test('the first that is left still runs in the cancelled job: a sequential one waits for it', async () => {
    const id = await running();
    await atWork(id, 'h:1:x', 1);
    const { job } = await recreateJob(operator.db, { ...author, reason: 'r' }, id, {});
    expect((await said(job!.id)).clause).toBe('blocked_by_cancelled');
    await operator.sql(
      `update backfill_jobs set execution_strategy = '{"type":"parallel","max_parallel":2}' where id = $1`,
      [job!.id],
    );
    expect((await said(job!.id)).clause).toBe('claimable');
  });

  test('all slots are busy, and how many are in front', async () => {
    const owner = (
      (await operator.sql('select id from backfill_executors')) as { id: string }[]
    )[0]!.id;
    const id = await aJob();
    const first = await running('claimed_version = version', { parallel: '2', priority: '5' });
    await atWork(first, owner, 2);
    await aJob({}, { priority: '3' });
    await aJob({}, { priority: '-3' });
    expect(await said(id)).toMatchObject({
      clause: 'outranked',
      why: 'all 2 slots are busy, and 2 jobs of higher rank are in front',
    });
  });

  test.each(['pending', 'resuming'])('nothing, where it is %s', async (state) => {
    expect(await said(await aJob({ state }))).toEqual({
      clause: 'claimable',
      why: 'nothing: it will be claimed within seconds',
      next: null,
    });
  });

  test('nothing, for one whose partitions its claim will make', async () => {
    const id = await aJob();
    await operator.sql('delete from backfill_partitions where backfill_job_id = $1', [id]);
    expect((await said(id)).clause).toBe('claimable');
  });
});
