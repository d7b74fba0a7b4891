import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartInput } from '../../source/domain/start/request.ts';
import { ServoError, UsageError } from '../../source/errors.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.open();
  for (const name of ['orders', 'orders_daily', 'weather', 'sessions'])
    await operator.asset(name, 'day');
  await operator.asset('clicks');
  await operator.asset('hourly', 'hour');
});
afterAll(() => operator.close());

const keysOf = async (id: string) =>
  (
    await operator.sql<{ partition_key: string }>(
      'select partition_key from backfill_partitions where backfill_job_id = $1 order by partition_key collate "C"',
      [id],
    )
  ).map((row) => row.partition_key);
const row = async (id: string) =>
  (await operator.sql('select * from backfill_jobs where id = $1', [id]))[0]!;
const counted = () =>
  operator.value<string>(
    `select (select count(*) from backfill_jobs) || ' ' || (select count(*) from backfill_partitions) || ' ' || (select count(*) from backfill_events)`,
  );

describe('what is written', () => {
  test('a range: the job, its keys, and each partition', async () => {
    const { created, job, tenant_id } = await operator.start({
      asset: 'orders',
      start: '2024-01-30',
      end: '2024-02-02',
      parallel: '4',
      max_attempts: '5',
      timeout: '30s',
      reverse: true,
      tier: 'critical',
      sla_deadline: '+2h',
    });
    expect({ created, tenant_id }).toEqual({ created: true, tenant_id: 'acme' });
    expect(job).toMatchObject({ state: 'pending', version: 1, total_partitions: 4, priority: 10 });
    const keys = ['2024-01-30', '2024-01-31', '2024-02-01', '2024-02-02'];
    expect(await keysOf(job!.id)).toEqual(keys);
    expect(await row(job!.id)).toMatchObject({
      partition_start: '2024-01-30',
      partition_end: '2024-02-02',
      partition_keys: keys,
      created_by: 'mara',
      asset_name: 'orders',
      execution_strategy: {
        type: 'parallel',
        max_parallel: 4,
        max_attempts: 5,
        timeout_ms: 30_000,
        order: 'desc',
      },
    });
    const hours = (job!.sla_deadline_at!.getTime() - job!.created_at.getTime()) / 3_600_000;
    expect(hours).toBeCloseTo(2, 2);
    expect(job!.risk_level).toBe('unknown');
  });

  test('keys by name, in a job without a range', async () => {
    const { job } = await operator.start({ asset: 'clicks', partitions: ['b', 'a=1/x'] });
    expect(await keysOf(job!.id)).toEqual(['a=1/x', 'b']);
    expect(await row(job!.id)).toMatchObject({
      partition_start: null,
      partition_keys: expect.arrayContaining(['a=1/x', 'b']),
      execution_strategy: { type: 'sequential' },
      priority: 0,
      sla_deadline_at: null,
    });
  });

  test("the granularity is the asset's, unless another is asked for", async () => {
    const own = await operator.start({ asset: 'hourly', start: '2024-01-01', end: '2024-01-01' });
    expect(own.job!.total_partitions).toBe(24);
    const range = { asset: 'hourly', start: '2024-01', end: '2024-03', every: 'month' };
    const asked = await operator.start(range);
    expect(await keysOf(asked.job!.id)).toEqual(['2024-01', '2024-02', '2024-03']);
  });

  test('weeks by their Monday, over the end of a year', async () => {
    const range = { asset: 'clicks', start: '2023-12-25', end: '2024-01-08', every: 'week' };
    const { job } = await operator.start(range);
    expect(await keysOf(job!.id)).toEqual(['2023-12-25', '2024-01-01', '2024-01-08']);
  });

  test('above 10,000 keys the partition rows are the list', async () => {
    const { job } = await operator.start({
      asset: 'hourly',
      start: '2010-01-01',
      end: '2011-12-31',
    });
    expect(job!.total_partitions).toBe(17_520);
    expect((await row(job!.id)).partition_keys).toEqual([]);
    expect(
      await operator.value(
        'select count(*)::int from backfill_partitions where backfill_job_id = $1',
        [job!.id],
      ),
    ).toBe(17_520);
  });

  test('the journal says who started it', async () => {
    const { job } = await operator.start({ asset: 'clicks', partitions: ['journalled'] });
    const events = await operator.sql(
      'select kind, from_state, to_state, actor from backfill_events where job_id = $1',
      [job!.id],
    );
    expect(events).toEqual([
      { kind: 'state', from_state: null, to_state: 'pending', actor: 'mara' },
    ]);
  });

  test('an asset of all tenants, unless the tenant has its own of that name', async () => {
    await operator.asset('shared', 'month', null);
    await operator.asset('orders', 'month', null);
    const shared = await operator.start({ asset: 'shared', start: '2024', end: '2024' });
    expect(shared.job!.total_partitions).toBe(12);
    const own = await operator.start({
      asset: 'orders',
      start: '2022-01',
      end: '2022-01',
      dry_run: true,
    });
    expect(own.plan!.total_partitions).toBe(31);
  });
});

