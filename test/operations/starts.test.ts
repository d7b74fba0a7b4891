import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Granularity } from '../../source/domain/partition/period.ts';
import type { StartInput } from '../../source/domain/start/request.ts';
import { recreateJob } from '../../source/operations/act/recreate.ts';
import { retryJob } from '../../source/operations/act/retry.ts';
import { listAssets, syncAssets } from '../../source/operations/start/assets.ts';
import { expandUpstreams } from '../../source/operations/start/expand-upstreams.ts';
import { author, errorOf, Operator } from '../support/operator.ts';
import { expectTexts } from '../support/texts.ts';

let operator: Operator;
const granularities: Record<string, Granularity> = {
  report: 'month',
  orders: 'day',
  clicks: 'hour',
  raw: 'day',
  lonely: 'day',
  loop: 'day',
  looped: 'day',
};
beforeAll(async () => {
  operator = await Operator.open();
  for (const [name, every] of Object.entries(granularities)) await operator.asset(name, every);
  for (const [downstream, upstream] of [
    ['report', 'orders'],
    ['report', 'raw'],
    ['orders', 'clicks'],
    ['orders', 'raw'],
    ['clicks', 'raw'],
    ['loop', 'looped'],
    ['looped', 'loop'],
  ])
    await operator.sql(
      `insert into asset_dependencies (id, downstream_asset_id, upstream_asset_id, dependency_type)
       select gen_random_uuid(), d.id, u.id, 'data' from assets d, assets u where d.name = $1 and u.name = $2`,
      [downstream, upstream],
    );
  await operator.sql(
    `update assets set partition_config = partition_config || '{"servo": {"max_attempts": 9, "max_parallel": 2}}' where name = 'raw'`,
  );
});
beforeEach(async () => {
  await operator.sql(
    `begin; set local session_replication_role = replica; delete from backfill_upstreams; delete from backfill_partitions; delete from backfill_jobs; delete from backfill_events; commit`,
  );
});
afterAll(() => operator.close());

/** All jobs, the furthest upstream first, with what each waits for and is a part of. */
async function tree(): Promise<string[]> {
  const jobs = await operator.sql<{ text: string }>(
    `select concat_ws(' ', '  ' || j.execution_order, j.asset_name, j.state, 'of', j.total_partitions, 'from', coalesce(j.partition_start, '–'),
       'to', coalesce(j.partition_end, '–'), 'priority', j.priority, j.execution_strategy, 'upstream', j.include_upstream, j.max_upstream_depth,
       j.sla_deadline_at is not null, j.created_by, 'lists', jsonb_array_length(j.partition_keys), 'child of', coalesce(p.asset_name, '–'), 'waits for',
       coalesce((select string_agg(u.asset_name, ',' order by u.asset_name, u.created_at) from backfill_upstreams b join backfill_jobs u on u.id = b.upstream_job_id where b.job_id = j.id), '–'),
       'keys', (select count(*) || ' ' || min(partition_key collate "C") || ' … ' || max(partition_key collate "C") from backfill_partitions k where k.backfill_job_id = j.id)) as text
     from backfill_jobs j left join backfill_jobs p on p.id = j.parent_job_id order by j.execution_order, j.asset_name, j.created_at`,
  );
  return jobs.map(({ text }) => text);
}
const names = async (text: string) => {
  const jobs = await operator.sql<{ id: string; asset_name: string }>(
    'select id, asset_name from backfill_jobs order by created_at',
  );
  return jobs.reduce(
    (said, { id, asset_name }) =>
      said.replaceAll(id, `ID of ${asset_name}`).replaceAll(id.slice(0, 8), `ID of ${asset_name}`),
    text.replace(/\d+d ago/, 'long ago'),
  );
};
const range = { start: '2024-01-30', end: '2024-02-01' };
const upstream = { include_upstream: true, max_upstream_depth: '10' };
const start = (asset: string, input: Partial<StartInput> = {}) =>
  operator.start({ asset, any_key: false, ...range, ...input });

