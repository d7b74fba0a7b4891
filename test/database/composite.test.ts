import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composite, composites } from '../../source/database/composite.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client(database.app);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('values of a composite type arrive as they were, whatever text they hold', async () => {
  const texts = [
    ...['completed', '', ' ', 'NULL', 'null', 'a,b', '(a)', '{a}', '"', '\\', '\\"', "'"],
    ...['é – ☃', 'line\nbreak', '\t', 'a"b\\c,d)e}f', '\u{1f600}'],
  ];
  const rows = [null, ...texts].map((text, i) => [
    null,
    i,
    null,
    text,
    -1,
    2 ** 40,
    text,
    null,
    null,
  ]);
  const read = async (value: string, type: string) => {
    const { rows: found } = await client.query(`select to_json($1::${type}) as value`, [value]);
    return found[0].value;
  };
  const seen = await read(composites(rows), 'servo_report_v1[]');
  expect(seen.map(Object.values)).toEqual(rows);
  expect(Object.values(await read(composite(rows.at(-1)!), 'servo_report_v1'))).toEqual(
    rows.at(-1),
  );
  expect(await read(composites([]), 'servo_report_v1[]')).toEqual([]);
});
