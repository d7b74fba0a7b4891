import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { holdDialog, leaveDialog } from '../../source/operations/jobs/hold-dialog.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { author, errorOf, Operator } from '../support/operator.ts';
import { readsOf } from '../support/plans.ts';
import { Roles, run } from '../support/roles.ts';

const jo = { tenant: 'acme', actor: 'jo' };
const [mine, theirs] = [randomUUID(), randomUUID()];
let operator: Operator;
let job: string;
let other: string;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders', 'day');
  job = await operator.job({ asset: 'orders', partitions: ['2024-01-01'] });
  other = await operator.job({ asset: 'orders', partitions: ['2024-01-02'] });
});
afterAll(() => operator.close());
beforeEach(() => operator.sql('delete from backfill_dialogs'));

const own = (job_ids: string[], action = 'cancel', console_id = mine) => ({
  console_id,
  actor: 'mara',
  host: 'db-7',
  action,
  job_ids,
});
const hold = (job_ids = [job], action = 'cancel', renew = false) =>
  holdDialog(operator.db, author, own(job_ids, action), renew);
const holdTheirs = (job_ids = [job], renew = false) =>
  holdDialog(operator.db, jo, { ...own(job_ids, 'pause', theirs), actor: 'jo' }, renew);
const inTable = async (options: { console_id?: string; tenant?: string } = {}) =>
  (await listJobs(operator.db, options.tenant ?? 'acme', { limit: 10, ...options })).page.dialogs;
const rows = () =>
  operator.sql<{ console_id: string }>('select * from backfill_dialogs order by opened_at');
/** The killed console's dialog expires. */
const expire = () =>
  operator.sql(`update backfill_dialogs set expires_at = clock_timestamp() - interval '1 ms'`);

describe('a dialog that is open', () => {
  test('is in the table and on the job for everybody but its own console', async () => {
    await hold();
    const seen = {
      actor: 'mara',
      host: 'db-7',
      action: 'cancel',
      jobs: 1,
      job_ids: [job],
      opened_at: expect.any(Date),
    };
    expect(await inTable()).toEqual([seen]);
    expect(await inTable({ console_id: theirs })).toEqual([seen]);
    expect(await inTable({ console_id: mine })).toEqual([]);
    const detail = (id: string) => getJobDetail(operator.db, 'acme', id, { buckets: 0 });
    expect((await detail(job)).dialogs).toEqual([seen]);
    expect((await detail(other)).dialogs).toEqual([]);
  });

  test('two see each other, as far as their jobs are the same', async () => {
    expect((await hold()).dialogs).toEqual([]);
    expect((await holdTheirs()).dialogs).toMatchObject([{ actor: 'mara', action: 'cancel' }]);
    expect((await hold([job], 'cancel', true)).dialogs).toMatchObject([{ actor: 'jo' }]);
    expect((await holdTheirs([other])).dialogs).toEqual([]);
    expect((await hold([job], 'cancel', true)).dialogs).toEqual([]);
  });

  test('is one for a console: the next takes its place, and is younger', async () => {
    const first = await hold([job, other], 'pause');
    await hold([job], 'cancel');
    const [dialog, ...more] = await inTable();
    expect([dialog!.action, dialog!.jobs, more]).toEqual(['cancel', 1, []]);
    expect(dialog!.opened_at.getTime()).toBeGreaterThanOrEqual(first.as_of.getTime());
  });

  test('renewed, it stays as old as it is; left, it is gone', async () => {
    await hold();
    const [before] = await inTable();
    await hold([], 'cancel', true);
    expect(await inTable()).toEqual([before]);
    await leaveDialog(operator.db, author, mine);
    expect(await rows()).toEqual([]);
  });

  test('of thousands of jobs the table names a hundred, and each job knows its own', async () => {
    const many = Array.from({ length: 10_000 }, () => randomUUID());
    await hold([...many.slice(1), job]);
    const [dialog] = await inTable();
    expect([dialog!.jobs, dialog!.job_ids.length]).toEqual([10_000, 100]);
    expect((await holdTheirs()).dialogs).toMatchObject([{ jobs: 10_000, job_ids: [job] }]);
    expect((await holdTheirs(many)).dialogs[0]!.job_ids).toHaveLength(100);
  });
});

