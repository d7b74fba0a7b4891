import type { Database, Query } from '../../database/database.ts';
import { explainJob as readFacts } from '../../database/queries/explain-job.ts';
import { countJobs } from '../../database/queries/list-jobs.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { checkNamed, checks, findRows } from '../../database/queries/triage/checks.ts';
import { definitionOf } from '../../database/queries/triage/sql.ts';
import { adviseOn } from '../../domain/advice/advise.ts';
import { inputOf, namesIn } from '../../domain/advice/board-advice.ts';
import type { CheckName, FoundRow } from '../../domain/triage/checks.ts';
import { explain } from '../../domain/triage/explain.ts';
import type { DiagnosedJob, Explanation, Verification } from '../../domain/triage/explanation.ts';
import { likelyCauses } from '../../domain/triage/failure-cause.ts';
import {
  type CheckFinding,
  recommend,
  recommendByClause,
  recommendByForecast,
  scenarioOf,
} from '../../domain/triage/recommend.ts';
import type { Thresholds } from '../../domain/triage/thresholds.ts';
import { limitsOf } from '../advice/advise.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { contextOf, findingOf, maxRows } from './checks.ts';
import { readEscalations } from './escalations.ts';

/** Which clause keeps a job from running. @throws ServoError not_found */
export async function explainJob(db: Database, tenant: string, id: string): Promise<Explanation> {
  const facts = await db.read(tenant, (query) => readFacts(query, tenant, id));
  if (facts === null) throw noSuchJob(id);
  return { as_of: facts.as_of, tenant_id: tenant, clause: explain(facts), facts };
}

const maxEvidence = 20;

/**
 * The checks that hold for the job, the scenario they amount to, its evidence, the runbook's
 * recommendation, and due escalations.
 * @throws ServoError not_found
 */
export function assessJob(
  db: Database,
  tenant: string,
  id: string,
  thresholds?: Thresholds,
): Promise<DiagnosedJob> {
  return db.read(tenant, async (query) => {
    const facts = await readFacts(query, tenant, id);
    if (facts === null) throw noSuchJob(id);
    const context = contextOf(tenant, { job: id, ...(thresholds && { thresholds }) });
    const findings: (CheckFinding & { sql: string })[] = [];
    const found: Partial<Record<CheckName, readonly FoundRow[]>> = {};
    for (const check of checks) {
      const sql = check.sql(context);
      const rows = await findRows(query, sql, check.columns);
      found[check.name] = rows;
      if (rows.length > 0) findings.push({ check: definitionOf(check, context), rows, sql });
    }
    const clause = explain(facts);
    const scenario = scenarioOf(findings);
    const { running = 0 } = await countJobs(query, tenant, maxRows);
    const evidence =
      scenario === null || checkNamed(scenario.check.name).evidence === undefined
        ? null
        : await findingOf(query, checkNamed(scenario.check.name), {
            ...context,
            limit: maxEvidence + 1,
          });
    const advice = isLate(scenario?.check.name) ? await adviceOn(query, tenant, id) : null;
    return {
      as_of: facts.as_of,
      tenant_id: tenant,
      clause,
      facts,
      findings,
      scenario: scenario?.check.name ?? null,
      evidence,
      causes: likelyCauses(evidence?.rows.map(errorOf) ?? []),
      recommendation:
        scenario === null
          ? recommendByClause(clause, facts)
          : recommendByForecast(recommend(scenario, facts), advice, facts),
      advice,
      escalations: await readEscalations(query, tenant, { as_of: facts.as_of, found, running }),
    };
  });
}

/** Scenarios that call for a remedy by the forecast. */
function isLate(scenario: CheckName | undefined): boolean {
  return scenario === 'at-risk' || scenario === 'breached';
}

async function adviceOn(query: Query, tenant: string, id: string): Promise<DiagnosedJob['advice']> {
  const row = await readJob(query, tenant, id);
  const snapshot = await readSnapshot(query, tenant);
  if (row === null) return null;
  const job = await viewOneJob(query, tenant, row, snapshot.as_of);
  const advice = adviseOn(id, inputOf(snapshot, [job]));
  if (advice === null) return null;
  const limits = await limitsOf(query, tenant, snapshot, advice.remedies);
  return { ...advice, names: namesIn({ snapshot }, advice), limits };
}

function errorOf({ cells }: FoundRow): string | null {
  return typeof cells.error_message === 'string' ? cells.error_message : null;
}

/** Runs the checks again after an action. @throws ServoError not_found */
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
