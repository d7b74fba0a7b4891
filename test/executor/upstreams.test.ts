import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import type { StartInput } from '../../source/domain/start/request.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;
let db: Database;

beforeEach(async () => {
  backfills = await Backfills.open();
  db = openDatabase(backfills.database.app);
});

afterEach(async () => {
  await db.close();
  await backfills.close();
});

async function lineage(granularities: Record<string, string>, edges: [string, string][]) {
  for (const [name, granularity] of Object.entries(granularities)) {
    await backfills.rows(
      `insert into assets (id, name, asset_type, tenant_id, partition_config) values (gen_random_uuid(), $1, 'table', $2, $3)`,
      [name, tenant, JSON.stringify({ partition_type: { Time: { granularity } } })],
    );
  }
  for (const [downstream, upstream] of edges) {
    await backfills.rows(
      `insert into asset_dependencies (id, downstream_asset_id, upstream_asset_id, dependency_type)
       select gen_random_uuid(), d.id, u.id, 'data' from assets d, assets u where d.name = $1 and u.name = $2`,
      [downstream, upstream],
    );
  }
}

async function start(asset: string, input: Partial<StartInput> = {}) {
  const { job } = await startBackfill(
    db,
    { tenant, actor: 'mara' },
    {
      asset,
      start: '2024-01-01',
      end: '2024-01-02',
      include_upstream: true,
      max_upstream_depth: '10',
      ...input,
    },
  );
  return job!;
}

const jobs = () =>
  backfills.rows<{
    asset_name: string;
    id: string;
    total_partitions: number;
    state: string;
    execution_order: number;
    upstream_job_count: number;
  }>(
    'select id, asset_name, total_partitions, state, execution_order, upstream_job_count from backfill_jobs order by execution_order, asset_name',
  );

function recording(order: string[], ...assets: string[]) {
  return assets.map((asset) =>
    functionHandler(asset, (key) => {
      order.push(`${asset} ${key}`);
      return undefined;
    }),
  );
}

