import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let variables: Record<string, string>;
let late: string;
let plain: string;

beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders');
  variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  const columns = {
    state: 'running',
    heartbeat_at: new Date(),
    avg_partition_duration_ms: 60_000,
    execution_strategy: { type: 'parallel', max_parallel: 4 },
  };
  const keys = (prefix: string) => Array.from({ length: 60 }, (_, index) => `${prefix}${index}`);
  const deadline = new Date(Date.now() + 45 * 60_000);
  late = await operator.job(
    { asset: 'orders', partitions: keys('a') },
    { ...columns, sla_deadline_at: deadline },
  );
  plain = await operator.job(
    { asset: 'orders', partitions: keys('b') },
    { ...columns, priority: 3 },
  );
  await operator.executor('h:1:x', 2, ['orders']);
  for (const id of [late, plain]) await operator.lease(id, 'h:1:x', 1);
});
afterAll(() => operator.close());

const servo = (line: string) => run(line.split(' ').filter(Boolean), variables);
const read = async (line: string) => documentOf('risk', (await servo(`${line} --json`)).stdout);

describe('risk', () => {
  test('for a script', async () => {
    expect(await read('risk')).toMatchObject({
      slots: { now: 2, what_if: null },
      jobs: [{ id: late, risk_level: 'medium', sla_tier: 'best-effort', what_if: null }],
      others: [{ id: plain, risk_level: 'none' }],
      levels: { now: { medium: 1 }, what_if: null },
      remedies: [{ job_id: late, verdict: 'late', bound_by: 'slots' }],
    });
    expect(await read(`risk ${late} --pause ${plain.slice(0, 8)}`)).toMatchObject({
      jobs: [{ id: late, what_if: { risk_level: 'on_track', victim: false, made_late: false } }],
    });
  });

  test('for a person: the table, then the runbook’s advice', async () => {
    const { code, stdout } = await servo('risk --utc');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^now: 1 at risk \(1 medium risk\), 2 slots\n/);
    expect(stdout).toMatch(/JOB +ID +ETA .*SEVERITY +\(ETA−D\)\/\(D−NOW\) +TIER BUFFER/);
    expect(stdout).toMatch(
      /orders +[0-9a-f]{8} .* late by 1\dm \(MEDIUM \d\d%\) +\S* *= \d+m \/ \d+m +best-effort/,
    );
    expect(stdout).toMatch(
      /\nremedies, by the forecast\norders [0-9a-f]{8}: priority 0 → 4: done /,
    );
    expect(stdout).toContain('Medium risk (20 to 50 %: active intervention needed)');
    expect(stdout).toContain(
      `- pause non-critical jobs: servo-tui risk ${late.slice(0, 8)} --pause`,
    );
  });

  test('for a person: what if', async () => {
    const { stdout } = await servo(`risk ${late} --slots 3 --ascii`);
    expect(stdout).toMatch(/what if: 0 at risk, 1 on track, 2 > 3 slots/);
    expect(stdout).toMatch(/> \d\d:\d\d(\+1)? on track/);
    expect(stdout).toMatch(/-\d+m\n/);
    expect(stdout).toContain('\ncosts: no other job ends later\n');
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/);
  });

  test('mistakes: usage, and what is not there', async () => {
    const several = await servo(`risk --parallel 0 --slots x --json`);
    expect(several.code).toBe(2);
    expect(errorDocument(several).message).toContain('--parallel requires a job');
    expect((await servo('risk 00000000-0000-4000-8000-000000000000')).code).toBe(3);
    expect((await servo('risk --pause 0000')).code).toBe(3);
    expect((await run(['risk', '--help'])).stdout).toMatch(/Examples\n[\s\S]*servo-tui risk/);
  });

  test('nothing to see is said', async () => {
    const { stdout } = await run(['risk', '--tenant', 'stranger'], variables);
    expect(stdout).toBe('no unfinished job of tenant "stranger" has a deadline: check the name\n');
  });
});
