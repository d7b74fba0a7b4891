import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeReport } from '../../source/app/reports.ts';
import { lastIdBefore } from '../../source/database/queries/read-reports.ts';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { readHandoff } from '../../source/operations/reports/hand-off.ts';
import { documentOf, run, urlOf } from '../support/cli.ts';
import { author, Operator } from '../support/operator.ts';

const hostile = 'evil\x1b[2J `code` | @here <b>\u202e';
let operator: Operator;
let variables: Record<string, string>;
let id: string;

beforeAll(async () => {
  operator = await Operator.open();
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
  await operator.asset('orders', 'day');
  id = await operator.job(
    { asset: 'orders', start: '2024-01-01', end: '2024-01-31' },
    { state: 'running', failed_partitions: 3, sla_deadline_at: new Date(Date.now() - 60_000) },
  );
  await operator.sql(
    `update backfill_partitions set state = 'failed', available_at = 'infinity', attempt_count = 3, error_message = $2
     where backfill_job_id = $1 and partition_key < '2024-01-04'`,
    [id, `connection refused ${hostile}`],
  );
  await operator.sql(
    `insert into backfill_events (tenant_id, job_id, partition_key, kind, actor, reason)
     select 'acme', $1, '2024-01-01', 'retry', 'web-1:1:x', 'connection refused' from generate_series(1, 7)`,
    [id],
  );
  await actOnJob(operator.db, { ...author, reason: hostile }, { action: 'pause', id });
});
afterAll(() => operator.close());

const servo = (line: string) => run(line.split(' ').filter(Boolean), variables);

describe('export', () => {
  test('one job in Markdown: figures, failures with their cause, who did what and why, escalation', async () => {
    const { code, stdout } = await servo(`export ${id}`);
    expect(code).toBe(0);
    expect(stdout).toContain(`# Incident report: \`orders\` ${id.slice(0, 8)}`);
    expect(stdout).toMatch(/The job is \*\*paused\*\*, 0 of 31 \(0%\) done, 3 partitions failed/);
    expect(stdout).toMatch(/\| 3 \| ``.*\| Upstream data source unavailable \| `2024-01-01`/);
    expect(stdout).toMatch(/\| `mara` \| running → paused \| /);
    expect(stdout).toContain('7 × `retry`');
    expect(stdout).toContain('## Escalation');
    expect(stdout).toContain('## Downstream impact\n\nNo downstream job waits for it.');
  });

  test('hostile text has no effect in it', async () => {
    const { stdout } = await servo(`export ${id}`);
    expect(stdout).not.toMatch(/[\x1b\u202e]/);
    // In code, with a fence that its own ticks do not close, and a bar that does not end the cell.
    expect(stdout).toContain('`` evil `code` \\| @here <b>\uFFFD ``');
    for (const row of stdout.split('\n').filter((line) => line.startsWith('| 20')))
      expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  test('--json is as its schema says; an unknown job is 3', async () => {
    const report = documentOf('export', (await servo(`export ${id.slice(0, 8)} --json`)).stdout);
    expect(report).toMatchObject({
      job: { id, state: 'paused' },
      failures: [{ count: 3, likely_cause: 'upstream_unavailable' }],
      attempts: [{ kind: 'retry', count: 7 }],
    });
    expect(report.timeline.map((event: { to_state: string }) => event.to_state)).toEqual([
      'pending',
      'running',
      'paused',
    ]);
    expect((await servo('export 00000000-0000-4000-8000-000000000000')).code).toBe(3);
  });
});

describe('handoff', () => {
  test('alerts, actions with reasons, jobs at risk and those that ended', async () => {
    const ended = await operator.job({ asset: 'orders', partitions: ['2024-03-01'] });
    await actOnJob(
      operator.db,
      { ...author, reason: 'not needed' },
      { action: 'cancel', id: ended },
    );
    const { code, stdout } = await servo('handoff');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Hand-off of `acme`/);
    expect(stdout).toMatch(/\(8h00m\)/);
    expect(stdout).toMatch(/\| ServoBackfillSLABreach\w* \| critical \|/);
    expect(stdout).toMatch(new RegExp(`\\| \`orders\` ${id.slice(0, 8)} \\| paused .*BREACHED`));
    expect(stdout).toMatch(/`mara` \| `orders` \w{8} \| pending → cancelled \| `not needed`/);
    expect(stdout).toMatch(/`orders` \w{8} \| cancelled \| 0 of 1/);
    expect(stdout).not.toMatch(/[\x1b\u202e]/);
    const summary = documentOf('handoff', (await servo('handoff --json --since 2h')).stdout);
    expect(summary.ended).toMatchObject([{ id: ended, state: 'cancelled' }]);
    expect(summary.attempts).toEqual([{ job_id: id, kind: 'retry', count: 7 }]);
    expect(summary.asset_names[id]).toBe('orders');
    expect(summary.alerts.map((alert: { check: string }) => alert.check)).toContain('breached');
  });

  test('only events of the period', async () => {
    await operator.sql(`update backfill_events set at = at - interval '3 days' where job_id = $1`, [
      id,
    ]);
    const { actions, attempts } = await readHandoff(operator.db, 'acme', { before_ms: 3_600_000 });
    expect(actions.some(({ job_id }) => job_id === id)).toBe(false);
    expect(attempts).toEqual([]);
    const older = await readHandoff(operator.db, 'acme', { before_ms: 4 * 86_400_000 });
    expect(older.actions.some(({ job_id }) => job_id === id)).toBe(true);
    const none = await readHandoff(operator.db, 'globex', { before_ms: 3_600_000 });
    expect(none).toMatchObject({ actions: [], ended: [], alerts: [], findings: [], at_risk: [] });
  });

  test('a bulk action hid other actions, and of many ended jobs only the newest were counted', async () => {
    const made = (await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, state, completed_at, created_by)
       select 'acme', id, name, 'bulk-' || g, case when g <= 2 then 'failed' else 'cancelled' end, now(), 'mara'
       from assets, generate_series(1, 602) g where name = 'orders' returning id`,
    )) as { id: string }[];
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, reason)
       select 'acme', id, 'state', 'pending', 'cancelled', 'zoe', 'wrong range' from backfill_jobs where id = any ($1)`,
      [made.map((one) => one.id)],
    );
    const { stdout } = await servo('handoff');
    expect(stdout).toMatch(
      /\| `zoe` \| 602 jobs: `orders` \| pending → cancelled \| `wrong range` \|/,
    );
    expect(stdout.match(/wrong range/g)).toHaveLength(1);
    expect(stdout).toMatch(/- 60\d jobs ended, 2 of them failed/);
    expect(stdout).toMatch(/\| \d+ jobs: `orders` \| cancelled \|/);
    await operator.sql(`delete from backfill_jobs where idempotency_key like 'bulk-%'`);
    await operator.sql(`delete from backfill_events where actor = 'zoe'`);
  });

  test('a wrong --since is a mistake', async () => {
    for (const since of ['yesterday', '-3h', '0s'])
      expect((await servo(`handoff --since ${since}`)).code).toBe(2);
    expect((await servo('handoff --since 2026-01-31')).code).toBe(0);
  });

  test('--ascii leaves nothing else', async () => {
    for (const line of ['handoff --ascii', `export ${id} --ascii`])
      expect((await servo(line)).stdout).toMatch(/^[\x20-\x7e\n]+$/);
  });
});

