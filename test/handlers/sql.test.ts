import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, keys } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
  await backfills.rows(
    'create table effects (key text, note text); grant all on effects to servo_app',
  );
});

afterEach(() => backfills.close());

async function run(
  sql: string,
  count = 1,
  strategy: Record<string, unknown> = { type: 'sequential', max_attempts: 1 },
) {
  const job = await backfills.job({ keys: keys(count), strategy });
  await backfills.execute([{ asset: 'orders', kind: 'sql', sql }], { speed: 100 });
  const row = await backfills.state(job, 'completed', 'failed');
  return { job, row, partitions: await backfills.partitions(job) };
}

const effects = () => backfills.rows('select * from effects order by key');

it('runs with the key as $1, its settings, and its effect in one transaction with the completion', async () => {
  const { row, partitions } = await run(
    `insert into effects values ($1, concat_ws(' ', current_setting('servo.asset'), current_setting('servo.partition_key'),
       current_setting('servo.attempt'), current_setting('servo.tenant_id'), current_user))`,
    2,
  );
  expect(row.state).toBe('completed');
  expect(await effects()).toEqual([
    { key: 'k00001', note: 'orders k00001 1 acme servo_app' },
    { key: 'k00002', note: 'orders k00002 1 acme servo_app' },
  ]);
  expect(
    partitions.every(
      (partition) => partition.duration_ms !== null && partition.error_message === null,
    ),
  ).toBe(true);
});

it('rolls its effect back if it fails, and is retried', async () => {
  const { row } = await run(
    `insert into effects values ($1, 'try ' || current_setting('servo.attempt'));
     do $$ begin if current_setting('servo.attempt') = '1' then raise exception 'source is down'; end if; end $$`,
    1,
    { type: 'sequential' },
  );
  expect(row.state).toBe('completed');
  expect(await effects()).toEqual([{ key: 'k00001', note: 'try 2' }]);
});

it('servo_fail fails a partition without a retry, with its message', async () => {
  const { row, partitions } = await run(
    `insert into effects values ($1); select servo_fail('sources differ by 3.2 %')`,
    1,
    { type: 'sequential', max_attempts: 9 },
  );
  expect(row.error_message).toBe('1 of 1 partitions failed');
  expect(partitions[0]).toMatchObject({
    state: 'failed',
    error_message: 'sources differ by 3.2 %',
    attempt_count: 1,
  });
  expect(await effects()).toEqual([]);
});

it('servo_retry snoozes the partition without counting a failure', async () => {
  const { partitions } = await run(
    `do $$ begin if current_setting('servo.attempt')::int < 3 then perform servo_retry('not there yet', '5 ms'); end if; end $$`,
  );
  expect(partitions[0]).toMatchObject({ state: 'completed', attempt_count: 3, failure_count: 0 });
});

it('servo_retry with an absurd interval made every later batch of the job fail', async () => {
  const job = await backfills.job({ keys: keys(1) });
  const sql = `select servo_retry('some day', '170000000 years')`;
  await backfills.execute([{ asset: 'orders', kind: 'sql', sql }], { speed: 100 });
  const [partition] = await waitFor('the partition to be released', async () => {
    const partitions = await backfills.rows<{ state: string; hours: number }>(
      `select state, round(extract(epoch from available_at - clock_timestamp()) / 3600)::int as hours
       from backfill_partitions where backfill_job_id = $1 and state = 'pending' and available_at is not null`,
      [job],
    );
    return partitions.length > 0 ? partitions : null;
  });
  expect(partition!.hours).toBe(24);
});

it('is stopped at its timeout', async () => {
  const { partitions } = await run('select pg_sleep(600)', 1, {
    type: 'sequential',
    max_attempts: 1,
    timeout_ms: 100,
  });
  expect(partitions[0]).toMatchObject({ state: 'failed', error_message: 'timed out after 0.1 s' });
  expect(
    await backfills.rows(
      `select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' and pid <> pg_backend_pid()`,
    ),
  ).toEqual([]);
});

const bad: Record<string, [string, string]> = {
  COMMIT: ['insert into effects values ($1); commit', 'a handler may not end its transaction'],
  'COMMIT inside DO': ['do $$ begin commit; end $$', 'a handler may not end its transaction'],
  'a syntax error': ['selekt 1', 'syntax error at or near "selekt"'],
  'a missing table': ['select * from nowhere', 'relation "nowhere" does not exist'],
};
for (const [name, [sql, message]] of Object.entries(bad)) {
  it(`${name}: the partition fails with the reason, and has no effect`, async () => {
    const { partitions } = await run(sql);
    expect(partitions[0]!.state).toBe('failed');
    expect(partitions[0]!.error_message).toContain(message);
    expect(await effects()).toEqual([]);
  });
}

const harmless: Record<string, string> = {
  'without $1': `insert into effects values ('x')`,
  'several statements': `insert into effects values ($1); insert into effects values ($1 || '-2')`,
  'SET ROLE and another tenant': `set local role servo_app; select set_config('app.current_tenant', 'globex', true); insert into effects values ($1)`,
  'another search path': `set local search_path = pg_catalog; insert into public.effects values ($1)`,
};
for (const [name, sql] of Object.entries(harmless)) {
  it(`${name}: runs, and what it set does not last`, async () => {
    const { row } = await run(sql, 2);
    expect(row).toMatchObject({ state: 'completed', completed_partitions: 2 });
    expect((await effects()).length).toBeGreaterThan(0);
  });
}

it('takes any text as a partition key', async () => {
  const odd = [
    `it's "quoted"`,
    'line\nbreak',
    '🙂 emoji',
    '$1; drop table effects',
    'x'.repeat(255),
  ];
  const job = await backfills.job({ keys: odd });
  await backfills.execute([
    { asset: 'orders', kind: 'sql', sql: 'insert into effects values ($1)' },
  ]);
  await backfills.state(job, 'completed');
  expect((await effects()).map((row) => row.key).sort()).toEqual([...odd].sort());
});
