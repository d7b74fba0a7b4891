import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, functionHandler, Gate, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

it('two executors on one job never run a partition twice', async () => {
  const runs = new Map<string, number>();
  const workers = [new Set<string>(), new Set<string>()];
  const both = new Gate();
  const handlers = workers.map((mine) =>
    functionHandler('orders', async (key) => {
      mine.add(key);
      runs.set(key, (runs.get(key) ?? 0) + 1);
      if (workers.every((other) => other.size > 0)) both.open();
      // No handler continues before both executors run one: the test is about both.
      await both.opened;
      return undefined;
    }),
  );
  const job = await backfills.job({
    keys: keys(1000),
    strategy: { type: 'parallel', max_parallel: 8 },
  });
  await Promise.all(
    handlers.map((handler) => backfills.execute([handler], { slots: 4, speed: 1 })),
  );
  const row = await backfills.state(job, 'completed');
  expect(row).toMatchObject({
    completed_partitions: 1000,
    failed_partitions: 0,
    checkpoint_partition_key: 'k01000',
  });
  expect(runs.size).toBe(1000);
  expect([...runs.values()].every((count) => count === 1)).toBe(true);
});

it('never runs more partitions of a job at once than max_parallel, over all executors', async () => {
  let running = 0;
  let most = 0;
  const handler = functionHandler('orders', async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return undefined;
  });
  const job = await backfills.job({
    keys: keys(200),
    strategy: { type: 'parallel', max_parallel: 3 },
  });
  await Promise.all([
    backfills.execute([handler], { slots: 4 }),
    backfills.execute([handler], { slots: 4 }),
  ]);
  await backfills.state(job, 'completed');
  expect(most).toBeLessThanOrEqual(3);
});

it('runs a sequential job in key order', async () => {
  const order: string[] = [];
  const handler = functionHandler('orders', (key) => {
    order.push(key);
    return undefined;
  });
  const job = await backfills.job({ keys: keys(300).reverse() });
  await Promise.all([backfills.execute([handler]), backfills.execute([handler])]);
  await backfills.state(job, 'completed');
  expect(order).toEqual(keys(300));
});

it('starts a new job without waiting for the poll', async () => {
  await backfills.execute([functionHandler('orders', () => undefined)], {
    timings: { poll: 3_600_000 },
  });
  const job = await backfills.job({ keys: keys(3) });
  await backfills.state(job, 'completed');
});

it('finds a new job by polling where nothing is notified', async () => {
  await backfills.rows('drop trigger servo_journal_insert on backfill_jobs');
  await backfills.execute([functionHandler('orders', () => undefined)], { speed: 50 });
  const job = await backfills.job({ keys: keys(3) });
  await backfills.state(job, 'completed');
});

it.each([
  { work: 'coarse', average: 60_000 },
  // All four are claimed at once.
  { work: 'fine', average: 1 },
])(
  'takes the job of the highest priority first, and gives a slot of $work work up to it at the next partition',
  async ({ average }) => {
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    const order: string[] = [];
    const gate = new Gate();
    const handler = (asset: string) =>
      functionHandler(asset, async (key) => {
        order.push(`${asset} ${key}`);
        if (asset === 'low' && key === 'k00002') await gate.opened;
        return undefined;
      });
    const low = await backfills.job({
      asset: 'low',
      keys: keys(4),
      columns: { avg_partition_duration_ms: average },
    });
    await backfills.execute([handler('low'), handler('high')], { slots: 1, speed: 1, log });
    await waitFor('the low job to be at its second partition', () => order.length === 2);
    const high = await backfills.job({
      asset: 'high',
      keys: keys(2),
      columns: { priority: 5, avg_partition_duration_ms: average },
    });
    await waitFor('the executor to have seen it', () =>
      lines.some((line) => line.includes('waits for a slot') && line.includes(high)),
    );
    gate.open();
    await backfills.state(low, 'completed');
    await backfills.state(high, 'completed');
    expect(order).toEqual([
      'low k00001',
      'low k00002',
      'high k00001',
      'high k00002',
      'low k00003',
      'low k00004',
    ]);
  },
);

it('works for every tenant it serves and leaves the others alone', async () => {
  const job = await backfills.job({ keys: keys(2) });
  const other = await backfills.job({ tenant: 'globex', asset: 'others', keys: keys(2) });
  await backfills.execute([
    functionHandler('orders', () => undefined),
    functionHandler('others', () => undefined),
  ]);
  await backfills.state(job, 'completed');
  expect(
    await backfills.row('select state, version from backfill_jobs where id = $1', [other]),
  ).toEqual({ state: 'pending', version: 1 });
});