test('the beginning of a period is found by bisection', async () => {
  await operator.sql(
    `insert into backfill_events (tenant_id, job_id, kind, actor, at)
     select case when i % 3 = 0 then 'globex' else 'halved' end, $1, 'set', 'x', '2024-01-01'::timestamptz + i * interval '1 minute' from generate_series(1, 500) i`,
    [id],
  );
  const at = (minute: number) => new Date(Date.UTC(2024, 0, 1, 0, minute));
  const after = (moment: Date) =>
    operator.db.read('halved', async (query) => {
      const last = await lastIdBefore(query, 'halved', moment);
      const [row] = await query<{ count: number }>(
        `select count(*)::int as count from backfill_events where tenant_id = 'halved' and id > $1`,
        [last],
      );
      return row!.count;
    });
  const expected = (moment: Date) =>
    operator.value<number>(
      `select count(*)::int from backfill_events where tenant_id = 'halved' and at >= $1`,
      [moment],
    );
  for (const minute of [-5, 0, 1, 2, 3, 77, 250, 499, 500, 501])
    expect(await after(at(minute)), String(minute)).toBe(await expected(at(minute)));
  expect(await operator.db.read('nobody', (query) => lastIdBefore(query, 'nobody', at(0)))).toBe(0);
});

test('the console writes the same to a new file that is its owner’s alone, never over another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'servo-tui-report-'));
  const before = process.cwd();
  process.chdir(folder);
  try {
    const session = {
      tenant: 'acme',
      actor: 'mara',
      thresholds: thresholdDefaults,
      reader: operator.db,
      writer: operator.db,
      close: async () => {},
    };
    const { path, text } = await writeReport(session, { type: 'incident', id });
    expect(basename(path)).toMatch(/^incident-\w{8}-\d{8}T\d{6}Z\.md$/);
    expect(dirname(path)).toBe(process.cwd());
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const handoff = await writeReport(
      { ...session, tenant: '../etc/x' },
      {
        type: 'handoff',
        since_ms: 60_000,
      },
    );
    expect(basename(handoff.path)).toMatch(/^handoff-___etc_x-/);
    expect(existsSync(handoff.path)).toBe(true);
  } finally {
    process.chdir(before);
  }
});
