import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let folder: string;
let made = 0;

beforeAll(async () => {
  operator = await Operator.open();
  folder = await mkdtemp(join(tmpdir(), 'servo-plan-'));
});
afterAll(async () => {
  await operator.close();
  await rm(folder, { recursive: true });
});

const servo = (words: readonly string[], more: { as?: string; input?: string } = {}) =>
  run(
    words,
    {
      DATABASE_URL: urlOf(operator.database.app),
      TENANT_ID: 'acme',
      SERVO_ACTOR: more.as ?? 'mara',
    },
    more.input,
  );
const stateOf = (id: string) =>
  operator.value<string>('select state from backfill_jobs where id = $1', [id]);

async function jobs(...states: string[]): Promise<{ asset: string; ids: string[] }> {
  const asset = `asset${made++}`;
  await operator.asset(asset);
  const ids: string[] = [];
  for (const [index, state] of states.entries()) {
    ids.push(await operator.job({ asset, partitions: [`k${index}`] }, { state }));
  }
  return { asset, ids };
}

async function fileOf(text: string): Promise<string> {
  const file = join(folder, `plan${made++}.json`);
  await writeFile(file, text);
  return file;
}

test('plan > plan.json, then apply by another operator: fits the schemas, with a result for each job', async () => {
  const { asset, ids } = await jobs('running', 'paused', 'running');
  const planned = await servo(['plan', 'pause', `asset:${asset}`, '--reason', 'SLA at risk']);
  expect(planned).toMatchObject({ code: 0 });
  expect(planned.stderr).toMatch(/^plan \w{8}: pause 2 of 3 jobs\n$/);
  const plan = documentOf('plan', planned.stdout);
  expect(plan.jobs).toHaveLength(3);
  expect(await stateOf(ids[0]!)).toBe('running');

  const file = await fileOf(planned.stdout);
  const applied = await servo(['apply', file, '--yes', '--json'], { as: 'jo' });
  expect(applied.code).toBe(0);
  const { results, plan_id } = documentOf('apply', applied.stdout);
  expect(plan_id).toBe(plan.id);
  expect(results.map((one: { result: string }) => one.result).sort()).toEqual([
    'applied',
    'applied',
    'skipped',
  ]);
  expect(await Promise.all(ids.map(stateOf))).toEqual(['paused', 'paused', 'paused']);

  const again = await servo(['apply', file, '--yes']);
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('already done by this plan');
  expect(again.stdout).toMatch(/\n3 jobs: 0 applied, 3 skipped, 0 failed\n$/);
});

test('exit 7 if a job has changed since; the others are applied', async () => {
  const { asset, ids } = await jobs('running', 'running');
  const planned = await servo(['plan', 'pause', `asset:${asset}`]);
  await operator.sql(
    `update backfill_jobs set state = 'completed', version = version + 1 where id = $1`,
    [ids[0]],
  );
  const { code, stdout } = await servo(['apply', '-', '--yes'], { input: planned.stdout });
  expect(code).toBe(7);
  expect(stdout).toContain('(already completed');
  expect(await stateOf(ids[1]!)).toBe('paused');
});

test('set with parameters, by plan', async () => {
  const { asset, ids } = await jobs('running');
  const line = ['plan', 'set', `asset:${asset}`, '--priority', '9', '--deadline', '+2h'];
  const planned = await servo(line);
  expect(planned.stderr).toMatch(/set 1 job \(priority 9, deadline \d{4}-.*Z\)/);
  const { code } = await servo(['apply', '-', '--yes'], { input: planned.stdout });
  expect(code).toBe(0);
  expect(await operator.value('select priority from backfill_jobs where id = $1', [ids[0]])).toBe(
    9,
  );
});

describe('nothing is applied', () => {
  const unchanged = async (words: readonly string[], input = '') => {
    const { asset, ids } = await jobs('running');
    const planned = await servo(['plan', 'pause', `asset:${asset}`]);
    const ran = await servo(words, { input: input || planned.stdout });
    expect(await stateOf(ids[0]!)).toBe('running');
    return ran;
  };

  test('without a yes', async () => {
    const ran = await unchanged(['apply', '-', '--json']);
    expect(ran.code).toBe(2);
    expect(errorDocument(ran).hint).toBe('--yes');
  });

  test('under --read-only', async () => {
    expect((await unchanged(['apply', '-', '--yes', '--read-only'])).code).toBe(4);
  });

  test('of what is not a plan', async () => {
    const { asset } = await jobs('running');
    const planned = await servo(['plan', 'pause', `asset:${asset}`]);
    // The server ends the connection for a NUL.
    const nul = JSON.stringify({ ...JSON.parse(planned.stdout), reason: 'a\0b' });
    for (const text of ['no json', '{}', '{"plan": 2}', '[]', nul]) {
      const ran = await unchanged(['apply', '-', '--yes', '--json'], text);
      expect(ran.code).toBe(2);
      expect(errorDocument(ran).message).toMatch(/^stdin is not a plan: /);
    }
    expect((await unchanged(['apply', '/nowhere/plan.json', '--yes'])).code).toBe(2);
  });

  test('of a plan that has expired', async () => {
    const { asset, ids } = await jobs('running');
    const planned = await servo(['plan', 'pause', `asset:${asset}`, '--expires', '1ms']);
    const ran = await servo(['apply', '-', '--yes'], { input: planned.stdout });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('this plan expired ');
    expect(await stateOf(ids[0]!)).toBe('running');
  });
});

test('mistakes of a plan are reported with what is expected', async () => {
  const wrong = await servo(['plan', 'puase', '--expires', 'never', '--json']);
  expect(wrong.code).toBe(2);
  expect(errorDocument(wrong)).toMatchObject({
    problems: [
      {
        message: 'unknown action "puase"',
        hint: expect.stringMatching(/^did you mean pause\? known are pause, /),
      },
      { message: 'invalid --expires "never": expected a duration up to 7d, e.g. 30m or 4h' },
      { message: 'plan: missing argument FILTER' },
    ],
  });
  expect((await servo(['plan', 'cancel', 'state:running'])).stderr).toContain(
    'cancel requires a reason',
  );
});