describe('a console that was killed', () => {
  test('is seen no more when its lease has ended by the database’s clock', async () => {
    await hold();
    const [{ left }] = (await operator.sql(
      `select extract(epoch from expires_at - clock_timestamp()) as left from backfill_dialogs`,
    )) as [{ left: string }];
    expect(Number(left)).toBeGreaterThan(0);
    expect(Number(left)).toBeLessThanOrEqual(10);
    await expire();
    expect(await inTable()).toEqual([]);
    expect((await holdTheirs()).dialogs).toEqual([]);
  });

  test('its row is taken away by the next who opens a dialog', async () => {
    await hold();
    await expire();
    await holdTheirs();
    expect((await rows()).map(({ console_id }) => console_id)).toEqual([theirs]);
  });

  test('a locked row does not block others', async () => {
    await hold();
    await expire();
    await operator.db.write(author, async (query) => {
      await query('select from backfill_dialogs for update');
      await holdTheirs();
    });
    expect(await rows()).toHaveLength(2);
  });

  test('one that was only slow is there again with its next word', async () => {
    await hold();
    await expire();
    await holdTheirs();
    expect((await hold([job], 'cancel', true)).dialogs).toMatchObject([{ actor: 'jo' }]);
    expect(await rows()).toHaveLength(2);
  });
});

describe('who may not', () => {
  test('another tenant sees nothing of it, by its own statement and by row-level security', async () => {
    await hold();
    expect(await inTable({ tenant: 'globex' })).toEqual([]);
    const asGlobex = { tenant: 'globex', actor: 'eve' };
    const foreign = { ...own([job], 'cancel', theirs), actor: 'eve' };
    expect((await holdDialog(operator.db, asGlobex, foreign, false)).dialogs).toEqual([]);
    expect(await inTable()).toMatchObject([{ actor: 'mara' }]);
    const { app } = operator.database;
    const asked = `select servo_dialogs_v1('acme', null, null) as dialogs, (select count(*)::int from backfill_dialogs) as rows`;
    expect(await run({ ...app, options: '-c app.current_tenant=globex' } as never, asked)).toEqual([
      { dialogs: [], rows: 1 },
    ]);
    expect(await run(app, asked)).toEqual([{ dialogs: [], rows: 0 }]);
    await leaveDialog(operator.db, asGlobex, mine);
    expect(await inTable()).toHaveLength(1);
  });

  test('a read-only console sees it under BEGIN READ ONLY, and cannot write one', async () => {
    await hold();
    const reader = openDatabase(operator.database.app, { read_only: true });
    try {
      const list = await listJobs(reader, 'acme', { limit: 10 });
      expect(list.page.dialogs).toHaveLength(1);
      const { message } = await errorOf(holdDialog(reader, jo, own([job]), false));
      expect(message).toContain('read-only transaction');
    } finally {
      await reader.close();
    }
  });

  test('a role that was made by hand before there was such a table sees the jobs all the same', async () => {
    await hold();
    const roles = new Roles(operator.database.superuser);
    const role = await roles.create('looker');
    const name = `"${role.user}"`;
    await operator.sql(
      `grant select on all tables in schema public to ${name}; revoke all on backfill_dialogs from ${name}`,
    );
    const looker = openDatabase(role);
    try {
      const list = await listJobs(looker, 'acme', { limit: 10 });
      expect([list.jobs.length, list.page.dialogs]).toEqual([2, []]);
      const refused = await errorOf(holdDialog(looker, jo, own([job]), false));
      expect(refused.code).toBe('permission_denied');
    } finally {
      await looker.close();
      await operator.sql(`drop owned by ${name}`);
      await roles.drop();
    }
  });
});

test('the table asks no more statements for it, and its look does not read through what others have left', async () => {
  await operator.sql(
    `insert into backfill_dialogs (tenant_id, console_id, actor, host, action, job_ids, expires_at)
     select case when i % 1000 = 0 then 'acme' else 'globex' end, gen_random_uuid(), 'x', 'y', 'pause', array[$1]::uuid[], clock_timestamp() + interval '1 h'
     from generate_series(1, 20000) i`,
    [job],
  );
  await operator.sql('analyze backfill_dialogs');
  const texts: string[] = [];
  const { fetched, sequential } = await readsOf(
    operator.database.app,
    'acme',
    async (_, query) => {
      const counted: typeof query = (text, values) => {
        texts.push(text);
        return query(text, values);
      };
      const db = { read: (_tenant: string, work: (ask: typeof query) => unknown) => work(counted) };
      await listJobs(db as never, 'acme', { limit: 10 });
    },
    ['backfill_dialogs'],
  );
  expect(texts.filter((text) => /clock_timestamp\(\) as now|dialogs/.test(text))).toHaveLength(1);
  expect(sequential).toBe(0);
  expect(fetched).toBeLessThan(100);
});
