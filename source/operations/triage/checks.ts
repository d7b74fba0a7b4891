import type { Database, Query } from '../../database/database.ts';
import { countJobs } from '../../database/queries/list-jobs.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { checkNamed, checks, findRows } from '../../database/queries/triage/checks.ts';
import { type Check, definitionOf } from '../../database/queries/triage/sql.ts';
import {
  type CheckContext,
  type CheckName,
  type CheckSummary,
  type Finding,
  type FoundRow,
  worstOf,
} from '../../domain/triage/checks.ts';
import type { TriageReport } from '../../domain/triage/report.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { readEscalations } from './escalations.ts';

export type TriageOptions = {
  thresholds?: Thresholds;
  /** Only this job; null or absent: all of the tenant. */
  job?: string | null;
};

/** Rows of a check that are read: above it, it says "so many or more". */
export const maxRows = 200;

/** Every check of the runbooks, with how much it finds and the worst of it. */
export function triage(
  db: Database,
  tenant: string,
  options: TriageOptions = {},
): Promise<TriageReport> {
  return db.read(tenant, async (query) => {
    const context = contextOf(tenant, options);
    const summaries: CheckSummary[] = [];
    const found: Partial<Record<CheckName, readonly FoundRow[]>> = {};
    for (const check of checks) {
      const { summary, rows } = await summaryOf(query, check, context);
      summaries.push(summary);
      found[check.name] = rows;
    }
    const as_of = await readClock(query);
    const { running = 0 } = await countJobs(query, tenant, maxRows);
    const escalations = await readEscalations(query, tenant, { as_of, found, running });
    return { as_of, tenant_id: tenant, job_id: context.job, checks: summaries, escalations };
  });
}

/** The rows of one check, with the statement that found them. Of one job: the runbook's own statement, where it has one for a job. */
export function triageCheck(
  db: Database,
  tenant: string,
  name: CheckName,
  options: TriageOptions = {},
): Promise<Finding> {
  return db.read(tenant, async (query) => {
    const check = checkNamed(name);
    const context = contextOf(tenant, options);
    const as_of = await readClock(query);
    return { as_of, tenant_id: tenant, ...(await findingOf(query, check, context)) };
  });
}

/** What a check finds, inside a transaction. */
export async function findingOf(
  query: Query,
  check: Check,
  context: CheckContext,
): Promise<Omit<Finding, 'as_of' | 'tenant_id'>> {
  const { job, limit } = context;
  const asked = job !== null && check.evidence ? check.evidence : check;
  const columns = asked.columns;
  const sql = asked.sql({ ...context, job: job as string });
  const rows = await findRows(query, sql, columns);
  return {
    check: definitionOf(check, context),
    job_id: job,
    columns,
    sql,
    rows: rows.slice(0, limit - 1),
    truncated: rows.length >= limit,
  };
}

async function summaryOf(
  query: Query,
  check: Check,
  context: CheckContext,
): Promise<{ summary: CheckSummary; rows: FoundRow[] }> {
  const definition = definitionOf(check, context);
  const sql = check.sql(context);
  const rows = await findRows(query, sql, check.columns);
  const truncated = rows.length >= context.limit;
  const found = truncated ? context.limit - 1 : rows.length;
  const worst = worstOf(definition, rows);
  return { summary: { check: definition, found, truncated, worst, sql }, rows };
}

export function contextOf(tenant: string, options: TriageOptions): CheckContext {
  const { thresholds = thresholdDefaults, job = null } = options;
  return { tenant, thresholds, job, limit: maxRows + 1 };
}