describe('start --include-upstream', () => {
  it('makes a job for every upstream with its own partitions, and runs them first', async () => {
    await lineage({ report: 'month', orders: 'day', clicks: 'hour' }, [
      ['report', 'orders'],
      ['orders', 'clicks'],
    ]);
    const root = await start('report', { start: '2024-02', end: '2024-02' });
    expect(root.state).toBe('waiting_upstream');
    expect(
      (await jobs()).map((job) => [
        job.asset_name,
        job.total_partitions,
        job.state,
        job.execution_order,
      ]),
    ).toEqual([
      ['clicks', 29 * 24, 'pending', 0],
      ['orders', 29, 'waiting_upstream', 1],
      ['report', 1, 'waiting_upstream', 2],
    ]);
    const order: string[] = [];
    await backfills.execute(recording(order, 'report', 'orders', 'clicks'));
    expect(await backfills.state(root.id, 'completed')).toMatchObject({
      upstream_job_count: 1,
      completed_upstream_jobs: 1,
    });
    const assets = order.map((line) => line.split(' ')[0]);
    expect(assets.lastIndexOf('clicks')).toBeLessThan(assets.indexOf('orders'));
    expect(assets.lastIndexOf('orders')).toBeLessThan(assets.indexOf('report'));
  });

  it('a diamond is one child', async () => {
    await lineage({ a: 'day', b: 'day', c: 'day', d: 'day' }, [
      ['a', 'b'],
      ['a', 'c'],
      ['b', 'd'],
      ['c', 'd'],
    ]);
    const root = await start('a');
    expect((await jobs()).map((job) => [job.asset_name, job.upstream_job_count])).toEqual([
      ['d', 0],
      ['b', 1],
      ['c', 1],
      ['a', 2],
    ]);
    const order: string[] = [];
    await backfills.execute(recording(order, 'a', 'b', 'c', 'd'));
    await backfills.state(root.id, 'completed');
    expect(order).toHaveLength(8);
  });

  it('includes as many levels as requested', async () => {
    await lineage({ a: 'day', b: 'day', c: 'day' }, [
      ['a', 'b'],
      ['b', 'c'],
    ]);
    await start('a', { max_upstream_depth: undefined });
    expect((await jobs()).map((job) => job.asset_name)).toEqual(['b', 'a']);
  });

  it('without upstreams runs at once', async () => {
    await lineage({ a: 'day' }, []);
    const root = await start('a');
    expect(root.state).toBe('pending');
    await backfills.execute(recording([], 'a'));
    await backfills.state(root.id, 'completed');
  });

  it('refuses lineage that runs in a circle, and writes nothing', async () => {
    await lineage({ a: 'day', b: 'day' }, [
      ['a', 'b'],
      ['b', 'a'],
    ]);
    await expect(start('a')).rejects.toMatchObject({
      code: 'not_allowed',
      message: expect.stringContaining('a → b → a'),
    });
    expect(await jobs()).toEqual([]);
  });

  it('waits for an unfinished job that has the keys already, and creates only the others', async () => {
    await lineage({ a: 'day', b: 'day' }, [['a', 'b']]);
    const earlier = await start('b', {
      include_upstream: false,
      max_upstream_depth: undefined,
      end: '2024-01-01',
    });
    const root = await start('a');
    const made = (await jobs()).filter((job) => job.asset_name === 'b' && job.id !== earlier.id);
    expect(made).toMatchObject([{ total_partitions: 1, state: 'pending' }]);
    expect(root.upstream_job_count).toBe(2);
    const order: string[] = [];
    await backfills.execute(recording(order, 'a', 'b'));
    await backfills.state(root.id, 'completed');
    expect(order.slice(0, 2).sort()).toEqual(['b 2024-01-01', 'b 2024-01-02']);
    expect(order).toHaveLength(4);
  });

  it('fails the job when an upstream fails, and cancels its other upstream jobs', async () => {
    await lineage({ a: 'day', b: 'day', c: 'day' }, [
      ['a', 'b'],
      ['a', 'c'],
    ]);
    const root = await start('a');
    // No executor here runs c, so it still waits.
    await backfills.execute([
      functionHandler('a', () => undefined),
      functionHandler('b', () => ({ kind: 'fatal', message: 'no source' })),
    ]);
    const failed = await backfills.state(root.id, 'failed');
    expect(failed.error_message).toMatch(
      /^upstream b [0-9a-f]{8} is failed: 2 of 2 partitions failed$/,
    );
    await waitFor(
      'the other upstream to be cancelled',
      async () => (await jobs()).find((job) => job.asset_name === 'c')!.state === 'cancelled',
    );
    await waitFor(
      'its partitions to be skipped',
      async () => (await backfills.state(root.id, 'failed')).skipped_partitions === 2,
    );
  });

  it('fails the job when an upstream is cancelled', async () => {
    await lineage({ a: 'day', b: 'day' }, [['a', 'b']]);
    const root = await start('a');
    await backfills.rows(`update backfill_jobs set state = 'cancelled' where asset_name = 'b'`);
    await backfills.execute([functionHandler('a', () => undefined)]);
    expect((await backfills.state(root.id, 'failed')).error_message).toContain('is cancelled');
  });

  it('a cancel cancels the upstream jobs too, except those that other jobs wait for', async () => {
    await lineage({ a: 'day', b: 'day', other: 'day' }, [
      ['a', 'b'],
      ['other', 'b'],
    ]);
    const root = await start('a');
    const other = await start('other');
    await backfills.rows(`update backfill_jobs set state = 'cancelled' where id = $1`, [root.id]);
    const order: string[] = [];
    await backfills.execute(recording(order, 'a', 'b', 'other'));
    await backfills.state(other.id, 'completed');
    await backfills.rows(`update backfill_jobs set state = 'cancelled' where id = $1`, [root.id]);
    expect((await jobs()).find((job) => job.asset_name === 'b')!.state).toBe('completed');
  });

  it('a dry run tells the tree and writes nothing', async () => {
    await lineage({ a: 'day', b: 'hour', c: 'hour' }, [
      ['a', 'b'],
      ['b', 'c'],
    ]);
    const { plan } = await startBackfill(
      db,
      { tenant, actor: 'mara' },
      {
        asset: 'a',
        partitions: ['2024-01-01'],
        include_upstream: true,
        max_upstream_depth: '1',
        dry_run: true,
      },
    );
    expect(plan!.upstreams).toEqual([
      {
        asset_name: 'c',
        direct: false,
        needs: [],
        execution_order: 0,
        total_partitions: 24,
        first_key: '2024-01-01T00',
        last_key: '2024-01-01T23',
        existing: [],
      },
      {
        asset_name: 'b',
        direct: true,
        needs: ['c'],
        execution_order: 1,
        total_partitions: 24,
        first_key: '2024-01-01T00',
        last_key: '2024-01-01T23',
        existing: [],
      },
    ]);
    expect(await jobs()).toEqual([]);
  });
});

