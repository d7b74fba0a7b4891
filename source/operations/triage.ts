import type { Database, Query } from '../database/database.ts';
import { readClock } from '../database/queries/read-clock.ts';
import { checkNamed, checks, findRows } from '../database/queries/triage/checks.ts';
import { type Check, definitionOf } from '../database/queries/triage/sql.ts';
import { type Thresholds, thresholdDefaults } from '../domain/thresholds.ts';
import {
  type CheckContext,
  type CheckName,
  type CheckSummary,
  type Finding,
  type TriageReport,
  worstOf,
} from '../domain/triage.ts';

export type TriageOptions = {
  thresholds?: Thresholds;
  /** Only this job; null or absent: all of the tenant. */
  job?: string | null;
};

/** Rows of a check that are read: above it, it says "so many or more". */
export const mostRows = 200;

/** Every check of the runbooks, with how much it finds and the worst of it. */
export function triage(
  db: Database,
  tenant: string,
  options: TriageOptions = {},
): Promise<TriageReport> {
  return db.read(tenant, async (query) => {
    const context = contextOf(tenant, options);
    const summaries: CheckSummary[] = [];
    for (const check of checks) summaries.push(await summaryOf(query, check, context));
    return {
      as_of: await readClock(query),
      tenant_id: tenant,
      job_id: context.job,
      checks: summaries,
    };
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

async function summaryOf(query: Query, check: Check, context: CheckContext): Promise<CheckSummary> {
  const definition = definitionOf(check, context);
  const sql = check.sql(context);
  const rows = await findRows(query, sql, check.columns);
  const truncated = rows.length >= context.limit;
  return {
    check: definition,
    found: truncated ? context.limit - 1 : rows.length,
    truncated,
    worst: worstOf(definition, rows),
    sql,
  };
}

function contextOf(tenant: string, options: TriageOptions): CheckContext {
  const { thresholds = thresholdDefaults, job = null } = options;
  return { tenant, thresholds, job, limit: mostRows + 1 };
}
