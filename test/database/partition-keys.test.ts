import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readStrategy } from '../../source/domain/job/strategy.ts';
import { keyOf, parseRange, periodOfKey, problemOfKey } from '../../source/domain/partition/key.ts';
import { type Granularity, granularities } from '../../source/domain/partition/period.ts';
import { readGranularity } from '../../source/domain/start/asset.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { errorOf } from '../support/operator.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client(database.app);
  await client.connect();
  // Keys are in UTC, whatever the session's clock.
  await client.query(`set time zone 'America/Sao_Paulo'; set datestyle = 'SQL, DMY'`);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function keys(every: string, first: string | null, last: string | null): Promise<string[]> {
  const { rows } = await client.query('select key from servo_partition_keys($1, $2, $3) key', [
    first,
    last,
    every,
  ]);
  return rows.map((row) => row.key);
}

describe('servo_partition_keys', () => {
  test.each<[Granularity, string, string, string[]]>([
    ['hour', '2024-02-28T23', '2024-02-29T01', ['2024-02-28T23', '2024-02-29T00', '2024-02-29T01']],
    ['hour', '2023-12-31T23', '2024-01-01T00', ['2023-12-31T23', '2024-01-01T00']],
    ['day', '2024-02-28', '2024-03-01', ['2024-02-28', '2024-02-29', '2024-03-01']],
    ['day', '2023-02-28', '2023-03-01', ['2023-02-28', '2023-03-01']],
    ['day', '1900-02-28', '1900-03-01', ['1900-02-28', '1900-03-01']],
    ['day', '2000-02-28', '2000-03-01', ['2000-02-28', '2000-02-29', '2000-03-01']],
    ['day', '2024-01-01', '2024-01-01', ['2024-01-01']],
    ['week', '2024-02-26', '2024-03-11', ['2024-02-26', '2024-03-04', '2024-03-11']],
    ['week', '2024-12-30', '2025-01-06', ['2024-12-30', '2025-01-06']],
    ['month', '2023-11', '2024-02', ['2023-11', '2023-12', '2024-01', '2024-02']],
    // An hour that clocks in Brazil and Europe skipped.
    ['hour', '2018-11-04T00', '2018-11-04T02', ['2018-11-04T00', '2018-11-04T01', '2018-11-04T02']],
    ['day', '2024-01-02', '2024-01-01', []],
  ])('by %s from %s to %s', async (every, first, last, expected) => {
    expect(await keys(every, first, last)).toEqual(expected);
  });

  test.each<[string, string | null, string | null]>([
    ['day', '2024-02-30', '2024-03-01'],
    ['day', '2023-02-29', '2024-03-01'],
    ['day', '2024-01', '2024-02-01'],
    ['day', '2024-01-01T00', '2024-02-01'],
    ['day', '2024-1-1', '2024-1-2'],
    ['day', '2024-01-01', 'infinity'],
    ['day', 'now', 'tomorrow'],
    ['day', '', '2024-01-01'],
    ['day', null, '2024-01-01'],
    ['day', '2024-01-01', null],
    ['day', '0000-01-01', '0001-01-01'],
    ['day', '2024-01-01\n', '2024-01-02'],
    ['month', '2024-13', '2025-01'],
    ['month', '2024-01-01', '2024-02-01'],
    ['hour', '2024-01-31T24', '2024-02-01T01'],
    ['hour', '2024-01-31T5', '2024-01-31T06'],
    ['hour', '2024-01-31', '2024-02-01'],
    ['week', '2024-01-02', '2024-01-09'],
    ['quarter', '2024-01', '2024-04'],
    ['year', '2024-01-01', '2025-01-01'],
    ['second', '2024-01-01', '2024-01-02'],
  ])('raises by %s from %j to %j', async (every, first, last) => {
    // Class 22, a data exception, is what the claim takes for "not a range of time".
    expect((await errorOf(keys(every, first, last))).code).toMatch(/^22/);
  });

  test('makes the keys of the TypeScript side, one for one', async () => {
    const instants = fc.date({
      min: new Date('0001-01-08T00:00:00Z'),
      max: new Date('9990-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    const lengths = {
      hour: 3_600_000,
      day: 86_400_000,
      week: 7 * 86_400_000,
      month: 31 * 86_400_000,
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...granularities),
        instants,
        fc.integer({ min: 0, max: 60 }),
        async (every, from, periods) => {
          const to = new Date(from.getTime() + periods * lengths[every]);
          const parsed = parseRange(every, keyOf(every, from), keyOf(every, to));
          if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
          const { range } = parsed;
          // A key names the whole of its period: `to` is its last part.
          const made = await keys(every, range.first, keyOf(every, to));
          const expected = new Set<string>();
          for (let at = from.getTime(); at <= to.getTime(); at += lengths[every] / 62) {
            expected.add(keyOf(every, new Date(at)));
          }
          expected.add(keyOf(every, to));
          expect(made).toEqual([...expected]);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('refuses what the TypeScript side refuses, and takes what it takes', async () => {
    const digits = (max: number, width: number) =>
      fc.integer({ min: 0, max }).map((n) => String(n).padStart(width, '0'));
    const texts = fc
      .tuple(
        digits(9999, 4),
        digits(14, 2),
        digits(32, 2),
        digits(25, 2),
        fc.integer({ min: 1, max: 4 }),
      )
      .map(([year, month, day, hour, parts]) =>
        [year, `-${month}`, `-${day}`, `T${hour}`].slice(0, parts).join(''),
      );
    const shaped = /^\d{4}-\d\d(-\d\d(T\d\d)?)?$/;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...granularities), texts, async (every, key) => {
        const fits = shaped.test(key) && problemOfKey(key, every) === null;
        const made = await keys(every, key, key).catch((error) => error.code as string);
        expect(made).toEqual(fits ? [key] : expect.stringMatching(/^22/));
      }),
      { numRuns: 400 },
    );
  });
});

describe('A22: the time that a key stands for', () => {
  const seconds = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

  /** By the functions that make keys in SQL. */
  async function inSql(key: string, every: Granularity | null) {
    const config = every && { partition_type: { Time: { granularity: every } } };
    const { rows } = await client
      .query(
        `select to_char(t, ${seconds}) as start, to_char(t + ('1 ' || g.every)::interval, ${seconds}) as end
         from (select servo_granularity($1, $2) as every) g, servo_key_start($2, g.every) t`,
        [config, key],
      )
      .catch(() => ({ rows: [] }));
    return rows[0] ?? null;
  }

  test.each<[string, Granularity | null, [start: string, end: string] | null]>([
    // An hour that clocks in the United States skipped.
    ['2024-03-10T02', 'hour', ['2024-03-10T02:00:00Z', '2024-03-10T03:00:00Z']],
    ['2024-12-31T23', null, ['2024-12-31T23:00:00Z', '2025-01-01T00:00:00Z']],
    ['2024-02-29', 'day', ['2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z']],
    ['2024-02-29', null, ['2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z']],
    ['2024-12-30', 'week', ['2024-12-30T00:00:00Z', '2025-01-06T00:00:00Z']],
    ['2024-02', 'month', ['2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z']],
    ['2024-12', null, ['2024-12-01T00:00:00Z', '2025-01-01T00:00:00Z']],
    ['0001-01-01', null, ['0001-01-01T00:00:00Z', '0001-01-02T00:00:00Z']],
    ['9999-12', null, ['9999-12-01T00:00:00Z', '10000-01-01T00:00:00Z']],
    ['2024-12-31', 'week', null],
    ['2024-02-30', null, null],
    ['2024-02-29', 'hour', null],
    ['2024-02', 'day', null],
    ['2024-02-29 ', 'day', null],
    ['2024-02-29 05', 'hour', null],
    ['2024', null, null],
    ['eu', 'day', null],
    ['eu', null, null],
  ])('%j by %s', async (key, every, expected) => {
    const period = expected && { start: expected[0], end: expected[1] };
    expect(periodOfKey(key, every)).toEqual(period);
    expect(await inSql(key, every)).toEqual(period);
  });

  test('is the same in SQL and in TypeScript for any key', async () => {
    const digits = (max: number, width: number) =>
      fc.integer({ min: 0, max }).map((n) => String(n).padStart(width, '0'));
    const texts = fc
      .tuple(digits(9999, 4), digits(13, 2), digits(32, 2), digits(25, 2), fc.integer({ max: 4 }))
      .map(([year, month, day, hour, parts]) =>
        [year, `-${month}`, `-${day}`, `T${hour}`].slice(0, parts).join(''),
      );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(null, ...granularities), texts, async (every, key) => {
        expect(periodOfKey(key, every)).toEqual(await inSql(key, every));
      }),
      { numRuns: 300 },
    );
  });
});

