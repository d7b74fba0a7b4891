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

type TriageOptions = {
  thresholds?: Thresholds;
  /** Null or absent: all jobs of the tenant. */
  job?: string | null;
};

/** Most rows of a check; beyond, its count is a lower bound. */
export const maxRows = 200;

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

/** For one job: the runbook's statement for a job, if it has one. */
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

/** Runs in the caller's transaction. */
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
