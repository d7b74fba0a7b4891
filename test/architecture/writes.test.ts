import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const textsOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => ({
      file: name,
      text: readFileSync(join(root, folder, name), 'utf8').replace(/--.*$/gm, ''),
    }));

const functions = textsOf('migrations', '.sql');
const queries = textsOf('source/database/queries', '.ts');

// A row's place is that of another row in a table that inherits from this one, and after a vacuum full.
test('A19: no statement finds a row by its place alone', () => {
  const places = [...functions, ...queries].filter(({ text }) => /\bctid\b/.test(text));
  expect(places.map(({ file }) => file)).toEqual(['prune.ts']);
  // That one makes a batch by it: job, age and tenant say which rows may go.
  expect(places[0]!.text).toMatch(
    /delete from backfill_samples where tenant_id = \$1 and at < \$2 and job_id = any \(array\(select job_id from past\)\)\s+and ctid/,
  );
});

test('A19: every write of a job or a partition in a function names the tenant', () => {
  const writes = functions.flatMap(({ file, text }) =>
    [...text.matchAll(/\bupdate backfill_(?:jobs|partitions)\b[^;]*/g)].map(
      ([statement]) => `${file}: ${statement.replace(/\s+/g, ' ')}`,
    ),
  );
  expect(writes.length).toBeGreaterThan(15);
  const without = writes.filter(
    (write) => !/tenant_id(?: \|\| '')? = (?:p_tenant|new\.)/.test(write),
  );
  expect(without.map((write) => write.slice(0, 110))).toEqual([]);
});