test('a start with its upstreams: what a dry run says, and what is written', async () => {
  const cases: [string, StartInput, before?: StartInput[]][] = [
    ['alone', { asset: 'orders', ...range }],
    ['the direct ones', { asset: 'orders', ...range, include_upstream: true }],
    [
      'one level more',
      {
        asset: 'report',
        start: '2024-02',
        end: '2024-02',
        include_upstream: true,
        max_upstream_depth: '1',
      },
    ],
    [
      'all',
      {
        asset: 'report',
        start: '2024-02',
        end: '2024-02',
        ...upstream,
        priority: '8',
        parallel: '3',
        sla_deadline: '+2h',
        reverse: true,
      },
    ],
    [
      'keys by name',
      { asset: 'orders', partitions: ['2024-03-02', '2024-01-31', '2024-02-29'], ...upstream },
    ],
    ['of an asset without upstreams', { asset: 'lonely', ...range, ...upstream }],
    ['more than a job lists', { asset: 'orders', start: '2022', end: '2023', ...upstream }],
    [
      'where another job has some of the keys',
      { asset: 'orders', ...range, ...upstream },
      [{ asset: 'raw', start: '2024-01-31', end: '2024-02-10' }],
    ],
    [
      'where other jobs have all of the keys',
      { asset: 'orders', ...range, ...upstream },
      [
        { asset: 'raw', start: '2024-01-30', end: '2024-01-31' },
        { asset: 'raw', start: '2024-02-01', end: '2024-02-01' },
        { asset: 'clicks', start: '2024-01-30', end: '2024-02-01' },
      ],
    ],
  ];
  const told: string[] = [];
  for (const [name, input, before = []] of cases) {
    await operator.sql(
      `begin; set local session_replication_role = replica; delete from backfill_upstreams; delete from backfill_partitions; delete from backfill_jobs; commit`,
    );
    for (const other of before) await operator.start({ any_key: false, ...other });
    const { plan, created, job } = await operator.start({
      any_key: false,
      ...input,
      dry_run: true,
    });
    expect([created, job]).toEqual([false, null]);
    const { forecast, sla_deadline_at, ...shown } = plan!;
    told.push(
      name,
      await names(
        `  plan ${JSON.stringify(shown)} ${sla_deadline_at !== null} ${JSON.stringify(forecast?.slots)}`,
      ),
    );
    expect(await tree()).toHaveLength(before.length);
    const started = await operator.start({ any_key: false, ...input });
    told.push(
      `  started ${started.created} ${started.job!.state} ${started.plan}`,
      ...(await tree()),
    );
  }
  await expectTexts('starts', told, 'operations');
});

describe('the idempotency key', () => {
  const key = { idempotency_key: 'once' };
  const whole: Partial<StartInput> = {
    ...key,
    ...upstream,
    priority: '4',
    sla_deadline: '2099-01-01',
    parallel: '2',
    max_attempts: '5',
    timeout: '1m',
  };
  const refused = async (changes: Partial<StartInput>, asset = 'orders') => {
    const error = await errorOf(start(asset, { ...whole, ...changes })).catch(() => null);
    return error === null ? 'the same' : names(`${error.message} | ${error.hint}`);
  };

  test('says each way in which a start differs from the one before, in a dry run too', async () => {
    const first = await start('orders', whole);
    const hint = 'use another key, or see that job: servo-tui status ID of orders';
    const ways: [Partial<StartInput>, string | null][] = [
      [{}, null],
      [{ end: '2024-02-02' }, 'partitions'],
      [{ start: '2024-01-31' }, 'partitions'],
      [
        {
          start: undefined,
          end: undefined,
          partitions: ['2024-02-01', '2024-01-31', '2024-01-30'],
        },
        null,
      ],
      [
        { start: undefined, end: undefined, partitions: ['2024-01-30', '2024-02-01'] },
        'partitions',
      ],
      [{ priority: '5' }, 'priority (4)'],
      [{ sla_deadline: '2099-01-02' }, 'deadline (2099-01-01T00:00:00.000Z)'],
      [{ sla_deadline: undefined }, 'deadline (2099-01-01T00:00:00.000Z)'],
      [{ sla_deadline: ' +9h' }, null],
      [{ max_upstream_depth: '9' }, 'upstreams'],
      [{ include_upstream: false, max_upstream_depth: undefined }, 'upstreams'],
      [{ parallel: '3' }, 'execution strategy'],
      [{ timeout: '61s' }, 'execution strategy'],
      [{ reverse: true }, 'execution strategy'],
      [
        { priority: '5', parallel: '3', end: '2024-02-02' },
        'priority (4), execution strategy, partitions',
      ],
    ];
    for (const [changes, differs] of ways)
      for (const dry_run of [false, true])
        expect(await refused({ ...changes, dry_run })).toBe(
          differs === null
            ? 'the same'
            : `the idempotency key "once" was used for job ID of orders, which differs in ${differs} | ${hint}`,
        );
    expect(await refused({}, 'lonely')).toMatch(/differs in asset \(orders\)/);
    const again = await start('orders', whole);
    expect([again.created, again.job!.id, again.plan]).toEqual([false, first.job!.id, null]);
    const dry = await start('orders', { ...whole, dry_run: true });
    expect([dry.created, dry.job!.id, dry.plan!.total_partitions]).toEqual([
      false,
      first.job!.id,
      3,
    ]);
  });

  test('a start without a deadline is not one with any', async () => {
    await start('orders', key);
    const error = await errorOf(start('orders', { ...key, sla_deadline: '+2h' }));
    expect(error.message).toMatch(/differs in deadline \(none\)$/);
  });

  test('the order of what a strategy says is no difference', async () => {
    await start('orders', whole);
    await operator.sql(
      `update backfill_jobs set execution_strategy = '{"timeout_ms": 60000, "max_attempts": 5, "type": "parallel", "max_parallel": 2}' where asset_name = 'orders'`,
    );
    expect(await refused({})).toBe('the same');
  });
});

