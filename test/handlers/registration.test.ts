import { afterEach, beforeEach, expect, it } from 'vitest';
import { strategyDefaults } from '../../source/domain/job/strategy.ts';
import { readAssetDefaults } from '../../source/domain/start/asset.ts';
import type { UsageError } from '../../source/errors.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { Backfills, tenant } from '../support/backfill.ts';
import { errorOf } from '../support/operator.ts';
import { handlerDirectory } from '../support/worker.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

async function start(files: Record<string, string>): Promise<void> {
  const executor = await backfills.execute([
    ...(await loadCatalogue(handlerDirectory(files))).values(),
  ]);
  await executor.drain();
}

const assets = () =>
  backfills.rows('select name, asset_type, partition_config, tenant_id from assets order by name');

const lineage = async () =>
  (
    await backfills.rows<{ said: string }>(
      `select concat_ws(' ', d.name, dependency_type, u.name) as said from asset_dependencies
       join assets d on d.id = downstream_asset_id join assets u on u.id = upstream_asset_id order by 1`,
    )
  ).map((row) => row.said);

it('a new asset is registered by its settings, or by the kind of its handler', async () => {
  await start({
    'daily.sql': '',
    'daily.toml':
      'asset_type = "table"\nevery = "day"\nupstreams = ["raw"]\nmax_attempts = 5\ntimeout = "10m"\nparallel = 4\n',
    'raw.mjs': '',
    'pushed.toml': '[http]\nurl = "http://127.0.0.1/"\n',
  });
  expect(await assets()).toEqual([
    {
      name: 'daily',
      asset_type: 'table',
      tenant_id: tenant,
      partition_config: {
        partition_type: { Time: { granularity: 'day' } },
        servo: { max_attempts: 5, timeout_ms: 600_000, max_parallel: 4 },
      },
    },
    { name: 'pushed', asset_type: 'http', tenant_id: tenant, partition_config: null },
    { name: 'raw', asset_type: 'module', tenant_id: tenant, partition_config: null },
  ]);
  expect(await lineage()).toEqual(['daily declared raw']);
});

it('an existing asset keeps the values that others have set', async () => {
  await backfills.rows(
    `insert into assets (id, name, asset_type, tenant_id, partition_config) values
       (gen_random_uuid(), 'kept', 'table', $1, '{"partition_type": {"Time": {"granularity": "Hourly"}}, "partition_key": "h"}'),
       (gen_random_uuid(), 'bare', 'table', $1, '{"partition_key": "d", "servo": {"max_attempts": 9}}'),
       (gen_random_uuid(), 'shared', 'table', null, null)`,
    [tenant],
  );
  await start({
    'kept.sql': '',
    'kept.toml': 'asset_type = "other"\nevery = "day"\nmax_attempts = 2\n',
    'bare.sql': '',
    'bare.toml': 'every = "day"\nupstreams = ["shared"]\n',
    'shared.sql': '',
    'shared.toml': 'every = "day"\n',
  });
  expect(
    (await assets()).map(({ name, asset_type, partition_config }) => [
      name,
      asset_type,
      partition_config,
    ]),
  ).toEqual([
    ['bare', 'table', { partition_key: 'd', partition_type: { Time: { granularity: 'day' } } }],
    [
      'kept',
      'table',
      {
        partition_key: 'h',
        partition_type: { Time: { granularity: 'Hourly' } },
        servo: { max_attempts: 2 },
      },
    ],
    ['shared', 'table', null],
  ]);
  expect(await lineage()).toEqual(['bare declared shared']);
});

it('starting again changes nothing; declared upstreams follow the file, the lineage of others stays', async () => {
  const files = (upstreams: string) => ({
    'a.sql': '',
    'b.sql': '',
    'c.sql': '',
    'd.sql': '',
    'a.toml': upstreams,
  });
  await start(files('upstreams = ["b", "c"]\nevery = "day"'));
  await backfills.rows(
    `insert into asset_dependencies (id, upstream_asset_id, downstream_asset_id, dependency_type)
     select gen_random_uuid(), u.id, d.id, 'data' from assets u, assets d where u.name = 'd' and d.name = 'a'`,
  );
  const before = await backfills.rows('select * from assets order by name');
  await start(files('upstreams = ["b", "c"]\nevery = "day"'));
  expect(await backfills.rows('select * from assets order by name')).toEqual(before);
  expect(await lineage()).toEqual(['a data d', 'a declared b', 'a declared c']);
  await start(files('upstreams = ["c", "d"]'));
  expect(await lineage()).toEqual(['a data d', 'a declared c']);
  await start(files(''));
  expect(await lineage()).toEqual(['a data d', 'a declared c']);
  await start(files('upstreams = []'));
  expect(await lineage()).toEqual(['a data d']);
});

it('an upstream without an asset and a handler is refused, and nothing is registered', async () => {
  const error = await errorOf(
    start({ 'a.sql': '', 'a.toml': 'upstreams = ["nowhere", "elsewhere"]', 'b.sql': '' }),
  );
  expect((error as UsageError).problems).toEqual([
    {
      message: `a has the upstream "nowhere", which is no asset of tenant ${tenant} and has no handler`,
      hint: 'give nowhere a handler, or correct upstreams in a.toml',
    },
    {
      message: `a has the upstream "elsewhere", which is no asset of tenant ${tenant} and has no handler`,
      hint: 'give elsewhere a handler, or correct upstreams in a.toml',
    },
  ]);
  expect(await assets()).toEqual([]);
});

it('executors that start at the same time register the same assets', async () => {
  const files = Object.fromEntries(
    ['a', 'b', 'c', 'd'].flatMap((name) => [
      [`${name}.sql`, ''],
      [
        `${name}.toml`,
        `every = "day"\nmax_attempts = 4\n${name === 'd' ? 'upstreams = ["a", "b", "c"]' : ''}`,
      ],
    ]),
  );
  await Promise.all([start(files), start(files), start(files)]);
  expect((await assets()).map((row) => row.name)).toEqual(['a', 'b', 'c', 'd']);
  expect(await lineage()).toEqual(['d declared a', 'd declared b', 'd declared c']);
});

it('defaults are read from an asset as far as they are usable', () => {
  const defaults = { max_attempts: 3, timeout_ms: 1_000, max_parallel: 2 };
  expect(readAssetDefaults({ servo: defaults })).toEqual(defaults);
  expect({ ...strategyDefaults, ...readAssetDefaults({ servo: { max_parallel: 7 } }) }).toEqual({
    ...strategyDefaults,
    max_parallel: 7,
  });
  for (const column of [
    null,
    7,
    'x',
    [],
    {},
    { servo: null },
    { servo: { max_attempts: '5', timeout_ms: -1 } },
  ])
    expect(readAssetDefaults(column)).toEqual({});
});
