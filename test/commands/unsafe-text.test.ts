import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { escapeUnsafe, jsonText } from '../../source/domain/text/safe-json.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

/** C1 controls, a bidirectional override, zero-width, private and unpaired: each is kept as an escape. */
const hostile = 'or\u009b31m\u202eders\u200b\u2066\ufeff\ue000\u{e0041}';
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u;

let operator: Operator;
let id: string;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset(hostile);
  id = await operator.job({ asset: hostile, partitions: ['k'] }, { state: 'running' });
});
afterAll(() => operator.close());

test('C11: JSON contains no terminal controls, and keeps every value', async () => {
  const variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  const lines: [name: string, line: string[]][] = [
    ['pause', ['pause', id, '--reason', hostile]],
    ['list', ['list']],
    ['status', ['status', id]],
    ['events', ['events', id]],
    ['explain', ['explain', id]],
    ['export', ['export', id]],
    ['handoff', ['handoff']],
    ['assets', ['assets']],
    ['plan', ['plan', 'cancel', 'state:paused', '--reason', hostile]],
  ];
  for (const [name, line] of lines) {
    const { stdout } = await run([...line, '--json'], variables);
    expect([name, unsafe.exec(stdout)]).toEqual([name, null]);
    const document = documentOf(name, stdout);
    // One that says what it did names the job only.
    if (name !== 'pause') expect(JSON.stringify(document)).toContain(hostile);
  }
  const { stdout } = await run(['plan', 'cancel', 'state:paused', '--reason', hostile], variables);
  expect(unsafe.exec(stdout)).toBeNull();
  expect(documentOf('plan', stdout).reason).toBe(hostile);
  const { stderr } = await run(['list', '--asset', hostile.slice(0, -3), '--json'], variables);
  expect(unsafe.exec(stderr)).toBeNull();
});

test('C11: escaped JSON has the same values', () => {
  fc.assert(
    fc.property(
      fc.anything({ withNullPrototype: false }),
      fc.string({ unit: 'binary' }),
      (value, text) => {
        const whole = JSON.parse(JSON.stringify({ value, text }));
        const json = jsonText(whole, 2);
        expect(JSON.parse(json)).toEqual(whole);
        expect(unsafe.exec(json)).toBeNull();
        expect(escapeUnsafe(json)).toBe(json);
      },
    ),
  );
});
