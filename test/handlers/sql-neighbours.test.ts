import { afterAll, beforeAll, expect, it } from 'vitest';
import { Backfills, tenant } from '../support/backfill.ts';
import { Roles } from '../support/roles.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let worker: Worker | undefined;
let roles: Roles;
let leave: Record<string, string>;

beforeAll(async () => {
  backfills = await Backfills.open();
  roles = new Roles(backfills.database.superuser);
  const neighbour = await roles.create('neighbour');
  leave = leaveAs(neighbour.user);
  await backfills.rows(`
    create schema staging; create schema mart;
    create table totals (day date); create table staging.totals (day date);
    create table seen (key text, starts timestamptz, ends timestamptz, zone text);
    create sequence counter;
    create function keep_stage() returns void language plpgsql as $$
      declare r record; begin for r in select * from stage loop insert into seen values (r.day::text); end loop; end $$;
    grant "${neighbour.user}" to servo_app;
    grant usage on schema staging, mart to servo_app;
    grant all on totals, staging.totals, seen, counter to servo_app`);
});
afterAll(async () => {
  await worker?.kill();
  await backfills.close();
  await roles.drop();
});

/** Each of two partitions leaves session state; the next job uses the same connection. */
const leaveAs = (role: string): Record<string, string> => ({
  path: 'set search_path = staging, public',
  shadow: 'create temp table totals as select $1::date as day',
  stage: 'create temp table stage as select $1::date as day; select keep_stage()',
  missing: 'set search_path = mart',
  impatient: `set statement_timeout = '20ms'`,
  role: `set role "${role}"`,
  secret: `select set_config('my.secret', 'left', false), set_config('app.current_tenant', 'globex', false)`,
  zone: `set timezone = 'Asia/Tokyo'`,
  locked: 'select pg_advisory_lock(4711)',
  listening: 'listen left_channel',
  prepared: 'prepare left_plan as select 1',
  held: `do $$ begin execute 'declare held cursor with hold for select 1'; end $$`,
  jobs: `create temp table backfill_jobs (like backfill_jobs); create temp table backfill_partitions (like public.backfill_partitions)`,
  readonly: 'set transaction read only',
  counted: `select nextval('counter')`,
});

/** What it would not survive to find. */
const totals = `
  do $$ begin
    perform pg_sleep(0.05);
    if nullif(current_setting('my.secret', true), '') is not null or current_user <> 'servo_app'
      or exists (select from pg_prepared_statements where from_sql) or exists (select from pg_listening_channels())
      or exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and objid = 4711)
    then raise exception 'there is something left'; end if;
  end $$;
  insert into totals values ($1::date)`;

it('A1: with one slot, session state of a handler reaches neither the next partition nor the next asset', async () => {
  const names = Object.keys(leave);
  const directory = handlerDirectory({
    ...Object.fromEntries(names.map((name) => [`${name}.sql`, leave[name]!])),
    'totals.sql': totals,
  });
  const days = ['2024-01-01', '2024-01-02'];
  const jobs: string[] = [];
  for (const [order, name] of names.entries()) {
    const strategy = { type: 'sequential', max_attempts: 1 };
    const place = (at: number) => ({ keys: days, strategy, columns: { execution_order: at } });
    jobs.push(await backfills.job({ asset: name, ...place(2 * order) }));
    jobs.push(await backfills.job({ asset: 'totals', ...place(2 * order + 1) }));
  }
  const args = ['--handlers', directory, '--slots', '1'];
  worker = new Worker(backfills.database.app, tenant, args, { SERVO_SPEED: '50' });
  const rows = await Promise.all(jobs.map((job) => backfills.state(job, 'completed', 'failed')));
  expect(rows.map((row) => `${row.asset_name} ${row.completed_partitions}`)).toEqual(
    names.flatMap((name) => [`${name} 2`, 'totals 2']),
  );
  const [counts] = await backfills.rows(
    `select (select count(*)::int from totals) as totals, (select count(*)::int from staging.totals) as astray,
       (select count(*)::int from seen) as staged, (select max(attempt_count) from backfill_partitions) as attempts`,
  );
  expect(counts).toEqual({ totals: 2 * names.length, astray: 0, staged: 2, attempts: 1 });
  expect(await backfills.violations()).toEqual([]);
});

it('A22: a handler gets the time of its partition in UTC, also of hours and months', async () => {
  // A server that is somewhere else, and an hour that its clock skips.
  await backfills.rows(
    `do $$ begin execute format('alter database %I set timezone = ''America/New_York''', current_database()); end $$`,
  );
  const sql = `insert into seen values ($1, nullif(current_setting('servo.partition_start'), '')::timestamptz,
    nullif(current_setting('servo.partition_end'), '')::timestamptz, current_setting('TimeZone'))`;
  const sets: Record<string, string[]> = {
    hour: ['2024-03-10T02'],
    week: ['2024-12-30'],
    month: ['2024-02'],
    none: ['2024-02-29', 'eu'],
  };
  await backfills.rows('delete from seen');
  const jobs: string[] = [];
  for (const [every, keys] of Object.entries(sets)) {
    jobs.push(await backfills.job({ asset: `by ${every}`, keys }));
    if (every !== 'none')
      await backfills.rows('update assets set partition_config = $2 where name = $1', [
        `by ${every}`,
        { partition_type: { Time: { granularity: every } } },
      ]);
  }
  await backfills.execute(
    Object.keys(sets).map((every) => ({ asset: `by ${every}`, kind: 'sql' as const, sql })),
  );
  await Promise.all(jobs.map((job) => backfills.state(job, 'completed')));
  const iso = (name: string) => `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24"Z"')`;
  expect(
    await backfills.rows(
      `select key, ${iso('starts')} as starts, ${iso('ends')} as ends, zone from seen order by key`,
    ),
  ).toEqual([
    { key: '2024-02', starts: '2024-02-01T00Z', ends: '2024-03-01T00Z', zone: 'UTC' },
    { key: '2024-02-29', starts: '2024-02-29T00Z', ends: '2024-03-01T00Z', zone: 'UTC' },
    { key: '2024-03-10T02', starts: '2024-03-10T02Z', ends: '2024-03-10T03Z', zone: 'UTC' },
    { key: '2024-12-30', starts: '2024-12-30T00Z', ends: '2025-01-06T00Z', zone: 'UTC' },
    { key: 'eu', starts: null, ends: null, zone: 'UTC' },
  ]);
});
