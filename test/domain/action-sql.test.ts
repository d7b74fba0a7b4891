import { expect, test } from 'vitest';
import { actionSql } from '../../source/domain/job/action-sql.ts';
import { aJob } from '../support/jobs.ts';

test('the statement is compare-and-set on id, tenant, state and version', () => {
  expect(actionSql('pause', aJob({ version: 7 }))).toBe(
    [
      "UPDATE backfill_jobs SET state = 'paused', paused_at = now(), version = version + 1",
      "WHERE id = '00000001-0000-4000-8000-000000000000' AND tenant_id = 'acme'",
      "  AND state = 'running' AND version = 7;",
    ].join('\n'),
  );
});

test('a quote in a tenant stays inside its literal', () => {
  expect(actionSql('cancel', aJob({ tenant_id: "o'hara' --" }))).toContain(
    "tenant_id = 'o''hara'' --'",
  );
});