describe('known faults of the base implementation, with its own trees', () => {
  async function parentOf(states: string[]) {
    const parent = await backfills.job({
      asset: 'parent',
      keys: keys(1),
      columns: { state: 'waiting_upstream', upstream_job_count: states.length },
    });
    for (const [i, state] of states.entries()) {
      await backfills.job({
        asset: `child-${i}`,
        keys: keys(1),
        columns: { state, parent_job_id: parent },
      });
    }
    return parent;
  }

  it('a child that finished before its parent counted it does not hang the parent', async () => {
    const parent = await parentOf(['completed', 'completed']);
    await backfills.execute([functionHandler('parent', () => undefined)]);
    expect(await backfills.state(parent, 'completed')).toMatchObject({
      upstream_job_count: 2,
      completed_upstream_jobs: 2,
    });
  });

  it('a cancelled child does not hang the parent', async () => {
    const parent = await parentOf(['completed', 'cancelled']);
    await backfills.execute([functionHandler('parent', () => undefined)]);
    expect((await backfills.state(parent, 'failed')).error_message).toContain('upstream child-1');
  });

  it('include_upstream without upstreams does not hang', async () => {
    const parent = await parentOf([]);
    await backfills.execute([functionHandler('parent', () => undefined)], { speed: 100 });
    await backfills.state(parent, 'completed');
  });

  it('upstream children that were made without partitions do not complete at once', async () => {
    const parent = await backfills.job({
      asset: 'parent',
      keys: keys(1),
      columns: { state: 'waiting_upstream', upstream_job_count: 1 },
    });
    const child = await backfills.job({
      asset: 'child',
      keys: [],
      columns: {
        parent_job_id: parent,
        partition_start: '2024-01-01',
        partition_end: '2024-01-03',
        total_partitions: 3,
      },
    });
    const order: string[] = [];
    await backfills.execute(recording(order, 'parent', 'child'));
    await backfills.state(parent, 'completed');
    expect(await backfills.state(child, 'completed')).toMatchObject({ completed_partitions: 3 });
    expect(order).toEqual([
      'child 2024-01-01',
      'child 2024-01-02',
      'child 2024-01-03',
      'parent k00001',
    ]);
  });

  it('a job that another program created with include_upstream gets its upstreams before it runs', async () => {
    await lineage({ a: 'day', b: 'hour' }, [['a', 'b']]);
    const root = await backfills.job({
      asset: 'a',
      keys: ['2024-01-01'],
      columns: { include_upstream: true },
    });
    const order: string[] = [];
    await backfills.execute(recording(order, 'a', 'b'));
    await backfills.state(root, 'completed');
    expect(order).toHaveLength(25);
    expect(order.at(-1)).toBe('a 2024-01-01');
  });

  it('… and fails where its lineage runs in a circle', async () => {
    await lineage({ a: 'day', b: 'day' }, [
      ['a', 'b'],
      ['b', 'a'],
    ]);
    const root = await backfills.job({
      asset: 'a',
      keys: ['2024-01-01'],
      columns: { include_upstream: true, max_upstream_depth: 3 },
    });
    await backfills.execute(recording([], 'a', 'b'));
    expect((await backfills.state(root, 'failed')).error_message).toContain('a → b → a');
  });
});
