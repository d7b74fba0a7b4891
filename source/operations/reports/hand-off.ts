import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import {
  countAttemptsAfter,
  countEndedSince,
  decisionsAfter,
  endedSince,
  lastIdBefore,
} from '../../database/queries/read-reports.ts';
import type { HandOff } from '../../domain/report/reports.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
import { type Moment, momentAt } from '../../domain/time/deadline.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { viewJobs } from '../jobs/view-jobs.ts';
import { listAlerts } from '../triage/alerts.ts';
import { triage } from '../triage/checks.ts';
import { assessRisk } from '../triage/risk.ts';

const limits = { actions: 1000, ended: 500, counted: 100_000 };
const risky: readonly RiskLevel[] = ['low', 'medium', 'high', 'unknown', 'breached'];

export async function readHandoff(
  db: Database,
  tenant: string,
  since: { at: Date } | { before_ms: number },
  thresholds: Thresholds = thresholdDefaults,
): Promise<HandOff> {
  const journal = await db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const moment: Moment = 'at' in since ? since : { after_ms: -since.before_ms };
    const from = momentAt(moment, as_of);
    const after = await lastIdBefore(query, tenant, from);
    const actions = await decisionsAfter(query, tenant, after, limits.actions + 1);
    const attempts = await countAttemptsAfter(query, tenant, after);
    const ended = await endedSince(query, tenant, from, limits.ended);
    const ids = new Set([...actions, ...attempts].map(({ job_id }) => job_id));
    const named = await readJobs(query, tenant, [...ids]);
    return {
      as_of,
      tenant_id: tenant,
      since: from,
      actions: actions.slice(-limits.actions),
      actions_truncated: actions.length > limits.actions,
      attempts,
      ended_counts: await countEndedSince(query, tenant, from, limits.counted),
      ended: await viewJobs(query, tenant, ended, as_of, thresholds),
      asset_names: Object.fromEntries(named.map((job) => [job.id, job.asset_name])),
    };
  });
  const { alerts } = await listAlerts(db, tenant, thresholds);
  const { checks, escalations } = await triage(db, tenant, { thresholds });
  const { jobs } = await assessRisk(db, tenant, { job: null, pause: [] }, thresholds);
  return {
    ...journal,
    alerts: alerts.filter(({ firing }) => firing),
    findings: checks.filter(({ found }) => found > 0),
    escalations,
    at_risk: jobs.filter(({ risk_level }) => risky.includes(risk_level)),
  };
}
