import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findingText, reportText } from '../../source/commands/diagnose/triage-text.ts';
import { checkNames } from '../../source/domain/triage/checks.ts';
import { listAlerts } from '../../source/operations/triage/alerts.ts';
import { triage, triageCheck } from '../../source/operations/triage/checks.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import { alertsText } from '../../source/presentation/triage/alert-text.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';
import { run as sql } from '../support/roles.ts';

let operator: Operator;
let variables: Record<string, string>;
let stuck: string;

beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'a_very_long_name_of_an_asset_that_takes_all_the_room_there_is']) {
    await operator.asset(asset, 'day');
  }
  variables = { DATABASE_URL: urlOf(operator.database.app), TENANT_ID: 'acme' };
  stuck = await operator.job(
    { asset: 'orders', partitions: ['a', 'b', 'c'] },
    { state: 'running' },
  );
  await operator.sql(
    `update backfill_jobs set heartbeat_at = now() - interval '14 minutes', started_at = now() - interval '1 hour', completed_partitions = 1,
       failed_partitions = 1, checkpoint_partition_key = 'a', claimed_by = 'web-2:64:x' where id = $1`,
    [stuck],
  );
  await operator.sql(
    `update backfill_partitions set state = case partition_key when 'a' then 'completed' else 'failed' end, error_message = E'no \\u001b[31mroute', attempt_count = 3
     where partition_key <> 'c'`,
  );
  await operator.job(
    {
      asset: 'a_very_long_name_of_an_asset_that_takes_all_the_room_there_is',
      partitions: ['a'],
      sla_deadline: '+1h',
    },
    { avg_partition_duration_ms: 7_200_000 },
  );
});
afterAll(() => operator.close());

const servo = (line: string, more: Record<string, string> = {}) =>
  run(line.split(' ').filter(Boolean), { ...variables, ...more });
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('triage', () => {
  test('every check on a line, with how many and the worst', async () => {
    const { code, stdout } = await servo('triage');
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(checkNames.length + 1);
    expect(lines[1]).toMatch(
      /^ +1 {2}Stuck: heartbeat stale > 2m .* orders, 14m .*backfill-operations, "Scenario: Job Stuck with Stale Heartbeat"$/,
    );
    expect(lines.find((line) => line.includes('Failure rate'))).toMatch(/^ +0 /);
  });

  test('as JSON, as its schema says', async () => {
    const { checks } = documentOf('triage', (await servo('triage --json')).stdout);
    expect(checks[0]).toMatchObject({
      check: { name: 'stuck', section: { runbook: 'backfill-operations' } },
      found: 1,
      worst: { job_id: stuck, asset_name: 'orders' },
    });
  });

  test('one check: rows, meaning, remedies with the job’s id in them', async () => {
    const { stdout } = await servo('triage stuck');
    expect(stdout).toContain('The executor crashed, was terminated or was cut off');
    expect(stdout).toContain('web-2:64:x');
    expect(stdout).toContain(`    servo-tui reclaim ${stuck.slice(0, 8)}\n`);
    const { rows } = documentOf('triage CHECK', (await servo('triage stuck --json')).stdout);
    expect(rows).toMatchObject([{ job_id: stuck, state: 'running', cells: { progress: '1/3' } }]);
  });

  // Was "servo-tui status JOB" and "not now: this is not a job", of the job that had been named.
  test('of one job: the actions that are possible for it', async () => {
    const { stdout } = await servo(`triage failed-partitions --job ${stuck}`);
    for (const command of [`status ${stuck.slice(0, 8)}`, `retry ${stuck.slice(0, 8)}`])
      expect(stdout).toContain(`    servo-tui ${command}\n`);
    expect(stdout).not.toMatch(/not now|JOB\b/);
  });

  test('of one job: the runbook’s own question, and no escape sequence', async () => {
    const { stdout } = await servo(`triage failed_partitions --job ${stuck.slice(0, 8)}`);
    expect(stdout).toMatch(/^KEY +ATTEMPTS +ERROR +FAILED\nb +3 +no route/m);
    expect(stdout).not.toContain('\u001b');
    const { job_id, checks } = documentOf(
      'triage',
      (await servo(`triage --job ${stuck} --json`)).stdout,
    );
    expect(job_id).toBe(stuck);
    expect(
      checks
        .filter((one: { found: number }) => one.found > 0)
        .map((one: { check: { name: string } }) => one.check.name),
    ).toEqual(['stuck', 'no-executor', 'failed-partitions', 'bulk-reclaim']);
  });

  test('--sql prints what psql can run', async () => {
    const { stdout } = await servo('triage stuck --sql');
    expect(stdout).toMatch(
      /^-- Stuck: heartbeat stale > 2m\nSET app\.current_tenant = 'acme';\nSELECT id, asset_name, state,\n/,
    );
    expect(await sql(operator.database.app, stdout)).toMatchObject([{ id: stuck }]);
    const all = await servo('triage --sql');
    expect(all.stdout.match(/^SET app\.current_tenant/gm)).toHaveLength(checkNames.length);
    await sql(operator.database.app, all.stdout);
  });

  test('--exit-code: 10 if there are findings, except notices', async () => {
    expect((await servo('triage --exit-code')).code).toBe(10);
    expect((await servo('triage stuck --exit-code')).code).toBe(10);
    expect((await servo('triage resuming --exit-code')).code).toBe(0);
    expect((await servo('triage --exit-code --tenant stranger')).code).toBe(8);
  });

  test('the thresholds are variables', async () => {
    const line = 'triage stuck --exit-code';
    expect((await servo(line, { SERVO_HEARTBEAT_STALE: '15m' })).code).toBe(0);
    const wrong = await servo(line, { SERVO_HEARTBEAT_STALE: 'old' });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('a duration, e.g. 2m')]);
  });

  test('a bulk recovery shows the runbook’s statement, for this tenant', async () => {
    const { stdout } = await servo('triage bulk-reclaim');
    const statement = linesOf(stdout.slice(stdout.indexOf('    SET app')))
      .filter((line) => line.startsWith('    '))
      .join('\n');
    expect(statement).toMatch(/^ {4}SET app\.current_tenant = 'acme';\n {4}UPDATE backfill_jobs\n/);
    expect(
      await sql(
        operator.database.app,
        `begin; ${statement.slice(0, statement.indexOf(';', 60) + 1)}`,
      ),
    ).toEqual([{ id: stuck, asset_name: 'orders' }]);
  });

  test('a wrong name gets the nearest, an unknown job 3', async () => {
    const { code, stderr } = await servo('triage stcuk');
    expect([code, stderr]).toEqual([2, expect.stringContaining('did you mean stuck?')]);
    const error = errorDocument(await servo('triage failedpartitions --json'));
    expect(error.hint).toContain('did you mean failed-partitions?');
    expect((await servo('triage --job 00000000-0000-4000-8000-000000000000')).code).toBe(3);
  });

  test.each([40, 80, 120])('nothing wraps at %i columns', async (width) => {
    const options = { width, zone: 'utc' } as const;
    const texts = [reportText(await triage(operator.db, 'acme'), options)];
    for (const name of checkNames) {
      texts.push(findingText(await triageCheck(operator.db, 'acme', name), options));
    }
    texts.push(alertsText(await listAlerts(operator.db, 'acme'), options));
    for (const line of texts.flatMap(linesOf)) {
      // Commands and statements are to be copied: they stay whole.
      if (!line.startsWith('    ')) expect(widthOf(line), line).toBeLessThanOrEqual(width);
    }
  });
});

