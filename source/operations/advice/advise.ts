import { randomUUID } from 'node:crypto';
import type { Author, Database, Query } from '../../database/database.ts';
import { readLimits } from '../../database/queries/limits.ts';
import { readJob, readJobs } from '../../database/queries/read-job.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { readUnfinishedJobs } from '../../database/queries/read-unfinished-jobs.ts';
import { actionsOf } from '../../domain/advice/actions.ts';
import type { Advice, Remedy } from '../../domain/advice/advice.ts';
import { adviseOn } from '../../domain/advice/advise.ts';
import { inputOf, namesIn } from '../../domain/advice/board-advice.ts';
import type { Snapshot } from '../../domain/forecast/snapshot.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { type PlanFile, plannedJob } from '../../domain/plan/plan.ts';
import { type RiskRow, riskRow } from '../../domain/risk/board.ts';
import { forecastsOf } from '../../domain/risk/outlook.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { ServoError } from '../../errors.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewJobs } from '../jobs/view-jobs.ts';

/** A remedy as plans that `apply` takes: one for each action, in order. */
export type PlannedRemedy = Remedy & { plans: readonly PlanFile[] };

export type AdviceReport = Omit<Advice, 'remedies'> & {
  as_of: Date;
  tenant_id: string;
  job: RiskRow;
  remedies: readonly PlannedRemedy[];
  /** Asset names by job id. */
  names: Readonly<Record<string, string>>;
  /** The limits that steps raise, by the steps' index. */
  limits: Readonly<Record<number, { scope: string; name: string }>>;
};

/** How long a remedy's plans may be applied: what they rest on changes. */
const lifetimeMs = 3_600_000;
/** Most jobs whose failures are known to the search. */
const mostJobs = 1000;

/**
 * What brings a job in on time, each remedy with its plans. Changes nothing.
 * @throws ServoError not_found; not_allowed (the job has ended, or waits behind too many)
 */
export function advise(
  db: Database,
  author: Author,
  id: string,
  thresholds: Thresholds = thresholdDefaults,
): Promise<AdviceReport> {
  const { tenant } = author;
  return db.read(tenant, async (query) => {
    const snapshot = await readSnapshot(query, tenant);
    const row = await readJob(query, tenant, id);
    if (row === null) throw noSuchJob(id);
    const rows = [row, ...(await readUnfinishedJobs(query, tenant, mostJobs))];
    const jobs = await viewJobs(query, tenant, rows, snapshot.as_of, thresholds);
    const view = jobs[0]!;
    const advice = adviseOn(id, inputOf(snapshot, jobs));
    if (advice === null) throw notLiving(id, row.state);
    const forecast = forecastsOf(snapshot).get(id) ?? null;
    const { remedies, ...verdict } = advice;
    const planned: PlannedRemedy[] = [];
    for (const remedy of remedies) {
      const plans = await plansOf(query, author, remedy, id, snapshot.as_of);
      planned.push({ ...remedy, plans });
    }
    return {
      ...verdict,
      as_of: snapshot.as_of,
      tenant_id: tenant,
      job: riskRow(view, forecast, null, snapshot.as_of, thresholds.early_warning),
      remedies: planned,
      names: namesIn({ snapshot }, advice),
      limits: await limitsOf(query, tenant, snapshot, remedies),
    };
  });
}

function notLiving(id: string, state: string): ServoError {
  return isTerminal(state)
    ? new ServoError(
        'not_allowed',
        `${shortId(id)} has ended (${state}): nothing can bring it in`,
        {
          hint: `failed partitions run again with: servo-tui retry ${shortId(id)}`,
        },
      )
    : new ServoError('not_allowed', `${shortId(id)} waits behind too many jobs to be forecast`, {
        hint: `see its place with: servo-tui explain ${shortId(id)}`,
      });
}

async function plansOf(
  query: Query,
  author: Author,
  remedy: Remedy,
  about: string,
  asOf: Date,
): Promise<PlanFile[]> {
  const plans: PlanFile[] = [];
  for (const { action, parameters, jobs: ids } of actionsOf(remedy)) {
    const jobs = await readJobs(query, author.tenant, [...ids]);
    plans.push({
      plan: 1,
      id: randomUUID(),
      tenant_id: author.tenant,
      action,
      parameters,
      reason: author.reason?.trim() || `brings ${shortId(about)} in on time`,
      author: author.actor,
      filter: `advise ${shortId(about)}`,
      created_at: asOf,
      expires_at: new Date(asOf.getTime() + lifetimeMs),
      truncated: false,
      jobs: jobs.map((job) => plannedJob(action, job)),
    });
  }
  return plans;
}

/** The snapshot has the jobs that a limit counts, not its name. */
export async function limitsOf(
  query: Query,
  tenant: string,
  snapshot: Snapshot,
  remedies: readonly Remedy[],
): Promise<AdviceReport['limits']> {
  const steps = remedies.flatMap((remedy) => remedy.steps);
  const raised = new Set(steps.flatMap((step) => (step.kind === 'limit' ? [step.limit] : [])));
  if (raised.size === 0) return {};
  const limits = await readLimits(query, tenant);
  const named = [...raised].flatMap((index) => {
    const { assets, max_running } = snapshot.limits[index]!;
    const same = limits.filter((limit) => limit.max_running === max_running);
    const found =
      assets === null
        ? same.find(({ scope }) => scope === 'tenant')
        : (same.find(({ scope, name }) => scope === 'asset' && assets[0] === name) ??
          same.find(({ scope }) => scope === 'asset_type'));
    return found === undefined ? [] : [[index, { scope: found.scope, name: found.name }] as const];
  });
  return Object.fromEntries(named);
}