describe('a dry run', () => {
  test('says what would be started, and writes nothing', async () => {
    const before = await counted();
    const input = {
      asset: 'weather',
      start: '2024-01',
      end: '2024-12',
      priority: '3',
      dry_run: true,
    };
    const { created, job, plan } = await operator.start(input);
    expect({ created, job }).toEqual({ created: false, job: null });
    expect(plan).toMatchObject({
      asset_name: 'weather',
      total_partitions: 366,
      first_key: '2024-01-01',
      last_key: '2024-12-31',
      priority: 3,
    });
    expect(await counted()).toBe(before);
  });

  test('meets the same refusals as the start itself', async () => {
    await operator.start({ asset: 'weather', partitions: ['2030-01-01'] });
    const error = await errorOf(
      operator.start({ asset: 'weather', partitions: ['2030-01-01'], dry_run: true }),
    );
    expect(error.code).toBe('not_allowed');
  });
});

test('a missing date is not reported as an invalid one too', async () => {
  const error = await errorOf(operator.start({ asset: 'sessions', start: '2024-1-1' }));
  expect((error as UsageError).problems.map((problem) => problem.message)).toEqual([
    'missing --end',
    'invalid --start "2024-1-1": not a date',
  ]);
});

describe('bad input', () => {
  const bad: [name: string, input: Partial<StartInput>, message: RegExp, hint: RegExp][] = [
    [
      'bad dates',
      { start: '2024-02-30', end: 'soon' },
      /invalid --start "2024-02-30": not a date.*invalid --end "soon": not a date/,
      /ISO 8601/,
    ],
    [
      'end before start',
      { start: '2024-02-02', end: '2024-02-01' },
      /ends \(2024-02-01\) before it starts/,
      /--start is the first partition, --end the last/,
    ],
    ['no end', { start: '2024-02-02' }, /missing --end/, /--end/],
    ['no partitions', {}, /no partitions/, /--partition K/],
    [
      'two ways to name partitions',
      { start: '2024', end: '2024', partitions: ['2024-01-01'] },
      /mutually exclusive/,
      /--partition/,
    ],
    ['an empty key', { partitions: [''] }, /empty partition key/, /one day/],
    [
      'a key of 256 characters',
      { partitions: ['x'.repeat(256)] },
      /longer than 255 characters \(256\)/,
      /one day/,
    ],
    [
      'a key that is no day',
      { partitions: ['2024-02-30'] },
      /"2024-02-30" is not a calendar date/,
      /one day/,
    ],
    [
      'a key given twice',
      { partitions: ['2024-01-01', '2024-01-01'] },
      /duplicate partition "2024-01-01"/,
      /once/,
    ],
    [
      'duplicate keys in a file',
      { partitions_file: { name: 'f', text: 'a\nb\na\n' } },
      /duplicate key "a" on lines 1 and 3/,
      /once/,
    ],
    [
      'an empty file',
      { partitions_file: { name: 'keys.txt', text: '# none\n' } },
      /no partition keys in keys\.txt/,
      /per line/,
    ],
    [
      'priority out of range',
      { partitions: ['k'], priority: '11' },
      /invalid --priority "11"/,
      /-10 to 10/,
    ],
    [
      'a priority that is no number',
      { partitions: ['k'], priority: 'high' },
      /invalid --priority "high"/,
      /-10 to 10/,
    ],
    [
      'an unknown tier',
      { partitions: ['k'], tier: 'standrad' },
      /invalid --tier "standrad"/,
      /did you mean standard/,
    ],
    [
      'tier and priority',
      { partitions: ['k'], tier: 'standard', priority: '1' },
      /mutually exclusive/,
      /tier/,
    ],
    [
      'deadline in the past',
      { partitions: ['k'], sla_deadline: '2020-01-01' },
      /the deadline 2020-01-01T00:00:00\.000Z is in the past/,
      /later/,
    ],
    [
      'a deadline that is no time',
      { partitions: ['k'], sla_deadline: 'tomorrow' },
      /invalid --sla-deadline "tomorrow"/,
      /\+2h/,
    ],
    ['no slots', { partitions: ['k'], parallel: '0' }, /invalid --parallel "0"/, /from 1/],
    [
      'no attempts',
      { partitions: ['k'], max_attempts: '0' },
      /invalid --max-attempts "0"/,
      /from 1/,
    ],
    [
      'a time-out without a unit',
      { partitions: ['k'], timeout: '30' },
      /invalid --timeout "30"/,
      /30s/,
    ],
    [
      'an unknown granularity',
      { start: '2024', end: '2024', every: 'dya' },
      /invalid --every "dya"/,
      /did you mean day/,
    ],
    [
      'an empty idempotency key',
      { partitions: ['k'], idempotency_key: ' ' },
      /invalid --idempotency-key: empty/,
      /1 to 255/,
    ],
    [
      'too many partitions',
      { start: '0001', end: '9999', every: 'hour' },
      /too many partitions for one job/,
      /./,
    ],
  ];

  test.each(bad)('%s', async (_, input, message, hint) => {
    const before = await counted();
    const error = await errorOf(operator.start({ asset: 'sessions', ...input }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(await counted()).toBe(before);
  });

  test('an unknown asset: the nearest, and the known', async () => {
    const error = await errorOf(operator.start({ asset: 'order_daily', partitions: ['k'] }));
    expect(error.code).toBe('not_found');
    expect(error.message).toBe('unknown asset "order_daily"');
    expect(error.hint).toMatch(/did you mean orders_daily\? known assets: .*weather/);
  });

  test("another tenant's asset is unknown", async () => {
    await operator.asset('secret', 'day', 'globex');
    const error = await errorOf(operator.start({ asset: 'secret', partitions: ['k'] }));
    expect(error.message).toBe('unknown asset "secret"');
    expect(error.hint).not.toContain('secret');
  });

  test('all mistakes of one command line are reported together', async () => {
    const error = await errorOf(
      operator.start({
        asset: 'nope',
        start: 'x',
        end: '2024',
        priority: '99',
        timeout: '5',
        sla_deadline: '?',
      }),
    );
    expect((error as UsageError).problems.map((problem) => problem.message)).toEqual([
      'unknown asset "nope"',
      'invalid --start "x": not a date',
      'invalid --priority "99"',
      'invalid --sla-deadline "?"',
      'invalid --timeout "5"',
    ]);
  });
});

describe('overlap', () => {
  const overlapping = (keys: string[]) =>
    errorOf(operator.start({ asset: 'sessions', partitions: keys }));

  test('a key of an unfinished job is refused, naming job and key', async () => {
    const { job } = await operator.start({
      asset: 'sessions',
      start: '2024-01-01',
      end: '2024-01-10',
    });
    const before = await counted();
    const error = await overlapping(['2024-01-10', '2024-01-11']);
    expect(error.code).toBe('not_allowed');
    expect(error.message).toBe(`job ${job!.id.slice(0, 8)} (pending) already has 2024-01-10`);
    expect(error.hint).toContain(`servo-tui cancel ${job!.id.slice(0, 8)}`);
    expect(await counted()).toBe(before);
    await operator.sql(
      `update backfill_partitions set state = 'completed' where backfill_job_id = $1 and partition_key = '2024-01-10'`,
      [job!.id],
    );
    expect((await operator.start({ asset: 'sessions', partitions: ['2024-01-10'] })).created).toBe(
      true,
    );
  });

  test('keys that still run in a cancelled job are accepted', async () => {
    const { job } = await operator.start({ asset: 'sessions', partitions: ['2025-01-01'] });
    await operator.sql(
      `update backfill_partitions set state = 'running' where backfill_job_id = $1`,
      [job!.id],
    );
    await actOnJob(operator.db, { ...author, reason: 'r' }, { action: 'cancel', id: job!.id });
    expect((await operator.start({ asset: 'sessions', partitions: ['2025-01-01'] })).created).toBe(
      true,
    );
  });

  test('a failed key below three attempts is still to be done if an external writer failed it, not if we did', async () => {
    const { job } = await operator.start({
      asset: 'sessions',
      partitions: ['2026-01-01', '2026-01-02'],
    });
    await operator.sql(
      `update backfill_partitions set state = 'failed', attempt_count = 2,
         available_at = case when partition_key = '2026-01-02' then 'infinity'::timestamptz end where backfill_job_id = $1`,
      [job!.id],
    );
    expect((await overlapping(['2026-01-01'])).code).toBe('not_allowed');
    expect((await operator.start({ asset: 'sessions', partitions: ['2026-01-02'] })).created).toBe(
      true,
    );
  });

  test('of two simultaneous starts of the same keys, one is refused', async () => {
    const starts = await Promise.allSettled(
      Array.from({ length: 4 }, () =>
        operator.start({ asset: 'sessions', start: '2031-01', end: '2031-03' }),
      ),
    );
    expect(starts.filter((start) => start.status === 'fulfilled')).toHaveLength(1);
    for (const start of starts) {
      if (start.status === 'rejected') expect(start.reason).toMatchObject({ code: 'not_allowed' });
    }
  });

  test('another asset, and another tenant, do not overlap', async () => {
    await operator.asset('sessions', 'day', 'globex');
    await operator.start({ asset: 'sessions', partitions: ['2032-01-01'] });
    expect((await operator.start({ asset: 'weather', partitions: ['2032-01-01'] })).created).toBe(
      true,
    );
    const globex = await startBackfill(
      operator.db,
      { tenant: 'globex', actor: 'x' },
      { asset: 'sessions', partitions: ['2032-01-01'] },
    );
    expect(globex.created).toBe(true);
  });
});

describe('the idempotency key', () => {
  const input = {
    asset: 'clicks',
    start: '2024-05',
    end: '2024-05',
    priority: '4',
    idempotency_key: 'may',
  };

  test('given again returns the existing job', async () => {
    const first = await operator.start(input);
    const again = await operator.start(input);
    expect(again).toMatchObject({ created: false, job: { id: first.job!.id } });
  });

  test('given for other parameters is refused, saying which', async () => {
    const other = { ...input, end: '2024-06', priority: '5', parallel: '2' };
    const error = await errorOf(operator.start(other));
    expect(error.code).toBe('not_allowed');
    expect(error.message).toMatch(/differs in priority \(4\), execution strategy, partitions/);
    const asset = await errorOf(operator.start({ ...input, asset: 'weather' }));
    expect(asset.message).toMatch(/differs in asset \(clicks\)/);
  });

  test('a relative deadline said again is the same deadline', async () => {
    const urgent = {
      asset: 'clicks',
      partitions: ['urgent'],
      sla_deadline: '+2h',
      idempotency_key: 'urgent',
    };
    const first = await operator.start(urgent);
    expect(await operator.start(urgent)).toMatchObject({
      created: false,
      job: { id: first.job!.id },
    });
    const none = await errorOf(operator.start({ ...urgent, sla_deadline: undefined }));
    expect(none.message).toContain('deadline');
  });

  test('returns the job also when its deadline has passed meanwhile', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const late = {
      asset: 'clicks',
      partitions: ['late'],
      sla_deadline: soon,
      idempotency_key: 'late',
    };
    const { job } = await operator.start(late);
    const past = '2020-01-01T00:00:00Z';
    await operator.sql('update backfill_jobs set sla_deadline_at = $2 where id = $1', [
      job!.id,
      past,
    ]);
    const again = await operator.start({ ...late, sla_deadline: past });
    expect(again).toMatchObject({ created: false, job: { id: job!.id } });
  });

  test('given simultaneously for two assets starts one and refuses the other', async () => {
    const starts = await Promise.allSettled(
      ['clicks', 'weather', 'orders'].map((asset) =>
        operator.start({ asset, partitions: ['2033-01-01'], idempotency_key: 'race' }),
      ),
    );
    expect(starts.filter((start) => start.status === 'fulfilled')).toHaveLength(1);
    for (const start of starts) {
      if (start.status === 'rejected') expect(start.reason).toBeInstanceOf(ServoError);
    }
  });
});
