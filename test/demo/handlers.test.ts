import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSources } from '../../source/demo/demo-database.ts';
import { dataFolder, parseSeries } from '../../source/demo/series.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  await loadSources(database.superuser);
  client = new Client(database.app);
  await client.connect();
  // As the executor runs a handler, without the completion.
  await client.query(`create function pg_temp.run(handler text, key text) returns text language plpgsql as $$
    begin
      execute handler using key;
      return 'done';
    exception when sqlstate 'SV065' or sqlstate 'SV075' then
      return sqlstate || ' ' || sqlerrm;
    end $$`);
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

async function run(asset: string, ...keys: string[]): Promise<string[]> {
  const handler = await readFile(join(dataFolder, 'handlers', `${asset}.sql`), 'utf8');
  const { rows } = await client.query<{ outcome: string }>(
    'select pg_temp.run($1, key) as outcome from unnest($2::text[]) key',
    [handler, keys],
  );
  return rows.map((row) => row.outcome);
}

async function rowsOf(sql: string): Promise<unknown[]> {
  return (await client.query(sql)).rows;
}

async function days(first: string, last: string): Promise<string[]> {
  const { rows } = await client.query(
    `select array_agg(to_char(d, 'YYYY-MM-DD') order by d) as days from generate_series($1::date, $2::date, interval '1 day') d`,
    [first, last],
  );
  return rows[0].days;
}

describe('births_daily', () => {
  it('takes SSA where present, else CDC, and says which', async () => {
    expect(await run('births_daily', '1999-12-31', '2000-01-01', '2014-12-31')).toEqual([
      'done',
      'done',
      'done',
    ]);
    expect(await rowsOf('select day::text, births, source from births_daily order by day')).toEqual(
      [
        { day: '1999-12-31', births: 9335, source: 'cdc' },
        { day: '2000-01-01', births: 9083, source: 'ssa' },
        { day: '2014-12-31', births: 11990, source: 'ssa' },
      ],
    );
  });

  it('leaves the same after a second run', async () => {
    const sql = 'select day::text, births, source from births_daily order by day';
    await run('births_daily', '1999-12-31');
    const once = await rowsOf(sql);
    await run('births_daily', '1999-12-31');
    expect(await rowsOf(sql)).toEqual(once);
  });

  it('fails without a retry if neither source has the day', async () => {
    expect(await run('births_daily', '2015-01-01')).toEqual([
      'SV065 neither SSA nor CDC has a figure for 2015-01-01',
    ]);
  });
});

describe('births_agreement', () => {
  it('fails exactly the twelve days that differ by more than 3 %, and says by how much', async () => {
    const keys = await days('2000-01-01', '2003-12-31');
    const outcomes = await run('births_agreement', ...keys);
    const failed = outcomes.flatMap((outcome, i) =>
      outcome === 'done' ? [] : [`${keys[i]} ${outcome}`],
    );
    expect(keys).toHaveLength(1461);
    expect(failed).toHaveLength(12);
    expect(failed).toContain(
      '2000-12-02 SV065 SSA counts 8,914 births, CDC 8,622: they differ by 3.39 %, the limit is 3 %',
    );
    expect(
      await rowsOf(
        'select count(*)::int as days, max(difference) <= 0.03 as within from births_agreement',
      ),
    ).toEqual([{ days: 1449, within: true }]);
  });

  it('fails a day that only one of them has', async () => {
    expect(await run('births_agreement', '1999-12-31', '2004-01-01')).toEqual([
      'SV065 SSA has no figure for 1999-12-31',
      'SV065 CDC has no figure for 2004-01-01',
    ]);
  });
});

describe('births_monthly', () => {
  it('waits for the days of its month, then adds them up', async () => {
    const [first, ...rest] = await days('2014-11-01', '2014-11-30');
    await run('births_daily', first!);
    expect(await run('births_monthly', '2014-11')).toEqual([
      'SV075 1 of the 30 days of 2014-11 are available',
    ]);
    await run('births_daily', ...rest);
    expect(await run('births_monthly', '2014-11', '2014-11')).toEqual(['done', 'done']);
    expect(
      await rowsOf(
        `select month, days, births = (select sum(births) from births_ssa where day between '2014-11-01' and '2014-11-30') as right from births_monthly`,
      ),
    ).toEqual([{ month: '2014-11', days: 30, right: true }]);
  });
});

describe('the published files', () => {
  it('are read to days and births', () => {
    expect(parseSeries('year,month,date_of_month,day_of_week,births\n1994,1,2,7,7772\n')).toEqual({
      days: ['1994-01-02'],
      births: [7772],
    });
  });

  it('are refused when a line is broken: no figure is guessed', () => {
    expect(() => parseSeries('header\n1994,1,1,6,8096\n1994,1,,7,7772')).toThrow(
      'line 3: expected year,month,day,weekday,births, not "1994,1,,7,7772"',
    );
  });
});
