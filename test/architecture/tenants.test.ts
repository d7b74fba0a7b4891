import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '../../source/database/queries');

/** Tables whose rows belong to a tenant: all but the record of migrations. */
const tables =
  /\b(?:from|join|into|update|using)\s+(?:only\s+)?(assets|asset_dependencies|backfill_\w+)\b/i;
const carried = /\btenant_id\b/;

/** Conditions that are put in by name, each with the file that says what they are. */
const conditions: Readonly<Record<string, string>> = {
  '${alive}': 'alive-executors.ts',
  '${scope(context': 'triage/sql.ts',
};

/** Statements that carry it otherwise. */
const exceptions: readonly { file: string; text: RegExp; because: string }[] = [
  {
    file: 'find-violations.ts',
    text: /\b(from|join) (recent|steps)\b/,
    because: 'they are put behind the CTE `recent`, which has it',
  },
  {
    file: 'register-assets.ts',
    text: /\basset_dependencies\b/,
    because: 'the table has no tenant of its own: ids of the assets of one are given',
  },
];

type Statement = { file: string; text: string };

/** The SQL in a file: its string and template literals, with what is put into them from other ones. */
function statementsOf(file: string, code: string): Statement[] {
  const bare = code.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1');
  const literals = [...bare.matchAll(/`(?:\\.|\$\{[^}]*\}|[^`\\])*`|'(?:\\.|[^'\\\n])*'/g)];
  const constants = new Map(
    [...bare.matchAll(/\bconst (\w+) = (`(?:\\.|\$\{[^}]*\}|[^`\\])*`)/g)].map(
      ([, name, text]) => [name!, text!] as const,
    ),
  );
  const whole = (text: string, depth = 0): string =>
    depth > 5
      ? text
      : text.replace(/\$\{(\w+)\}/g, (all, name) => {
          const inner = constants.get(name);
          return inner === undefined ? all : whole(inner.slice(1, -1), depth + 1);
        });
  const fragments = new Set(constants.values());
  return literals
    .map(([text]) => text)
    .filter(
      (text) => !fragments.has(text) || /^`\s*(with|select|update|delete|insert)\b/i.test(text),
    )
    .map((text) => ({ file, text: whole(text.slice(1, -1)) }))
    .filter(({ text }) => /\b(select|insert|update|delete)\b/i.test(text) && tables.test(text));
}

const statements = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => statementsOf(name, readFileSync(join(folder, name), 'utf8')));

test('finds the statements that are there', () => {
  expect(statements.length).toBeGreaterThan(60);
  const code =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is code that is read, not run
    "const from = `from backfill_jobs`;\nquery(`select 1 ${from} where id = $1`); query('select 1');";
  expect(statementsOf('x.ts', code)).toEqual([
    { file: 'x.ts', text: 'select 1 from backfill_jobs where id = $1' },
  ]);
});

test('the conditions that are put in have it', () => {
  for (const [condition, file] of Object.entries(conditions)) {
    const name = /\w+/.exec(condition)![0];
    const code = readFileSync(join(folder, file), 'utf8');
    const definition = new RegExp(
      `export (?:const ${name}\\b[\\s\\S]*?\`;|function ${name}\\b[\\s\\S]*?\\n})`,
    ).exec(code)![0];
    expect([condition, carried.test(definition)]).toEqual([condition, true]);
  }
});

test('every exception is one', () => {
  for (const { file, text } of exceptions) {
    const own = statements.filter((one) => one.file === file && !carried.test(one.text));
    expect(own.some((one) => text.test(one.text))).toBe(true);
  }
});

// Row-level security is the second lock; the first is in every statement, and it is what a database that is sharded by tenants routes by.
test('every statement carries the tenant', () => {
  const bare = statements.filter(
    ({ file, text }) =>
      !carried.test(text) &&
      !Object.keys(conditions).some((condition) => text.includes(condition)) &&
      !exceptions.some((one) => one.file === file && one.text.test(text)),
  );
  expect(
    bare.map(({ file, text }) => `${file}: ${text.replace(/\s+/g, ' ').slice(0, 120)}`),
  ).toEqual([]);
});
