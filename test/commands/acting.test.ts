import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let variables: Record<string, string>;
let made = 0;

beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'raw', 'clean', 'report']) await operator.asset(asset, 'day');
  for (const [upstream, downstream] of [
    ['raw', 'clean'],
    ['clean', 'report'],
    ['raw', 'report'],
  ]) {
    await operator.sql(
      `insert into asset_dependencies (upstream_asset_id, downstream_asset_id, dependency_type)
       select u.id, d.id, 'table' from assets u, assets d where u.name = $1 and d.name = $2`,
      [upstream, downstream],
    );
  }
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
});
afterAll(() => operator.close());

const servo = (line: string, more: string[] = []) =>
  run([...line.split(' ').filter(Boolean), ...more], variables);
const aJob = async (state: string, failed = 0) => {
  const id = await operator.job({
    asset: 'orders',
    start: `20${10 + made}-01-01`,
    end: `20${10 + made++}-01-04`,
  });
  await operator.sql(
    `update backfill_partitions set state = 'failed', available_at = 'infinity', completed_at = now(), attempt_count = 3, failure_count = 3
     where id in (select id from backfill_partitions where backfill_job_id = $1 order by partition_key limit $2)`,
    [id, failed],
  );
  await operator.sql('update backfill_jobs set state = $2, failed_partitions = $3 where id = $1', [
    id,
    state,
    failed,
  ]);
  return id;
};

describe('start --include-upstream', () => {
  test('a dry run prints the tree, with a shared asset once', async () => {
    const line = 'start report --start 2024-01-01 --end 2024-01-03 --include-upstream --dry-run';
    const { code, stdout } = await servo(`${line} --max-upstream-depth 5`);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `would start report: 3 partitions (2024-01-01 to 2024-01-03), priority 0; nothing has been written
  after clean: 3 partitions (2024-01-01 to 2024-01-03)
    after raw: 3 partitions (2024-01-01 to 2024-01-03)
  after raw (as above)
no earlier job of this asset has ended
`,
    );
    const json = await servo(`${line} --max-upstream-depth 5 --json`);
    const { plan } = documentOf('start', json.stdout);
    expect(plan.upstreams).toMatchObject([
      { asset_name: 'raw', total_partitions: 3, existing: [] },
      { asset_name: 'clean', total_partitions: 3 },
    ]);
  });

  test('starts the tree, and reports that the job waits', async () => {
    const { stdout } = await servo('start clean --partition 2024-02-01 --include-upstream');
    expect(stdout).toMatch(/^started clean .*: 1 partition, after 1 job of its upstreams\n/);
    const raw = await operator.value<string>(
      `select left(id::text, 8) from backfill_jobs where asset_name = 'raw'`,
    );
    const planned = await servo(
      'start report --partition 2024-02-01 --include-upstream --dry-run --json',
    );
    const { upstreams } = documentOf('start', planned.stdout).plan;
    expect(upstreams.map((one: { total_partitions: number }) => one.total_partitions)).toEqual([
      0, 0,
    ]);
    const text = await servo('start report --partition 2024-02-01 --include-upstream --dry-run');
    expect(text.stdout).toContain(`after raw: what ${raw} has to do already`);
  });

  test('settings of the asset are defaults, and flags override them', async () => {
    await operator.sql(
      `update assets set partition_config = partition_config || '{"servo": {"max_parallel": 7, "timeout_ms": 1000}}' where name = 'orders'`,
    );
    const line = 'start orders --partition 2001-01-01 --timeout 2s --dry-run --json';
    const { plan } = documentOf('start', (await servo(line)).stdout);
    expect(plan.execution_strategy).toEqual({
      type: 'parallel',
      max_parallel: 7,
      timeout_ms: 2000,
    });
  });
});

describe('retry', () => {
  test('in place, for a person and as JSON', async () => {
    const id = await aJob('paused', 3);
    const { code, stdout } = await servo(`retry ${id} --partition ${2010 + made - 1}-01-02`);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^retrying 1 failed partition again in orders [0-9a-f]{8} \(paused\) — it is paused: servo-tui resume/,
    );
    const document = documentOf('retry', (await servo(`retry ${id} --json`)).stdout);
    expect(document).toMatchObject({ id, created: false, retried_partitions: 2 });
    expect(document.job).toMatchObject({ id, failed_partitions: 0 });
  });

  test('as a new job of one that has ended', async () => {
    const id = await aJob('failed', 2);
    const { created, job } = documentOf('retry', (await servo(`retry ${id} --json`)).stdout);
    expect(created).toBe(true);
    expect(job).toMatchObject({ total_partitions: 2, state: 'pending', created_by: 'mara' });
    const again = await servo(`retry ${id}`);
    expect(again.code).toBe(4);
    expect(again.stderr).toContain(job.id.slice(0, 8));
  });

  test('of nothing that failed: 4; of an unknown job: 3; read-only: 4', async () => {
    const id = await aJob('running');
    const refused = await servo(`retry ${id} --json`);
    expect(refused.code).toBe(4);
    expect(errorDocument(refused).message).toMatch(/has no failed partitions \(it is running\)$/);
    expect((await servo('retry 00000000-0000-4000-8000-000000000000')).code).toBe(3);
    expect((await servo(`retry ${id} --read-only`)).code).toBe(4);
  });
});

