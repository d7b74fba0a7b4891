import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { countAttempts, jobTimeline } from '../../database/queries/read-reports.ts';
import type { IncidentReport } from '../../domain/report/reports.ts';
import { likelyCause } from '../../domain/triage/failure-cause.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { readInsight } from '../jobs/read-insight.ts';
import { viewOneJob } from '../jobs/view-jobs.ts';
import { triage } from '../triage/checks.ts';
import { assessJob } from '../triage/explain-job.ts';

const maxTimeline = 500;

/** @throws ServoError not_found */
export async function exportJob(
  db: Database,
  tenant: string,
  id: string,
  thresholds: Thresholds = thresholdDefaults,
): Promise<IncidentReport> {
  const assessed = await assessJob(db, tenant, id, thresholds);
  const report = await db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const job = await readJob(query, tenant, id);
    if (job === null) throw noSuchJob(id);
    const { failures, ...insight } = await readInsight(query, job, as_of, thresholds);
    return {
      as_of,
      tenant_id: tenant,
      job: await viewOneJob(query, tenant, job, as_of, thresholds),
      timeline: await jobTimeline(query, tenant, id, maxTimeline),
      attempts: await countAttempts(query, tenant, id),
      failures: failures.map((kind) => ({
        ...kind,
        likely_cause: likelyCause(kind.partitions[0]?.error_message ?? null)?.name ?? null,
      })),
      ...insight,
    };
  });
  const { checks } = await triage(db, tenant, { job: id, thresholds });
  const { clause, facts, scenario, recommendation, escalations } = assessed;
  return {
    ...report,
    explanation: { clause, facts },
    findings: checks.filter(({ found }) => found > 0),
    scenario,
    recommendation,
    escalations,
  };
}