it('goes on to the next job where one cannot be claimed', async () => {
  const broken = await backfills.job({ keys: keys(2), columns: { priority: 9 } });
  await backfills.rows(`create function refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
    create trigger refuse before update on backfill_jobs for each row when (old.id = '${broken}') execute function refuse()`);
  const job = await backfills.job({ keys: keys(2) });
  await backfills.execute([functionHandler('orders', () => undefined)]);
  await backfills.state(job, 'completed');
  expect(await backfills.row('select state from backfill_jobs where id = $1', [broken])).toEqual({
    state: 'pending',
  });
});

it('makes the partitions of a job that another writer created without them', async () => {
  const handler = functionHandler('orders', () => undefined);
  const fromKeys = await backfills.job({ keys: ['a', 'b', 'c'] });
  const fromRange = await backfills.job({ keys: [] });
  const fromNothing = await backfills.job({ keys: [] });
  await backfills.rows(
    `delete from backfill_partitions where backfill_job_id = $1 and partition_key <> 'b'`,
    [fromKeys],
  );
  await backfills.rows(
    `update backfill_jobs set partition_start = '2024-02-27', partition_end = '2024-03-01', total_partitions = 4 where id = $1`,
    [fromRange],
  );
  await backfills.execute([handler]);
  expect(await backfills.state(fromKeys, 'completed')).toMatchObject({ completed_partitions: 3 });
  expect(await backfills.state(fromRange, 'completed')).toMatchObject({
    completed_partitions: 4,
    checkpoint_partition_key: '2024-03-01',
  });
  expect(await backfills.state(fromNothing, 'failed')).toMatchObject({
    error_message: 'no partitions were created',
  });
});

it('keeps to the limits on running jobs per asset type, asset and tenant, over all executors', async () => {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (scope: string, by: number) => {
    running.set(scope, (running.get(scope) ?? 0) + by);
    most.set(scope, Math.max(most.get(scope) ?? 0, running.get(scope)!));
  };
  const handler = (asset: string, type: string) =>
    functionHandler(asset, async () => {
      for (const scope of [asset, type, 'all']) count(scope, 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const scope of [asset, type, 'all']) count(scope, -1);
      return undefined;
    });
  const jobs: string[] = [];
  for (let round = 0; round < 3; round++) {
    for (const asset of ['a', 'b', 'c', 'd'])
      jobs.push(await backfills.job({ asset, keys: keys(3) }));
  }
  await backfills.rows(`update assets set asset_type = 'heavy' where name in ('a', 'b')`);
  await backfills.rows(
    `insert into backfill_limits values ('acme', 'asset', 'c', 1), ('acme', 'asset_type', 'heavy', 2), ('acme', 'tenant', '', 4)`,
  );
  const handlers = [
    handler('a', 'heavy'),
    handler('b', 'heavy'),
    handler('c', 'light'),
    handler('d', 'light'),
  ];
  await Promise.all([
    backfills.execute(handlers, { slots: 8 }),
    backfills.execute(handlers, { slots: 8 }),
  ]);
  for (const job of jobs) await backfills.state(job, 'completed');
  expect(most.get('c')).toBe(1);
  expect(most.get('heavy')).toBeLessThanOrEqual(2);
  expect(most.get('all')).toBeLessThanOrEqual(4);
});

it('a limit of none keeps an asset from running, and others go on', async () => {
  const held = await backfills.job({ keys: keys(1), columns: { priority: 9 } });
  const other = await backfills.job({ asset: 'other', keys: keys(1) });
  await backfills.rows(`insert into backfill_limits values ('acme', 'asset', 'orders', 0)`);
  await backfills.execute([
    functionHandler('orders', () => undefined),
    functionHandler('other', () => undefined),
  ]);
  await backfills.state(other, 'completed');
  expect(await backfills.row('select state from backfill_jobs where id = $1', [held])).toEqual({
    state: 'pending',
  });
  await backfills.rows('delete from backfill_limits');
  await backfills.state(held, 'completed');
});

it.each([4, 1])(
  'A8: on %d slots a tenant with a big job does not keep small ones of another waiting',
  async (slots) => {
    let ran = 0;
    const handler = functionHandler('orders', async (key) => {
      if (!key.startsWith('big')) return undefined;
      ran++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return undefined;
    });
    const big = await backfills.job({
      keys: keys(20_000, 'big'),
      strategy: { type: 'parallel', max_parallel: 100 },
      columns: { priority: 10 },
    });
    await backfills.execute([handler], { slots, tenants: ['acme', 'globex'], speed: 1 });
    await waitFor('the big job to have all slots', async () => ran > 2 * slots);
    const small = await Promise.all(
      ['a', 'b', 'c'].map((key) => backfills.job({ tenant: 'globex', keys: [key] })),
    );
    for (const job of small) await backfills.state(job, 'completed');
    const { state, completed_partitions } = await backfills.state(big, 'running', 'completed');
    expect(state).toBe('running');
    expect(completed_partitions).toBeLessThan(20_000);
  },
);