describe('recreate', () => {
  test('cancels and starts again in one transaction', async () => {
    const id = await aJob('running');
    const dry = await servo(`recreate ${id} --priority 10 --dry-run --reason`, ['SLA at risk']);
    expect(dry.stdout).toMatch(/^would start orders: 4 partitions .* priority 10;/);
    const { code, stdout } = await servo(`recreate ${id} --priority 10 --json --reason`, [
      'SLA at risk',
    ]);
    expect(code).toBe(0);
    const { job, replaced } = documentOf('recreate', stdout);
    expect(job).toMatchObject({ priority: 10, total_partitions: 4, state: 'pending' });
    expect(replaced).toMatchObject({ id, state: 'cancelled' });
    // No executor is running: the command finalizes the job itself.
    expect(
      await operator.value('select skipped_partitions from backfill_jobs where id = $1', [id]),
    ).toBe(4);
  });

  test('of a failed job looked as if the command had failed', async () => {
    const id = await aJob('failed');
    await operator.sql(
      `update backfill_partitions set state = 'skipped' where backfill_job_id = $1`,
      [id],
    );
    const { code, stdout } = await servo(`recreate ${id} --reason mended`);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${id.slice(0, 8)} stays failed\nstarted orders `));
  });

  test('requires a reason', async () => {
    const { code, stderr } = await servo(`recreate ${await aJob('running')} --priority 99`);
    expect(code).toBe(2);
    expect(stderr).toContain('--reason');
    expect(stderr).toContain('invalid --priority "99"');
  });
});

describe('set', () => {
  test('and its other names', async () => {
    const id = await aJob('running');
    const { code, stdout } = await servo(`set ${id} --parallel 8 --json`);
    expect(code).toBe(0);
    expect(documentOf('set', stdout)).toMatchObject({
      changes: [{ setting: 'max_parallel', from: 7, to: 8 }],
      job: { execution_strategy: { max_parallel: 8 } },
    });
    const sla = await servo(`backfill update-sla ${id} --deadline 2099-01-17T00:00:00Z`);
    expect(sla.stdout).toContain('deadline none → 2099-01-17T00:00:00.000Z');
    const priority = await servo(`set-priority ${id} --priority 9`);
    expect(priority.stdout).toMatch(/^set orders .{8}: priority 0 → 9\n$/);
    expect((await servo(`set ${id} --priority 9`)).stdout).toContain('nothing to change');
    const { events } = documentOf('status', (await servo(`status ${id} --json`)).stdout);
    expect(events[0]).toMatchObject({ kind: 'set', actor: 'mara', reason: 'priority 0 → 9' });
  });

  test('of a job that has ended: 4; of nothing: 2', async () => {
    expect((await servo(`set ${await aJob('completed')} --priority 1`)).code).toBe(4);
    const { code, stderr } = await servo(`set ${await aJob('running')}`);
    expect(code).toBe(2);
    expect(stderr).toContain('no setting given — pass --priority');
  });
});

describe('reclaim', () => {
  test('one, and several', async () => {
    const [a, b] = [await aJob('running'), await aJob('paused')];
    const { code, stdout } = await servo(`reclaim ${a} --reason stuck --json`);
    expect(code).toBe(0);
    expect(documentOf('reclaim', stdout).results).toMatchObject([{ id: a, result: 'applied' }]);
    const both = await servo(`reclaim ${a} ${b} --yes --json`);
    expect(both.code).toBe(7);
    expect(documentOf('reclaim', both.stdout).results).toMatchObject([
      { id: a, result: 'applied' },
      { id: b, result: 'skipped' },
    ]);
    expect((await servo(`reclaim ${b}`)).code).toBe(4);
  });
});

test.each(['retry', 'recreate', 'set', 'reclaim', 'update-sla'])('%s --help', async (name) => {
  const { code, stdout } = await run([name, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Examples\n[\s\S]* {2}servo-tui \w/);
});
