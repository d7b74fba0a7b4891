import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withTenant } from '../../../source/database/queries/triage/checks.ts';
import {
  type CheckName,
  checkNames,
  needsAttention,
  remedyRefusal,
} from '../../../source/domain/triage/checks.ts';
import { maxRows, triage, triageCheck } from '../../../source/operations/triage/checks.ts';
import { Operator } from '../../support/operator.ts';
import { run } from '../../support/roles.ts';

/** A tenant's name may be any text. */
const hostile = `o'neil \\ "x"; drop table backfill_jobs; -- \u001b[31m`;
const tenants = ['acme', 'globex', hostile];
let operator: Operator;

// The same problem of every kind in each tenant.
beforeAll(async () => {
  operator = await Operator.open();
  await operator.sql('alter table backfill_jobs disable trigger user');
  for (const tenant of tenants) {
    for (const name of [`orders '; select 1 --`, 'clicks'])
      await operator.asset(name, undefined, tenant);
    const columns =
      'state, created_at, started_at, heartbeat_at, completed_at, paused_at, total_partitions, completed_partitions, failed_partitions, sla_deadline_at, avg_partition_duration_ms, estimated_completion_at, checkpoint_partition_key';
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${columns})
       select tenant_id, a.id, name, gen_random_uuid(), v.* from assets a, (values
         ('running', now() - interval '5 hours', now() - interval '5 hours', now() - interval '11 minutes', null::timestamptz, null::timestamptz, 10, 4, 0, now() - interval '1 hour', null::bigint, now() - interval '1 hour', 'b'),
         ('running', now() - interval '7 minutes', now() - interval '7 minutes', now(), null, null, 10, 0, 0, null, null, null, null),
         ('running', now() - interval '1 minute', now() - interval '1 minute', now(), null, null, 10, 3, 3, now() + interval '1 minute', 60000, now() + interval '4 minutes', 'c'),
         ('resuming', now() - interval '2 hours', now() - interval '2 hours', now() - interval '11 minutes', null, now() - interval '1 hour', 10, 1, 0, null, null, null, null),
         ('paused', now() - interval '2 hours', now() - interval '2 hours', null, null, now() - interval '90 minutes', 10, 1, 0, null, null, null, null),
         ('waiting_upstream', now() - interval '2 hours', null, null, null, null, 10, 0, 0, null, null, null, null)
       ) v where tenant_id = $1 and name <> 'clicks'`,
      [tenant],
    );
    await operator.sql(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, created_at)
       select tenant_id, id, name, gen_random_uuid(), now() - i * interval '1 minute' - interval '1 hour' from assets, generate_series(1, 11) i where tenant_id = $1 and name = 'clicks'`,
      [tenant],
    );
    await operator.sql(
      `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, error_message)
       select gen_random_uuid(), id, tenant_id, k, case k when 'c' then 'failed' else 'pending' end, E'\\u001b]0;owned\\u0007 rm -rf'
       from backfill_jobs, unnest(array['a', 'b', 'c']) k where tenant_id = $1 and state = 'running'`,
      [tenant],
    );
  }
  await operator.sql('alter table backfill_jobs enable trigger user');
});
afterAll(() => operator.close());

const counts: Readonly<Record<CheckName, number>> = {
  stuck: 1,
  'no-progress': 1,
  resuming: 1,
  unclaimed: 12,
  'no-executor': 2,
  'failure-rate': 1,
  'failed-partitions': 1,
  checkpoint: 2,
  eta: 1,
  'eta-missing': 1,
  'wont-resume': 1,
  breached: 1,
  'at-risk': 1,
  'waiting-upstream': 1,
  'long-running': 1,
  'queue-depth': 11,
  'bulk-reclaim': 1,
  'bulk-cancel': 1,
};

describe.each(tenants)('tenant %s', (tenant) => {
  test('every check finds its own, and the report says the worst', async () => {
    const report = await triage(operator.db, tenant);
    expect(report.tenant_id).toBe(tenant);
    expect(report.checks.map(({ check }) => check.name)).toEqual(checkNames);
    expect(
      Object.fromEntries(report.checks.map(({ check, found }) => [check.name, found])),
    ).toEqual(counts);
    for (const { check, found, worst, truncated } of report.checks) {
      expect(truncated).toBe(false);
      expect(worst?.column.name, check.name).toBe(check.figure);
      expect(needsAttention({ check, found })).toBe(check.severity !== 'notice');
    }
    const stuck = report.checks[0]!;
    expect(stuck.worst).toMatchObject({ asset_name: `orders '; select 1 --` });
    expect(Number(stuck.worst!.value)).toBeGreaterThanOrEqual(660);
  });

  test.each(checkNames)(
    '%s: the statement, pasted into psql, gives the same rows',
    async (name) => {
      const finding = await triageCheck(operator.db, tenant, name);
      expect(finding.rows).toHaveLength(counts[name]);
      const text = withTenant(finding.sql, { tenant });
      expect(text).toMatch(/^SET app\.current_tenant = /);
      for (const settings of [operator.database.app, operator.database.superuser]) {
        const rows = await run<{ id: string }>(settings, text);
        expect(rows.map((row) => row.id)).toEqual(finding.rows.map((row) => row.job_id));
        expect(Object.keys(rows[0]!)).toEqual(
          expect.arrayContaining(finding.columns.map((column) => column.name)),
        );
      }
      for (const row of finding.rows) {
        const owner = await operator.value('select tenant_id from backfill_jobs where id = $1', [
          row.job_id,
        ]);
        expect(owner).toBe(tenant);
        expect(row.version).toEqual(expect.any(Number));
        for (const remedy of finding.check.remedies) {
          if (remedy.states !== null) {
            expect(remedyRefusal(remedy, row) === null).toBe(remedy.states.includes(row.state!));
          }
        }
      }
    },
  );
});

test('of one job: only that, and what the runbook asks of it', async () => {
  const [job] = await operator.sql<{ id: string }>(
    `select id from backfill_jobs where tenant_id = 'acme' and state = 'running' and failed_partitions = 3`,
  );
  const report = await triage(operator.db, 'acme', { job: job!.id });
  const found = report.checks.filter((one) => one.found > 0).map(({ check }) => check.name);
  expect(found).toEqual(['failure-rate', 'failed-partitions', 'checkpoint', 'at-risk']);
  const finding = await triageCheck(operator.db, 'acme', 'failed-partitions', { job: job!.id });
  expect(finding.rows.map((row) => row.cells.partition_key)).toEqual(['c']);
  // Another tenant's job is not found.
  const other = await triage(operator.db, 'globex', { job: job!.id });
  expect(other.checks.filter((one) => one.found > 0)).toEqual([]);
});

test('rows beyond the limit are reported', async () => {
  await operator.sql(
    `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, created_at)
     select tenant_id, id, name, gen_random_uuid(), now() - interval '1 hour' from assets, generate_series(1, 250) where tenant_id = 'acme' and name = 'clicks'`,
  );
  const finding = await triageCheck(operator.db, 'acme', 'queue-depth');
  expect([finding.rows.length, finding.truncated]).toEqual([maxRows, true]);
  const { checks } = await triage(operator.db, 'acme');
  expect(checks.find(({ check }) => check.name === 'queue-depth')).toMatchObject({
    found: maxRows,
    truncated: true,
  });
  expect(checks.find(({ check }) => check.name === 'no-executor')).toMatchObject({
    found: 2,
    truncated: false,
  });
});
