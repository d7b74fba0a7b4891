import type { Database } from '../database/database.ts';
import { explainJob as readFacts } from '../database/queries/explain-job.ts';
import { countJobs } from '../database/queries/list-jobs.ts';
import { checkNamed, checks, findRows } from '../database/queries/triage/checks.ts';
import { definitionOf } from '../database/queries/triage/sql.ts';
import type { Escalation } from '../domain/escalation.ts';
import { type Clause, type ExplainFacts, explain } from '../domain/explain.ts';
import {
  type Held,
  type Recommendation,
  recommend,
  recommendByClause,
  scenarioOf,
} from '../domain/recommend.ts';
import type { Thresholds } from '../domain/thresholds.ts';
import type { CheckName, Finding, FoundRow } from '../domain/triage.ts';
import { readEscalations } from './escalations.ts';
import { noSuchJob } from './get-job.ts';
import { contextOf, findingOf, mostRows } from './triage.ts';

export type Explanation = {
  as_of: Date;
  tenant_id: string;
  /** What keeps the job from running, or that it runs. */
  clause: Clause;
  facts: ExplainFacts;
};

/** Which clause keeps a job from running. @throws ServoError not_found */
export async function explainJob(db: Database, tenant: string, id: string): Promise<Explanation> {
  const facts = await db.read(tenant, (query) => readFacts(query, tenant, id));
  if (facts === null) throw noSuchJob(id);
  return { as_of: facts.as_of, tenant_id: tenant, clause: explain(facts), facts };
}

/** The runbooks' whole tree walked for one job. */
export type JudgedJob = Explanation & {
  /** The checks that hold for it, in the order of triage. */
  held: readonly (Held & { sql: string })[];
  /** The one that names the runbook's scenario; null where nothing is wrong. */
  scenario: CheckName | null;
  /** What the runbook asks of one job in that scenario, with its rows. */
  evidence: Pick<Finding, 'columns' | 'rows' | 'sql' | 'truncated'> | null;
  recommendation: Recommendation | null;
  escalations: readonly Escalation[];
};

/** Rows of evidence. */
const mostEvidence = 20;

/**
 * Which checks hold for the job, the scenario that they come to, its evidence, what the runbook recommends, and whether escalation is
 * due.
 * @throws ServoError not_found
 */
export function judgeJob(
  db: Database,
  tenant: string,
  id: string,
  thresholds?: Thresholds,
): Promise<JudgedJob> {
  return db.read(tenant, async (query) => {
    const facts = await readFacts(query, tenant, id);
    if (facts === null) throw noSuchJob(id);
    const context = contextOf(tenant, { job: id, ...(thresholds && { thresholds }) });
    const held: (Held & { sql: string })[] = [];
    const found: Partial<Record<CheckName, readonly FoundRow[]>> = {};
    for (const check of checks) {
      const sql = check.sql(context);
      const rows = await findRows(query, sql, check.columns);
      found[check.name] = rows;
      if (rows.length > 0) held.push({ check: definitionOf(check, context), rows, sql });
    }
    const clause = explain(facts);
    const scenario = scenarioOf(held);
    const { running = 0 } = await countJobs(query, tenant, mostRows);
    return {
      as_of: facts.as_of,
      tenant_id: tenant,
      clause,
      facts,
      held,
      scenario: scenario?.check.name ?? null,
      evidence:
        scenario === null || checkNamed(scenario.check.name).evidence === undefined
          ? null
          : await findingOf(query, checkNamed(scenario.check.name), {
              ...context,
              limit: mostEvidence + 1,
            }),
      recommendation:
        scenario === null ? recommendByClause(clause, facts) : recommend(scenario, facts),
      escalations: await readEscalations(query, tenant, { as_of: facts.as_of, found, running }),
    };
  });
}

/** What has become of the checks that held for a job. */
export type Verification = {
  as_of: Date;
  tenant_id: string;
  job_id: string;
  state: string;
  version: number;
  checks: readonly { name: CheckName; title: string; holds: boolean; row: FoundRow | null }[];
  /** None of them holds any more. */
  helped: boolean;
};

/** Whether an action has helped: asks the checks that held before it again. @throws ServoError not_found */
export function verifyJob(
  db: Database,
  tenant: string,
  id: string,
  names: readonly CheckName[],
  thresholds?: Thresholds,
): Promise<Verification> {
  return db.read(tenant, async (query) => {
    const facts = await readFacts(query, tenant, id);
    if (facts === null) throw noSuchJob(id);
    const context = contextOf(tenant, { job: id, ...(thresholds && { thresholds }) });
    const asked: Verification['checks'][number][] = [];
    for (const name of names) {
      const check = checkNamed(name);
      const [row = null] = await findRows(query, check.sql(context), check.columns);
      const { title } = definitionOf(check, context);
      asked.push({ name, title, holds: row !== null, row });
    }
    return {
      as_of: facts.as_of,
      tenant_id: tenant,
      job_id: id,
      state: facts.state,
      version: facts.version,
      checks: asked,
      helped: asked.every(({ holds }) => !holds),
    };
  });
}