describe('what other programs write is read alike in SQL and in TypeScript', () => {
  test.each([
    'Hour',
    'hourly',
    'DAY',
    'Daily',
    'week',
    'WEEKLY',
    'Month',
    'monthly',
    'fortnight',
    '',
    null,
    7,
  ])('granularity %j', async (word) => {
    const config = { partition_type: { Time: { granularity: word } } };
    const { rows } = await client.query('select servo_granularity($1, null) as every', [config]);
    expect(rows[0].every).toBe(readGranularity(config));
  });

  test.each([null, [], {}, { partition_type: 'Static' }, { partition_type: { Time: 'day' } }])(
    'no granularity in %j: the key says it',
    async (config) => {
      expect(readGranularity(config)).toBeNull();
      const { rows } = await client.query(
        `select servo_granularity($1, '2024-01') as month, servo_granularity($1, '2024-01-31') as day,
           servo_granularity($1, '2024-01-31T05') as hour, servo_granularity($1, 'eu') as none`,
        [JSON.stringify(config)],
      );
      expect(rows).toEqual([{ month: 'month', day: 'day', hour: 'hour', none: null }]);
    },
  );

  test('execution_strategy', async () => {
    const values = fc.oneof(
      fc.integer({ min: -2, max: 12 }),
      fc.constantFrom(0.5, 1e9, 999_999_999, 3.0, 1e2, 1e300, '3', null, true, [], {}),
    );
    const strategies = fc.record(
      {
        type: fc.constantFrom('parallel', 'sequential', 'other', null, 7),
        max_parallel: values,
        max_attempts: values,
        timeout_ms: values,
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(strategies, async (strategy) => {
        const { rows } = await client.query(
          `select servo_max_parallel($1) as max_parallel, servo_integer($1 -> 'max_attempts', 3) as max_attempts,
             servo_integer($1 -> 'timeout_ms', 300000) as timeout_ms`,
          [strategy],
        );
        const { order, ...read } = readStrategy(strategy);
        expect(rows[0]).toEqual(read);
      }),
      { numRuns: 200 },
    );
    const { rows } = await client.query(
      `select servo_integer('3.0', 1) as three, servo_integer('3.5', 1) as one`,
    );
    expect(rows).toEqual([{ three: 3, one: 1 }]);
  });
});