describe('explain', () => {
  test('walks the whole tree: scenario, evidence, recommendation, escalation', async () => {
    const { code, stdout } = await servo(`explain ${stuck}`);
    expect(code).toBe(0);
    expect(stdout).toContain('scenario     Stuck: heartbeat stale > 2m\n');
    expect(stdout).toContain('             servo-tui --worker\n');
    const ran = await servo(`explain ${stuck} --json --exit-code`);
    expect(ran.code).toBe(10);
    expect(documentOf('explain', ran.stdout)).toMatchObject({
      clause: 'no_executor',
      scenario: 'stuck',
      recommendation: { action: 'start-executor', ready: null },
      escalations: [{ runbook: 'backfill-operations' }],
    });
  });

  test('nothing wrong: one line, and 0', async () => {
    await operator.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:1:x', 'acme', 'h', 1, '0', 4, '{orders}')`,
    );
    const id = await operator.job({ asset: 'orders', partitions: ['z'] });
    const { code, stdout } = await servo(`explain ${id} --exit-code`);
    expect([code, linesOf(stdout)]).toEqual([
      0,
      [`orders ${id.slice(0, 8)} (pending): nothing blocks it: it is claimed within seconds`],
    ]);
    await operator.sql('delete from backfill_executors');
    await operator.sql('delete from backfill_jobs where id = $1', [id]);
  });
});

describe('alerts', () => {
  test('firing or not, with figure, threshold and jobs', async () => {
    const { code, stdout } = await servo('alerts');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^FIRING +ServoBackfillJobStuck +critical +1[4-9]m +> 5m /m);
    expect(stdout).toMatch(new RegExp(`  orders ${stuck.slice(0, 8)} heartbeat 1[4-9]m\n`));
    expect(stdout).toMatch(/^ok +ServoBackfillQueueDepth +warning +– +> 10$/m);
  });

  test('for a script: JSON, and exit code 10 while one fires', async () => {
    const ran = await servo('alerts --exit-code --json');
    expect(ran.code).toBe(10);
    const { alerts } = documentOf('alerts', ran.stdout);
    expect(alerts[0]).toMatchObject({
      name: 'ServoBackfillJobStuck',
      firing: true,
      threshold: { value: 300, kind: 'seconds' },
      jobs: [{ job_id: stuck }],
    });
  });
});

test('C1: a report of a tenant without visible rows is never an all-clear', async () => {
  const rows: readonly [line: string, code: number][] = [
    ['triage', 0],
    ['triage --exit-code', 8],
    ['triage stuck --exit-code', 8],
    ['alerts', 0],
    ['alerts --exit-code', 8],
    ['doctor --exit-code', 8],
    ['handoff', 0],
    ['executors', 0],
    ['review', 0],
    ['risk', 0],
    ['events', 0],
    ['list', 8],
  ];
  const told = await Promise.all(
    rows.map(async ([line, code]) => {
      const ran = await servo(`${line} --json --tenant acmee`);
      expect([line, ran.code]).toEqual([line, code]);
      const name = line.replace(/ --.*/, '').replace('triage stuck', 'triage CHECK');
      const { visible, diagnosis } = documentOf(name, ran.stdout);
      return [line, visible ?? diagnosis.visible, ran.stderr];
    }),
  );
  expect(told.filter(([, visible]) => visible !== false)).toEqual([]);
  const silent = told.filter(([, , stderr]) => !`${stderr}`.includes('This is not an all-clear'));
  expect(silent.map(([line]) => line)).toEqual(['doctor --exit-code']);
  const seen = await servo('list --json');
  expect([seen.code, documentOf('list', seen.stdout).visible, seen.stderr]).toEqual([0, true, '']);
});