describe('upstreams of a job that another writer made', () => {
  const hour = 3_600_000;
  const written = async (
    asset: string,
    columns = '',
    keys: string[] = ['2024-01-30', '2024-02-01'],
  ) => {
    const [job] = await operator.sql<{ id: string }>(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, include_upstream, max_upstream_depth, total_partitions, partition_keys, created_at)
       select 'acme', id, name, gen_random_uuid(), 'pending', true, 10, 2, '["2024-01-30", "2024-02-01"]', now() - interval '1 minute' from assets where name = $1 returning id`,
      [asset],
    );
    if (columns !== '')
      await operator.sql(`update backfill_jobs set ${columns} where id = $1`, [job!.id]);
    for (const key of keys)
      await operator.sql(
        `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), $1, 'acme', $2)`,
        [job!.id, key],
      );
    return job!.id;
  };
  const expand = (id: string, grace = 0) => expandUpstreams(operator.db, author, id, grace);

  test('are made when it is to be claimed, once; or it is said why not', async () => {
    const told: string[] = [];
    const cases: [string, () => Promise<string>, number?][] = [
      ['with upstreams', () => written('orders')],
      ['of which partitions are missing, within the grace', () => written('orders', '', []), hour],
      ['of which partitions are missing, after it', () => written('orders', '', [])],
      ['one level', () => written('orders', 'max_upstream_depth = 0')],
      ['without upstreams', () => written('lonely')],
      ['of which none are wanted', () => written('orders', 'include_upstream = false')],
      ['that is running', () => written('orders', `state = 'running', started_at = now()`)],
      ['of a lineage with a cycle', () => written('loop')],
    ];
    for (const [name, make, grace] of cases) {
      await operator.sql(
        `begin; set local session_replication_role = replica; delete from backfill_upstreams; delete from backfill_partitions; delete from backfill_jobs; delete from backfill_events; commit`,
      );
      const id = await make();
      told.push(
        `${name}: ${await expand(id, grace)}, then ${await expand(id, grace)}`,
        ...(await tree()),
      );
      const [job] = await operator.sql(
        'select error_message, needs_finalizing from backfill_jobs where id = $1',
        [id],
      );
      const events = await operator.sql<{ text: string }>(
        `select concat_ws(' ', '  journal:', e.kind, from_state, to_state, replace(e.actor, current_user, 'the writer'), coalesce(e.reason, '–'), j.asset_name) as text from backfill_events e join backfill_jobs j on j.id = e.job_id order by e.id`,
      );
      told.push(`  ${JSON.stringify(job)}`, ...events.map(({ text }) => text));
    }
    told.push(`of an unknown job: ${await expand('00000000-0000-4000-8000-000000000000')}`);
    await expectTexts('expansions', told, 'operations');
  });

  test('a start of a lineage with a cycle says which', async () => {
    const error = await errorOf(start('loop', upstream));
    expect(`${error.message} | ${error.hint}`).toBe(
      'the lineage of loop has a cycle: loop → looped → loop | correct asset_dependencies, or start without --include-upstream',
    );
    expect((await start('loop')).created).toBe(true);
  });
});

test('a job recreated with its upstreams: the plan, what is written, and what is refused', async () => {
  const because = { ...author, reason: 'late' };
  const root = (await start('orders', upstream)).job!.id;
  const plan = async (input: Parameters<typeof recreateJob>[3]) => {
    const { plan, replaced, created, job } = await recreateJob(operator.db, because, root, {
      dry_run: true,
      ...input,
    });
    expect([created, job]).toEqual([false, null]);
    const { sla_deadline_at, ...shown } = plan!;
    return names(
      `  ${JSON.stringify(input)} → ${JSON.stringify(shown)} ${sla_deadline_at !== null} ${JSON.stringify(replaced)}`,
    );
  };
  const told = ['dry runs'];
  for (const input of [
    {},
    { include_upstream: true },
    { include_upstream: true, max_upstream_depth: '1' },
    { without_upstream: true, priority: '9', sla_deadline: '+1h' },
    { sla_deadline: 'none', parallel: '1' },
  ])
    told.push(await plan(input));
  const refusals = async (input: Parameters<typeof recreateJob>[3], by = because) => {
    const error = (await errorOf(recreateJob(operator.db, by, root, input))) as Error & {
      problems?: { message: string }[];
      hint?: string;
    };
    return names(
      `  ${JSON.stringify(input)} → ${(error.problems ?? [error]).map(({ message }) => message).join('; ')} | ${error.hint ?? '–'}`,
    );
  };
  told.push(
    'refusals',
    await refusals({ include_upstream: true, without_upstream: true }),
    await refusals({ max_upstream_depth: '3' }),
    await refusals(
      { priority: '99', include_upstream: true, max_upstream_depth: '11' },
      { ...author, reason: ' ' },
    ),
    await refusals({ sla_deadline: '2020-01-01' }),
    await refusals({ seen: { version: 99 } }),
  );
  told.push('as it was', ...(await tree()));
  const recreated = await recreateJob(operator.db, because, root, {
    priority: '9',
    idempotency_key: 'again',
  });
  told.push('recreated', ...(await tree()));
  told.push(
    'again',
    await names(
      `  ${(await errorOf(recreateJob(operator.db, because, root, { idempotency_key: 'again' }))).message}`,
    ),
  );
  await operator.sql(
    `begin; set local session_replication_role = replica; update backfill_jobs set state = 'failed', failed_partitions = 1 where asset_name in ('raw', 'clicks'); update backfill_partitions set state = 'failed' where backfill_job_id in (select id from backfill_jobs where asset_name in ('raw', 'clicks')); update backfill_jobs set state = 'failed' where id = '${recreated.job!.id}'; update backfill_partitions set state = 'skipped' where backfill_job_id = '${recreated.job!.id}'; commit`,
  );
  const alone = await errorOf(recreateJob(operator.db, because, recreated.job!.id, {}));
  told.push('after its upstreams failed', await names(`  ${alone.message} | ${alone.hint}`));
  await recreateJob(operator.db, because, recreated.job!.id, { include_upstream: true });
  told.push('with them', ...(await tree()));
  await expectTexts('recreations', told, 'operations');
});

test('a job made again or retried under a key that was used is refused, though all is over', async () => {
  const because = { ...author, reason: 'late' };
  const key = { idempotency_key: 'again' };
  const over = (id: string) =>
    operator.sql(
      `begin; set local session_replication_role = replica; update backfill_jobs set state = 'completed' where id = '${id}'; update backfill_partitions set state = 'completed' where backfill_job_id = '${id}'; commit`,
    );
  const root = (await start('lonely')).job!.id;
  const said = async (work: Promise<unknown>) => {
    const error = await errorOf(work);
    return names(`${error.message} | ${error.hint}`);
  };
  await over((await recreateJob(operator.db, because, root, key)).job!.id);
  expect(await said(recreateJob(operator.db, because, root, key))).toBe(
    'ID of lonely was already recreated by this plan | see: servo-tui events ID of lonely',
  );
  await operator.sql(
    `begin; set local session_replication_role = replica; update backfill_jobs set state = 'failed', failed_partitions = 3 where id = '${root}'; update backfill_partitions set state = 'failed' where backfill_job_id = '${root}'; commit`,
  );
  const retried = await retryJob(operator.db, because, root, null, {
    idempotency_key: 'once more',
  });
  expect([retried.created, retried.retried_partitions]).toEqual([true, 3]);
  await over(retried.job.id);
  expect(
    await said(retryJob(operator.db, because, root, null, { idempotency_key: 'once more' })),
  ).toBe('ID of lonely was already retried by this plan | see: servo-tui events ID of lonely');
});

test('assets that an executor declares are those of the list', async () => {
  const synced = await syncAssets(operator.db, author, [
    {
      name: 'declared',
      asset_type: 'table',
      every: 'day',
      upstreams: ['raw'],
      defaults: { max_attempts: 4 },
    },
    { name: 'orders', asset_type: 'table', every: null, upstreams: null, defaults: {} },
  ]);
  expect(synced).toMatchObject({
    tenant_id: 'acme',
    assets: ['declared', 'orders'],
    as_of: expect.any(Date),
  });
  const { assets, tenant_id } = await listAssets(operator.db, 'acme');
  expect(tenant_id).toBe('acme');
  expect(assets.map(({ name }) => name)).toEqual(
    [...Object.keys(granularities), 'declared'].sort(),
  );
});
