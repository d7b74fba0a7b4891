import type { BoardData, BoardName } from '../console/model/boards.ts';
import type { LoadBoard } from '../console/model/effects.ts';
import { withTenant } from '../database/queries/triage/checks.ts';
import { checkNames } from '../domain/triage/checks.ts';
import { listNamedJobs } from '../operations/jobs/list-jobs.ts';
import { listEvents } from '../operations/reports/read-events.ts';
import { listAlerts } from '../operations/triage/alerts.ts';
import { triage, triageCheck } from '../operations/triage/checks.ts';
import { listExecutors } from '../operations/triage/list-executors.ts';
import { readRiskBoard } from '../operations/triage/risk.ts';
import type { Session } from './session.ts';

const eventLimit = 500;

export const boards: {
  [N in BoardName]: (session: Session, effect: LoadBoard) => Promise<BoardData[N]>;
} = {
  triage: async ({ reader, tenant, thresholds }) => {
    const report = await triage(reader, tenant, { thresholds });
    const checks = report.checks.map((one) => ({ ...one, sql: withTenant(one.sql, { tenant }) }));
    return { ...report, checks, jobs: [] };
  },
  check: async ({ reader, tenant, thresholds }, { check }) => {
    const finding = await triageCheck(reader, tenant, check ?? checkNames[0], { thresholds });
    const ids = finding.rows.flatMap(({ job_id }) => job_id ?? []);
    const sql = withTenant(finding.sql, { tenant });
    return {
      ...finding,
      sql,
      jobs: await listNamedJobs(reader, tenant, ids, thresholds),
    };
  },
  risk: ({ reader, tenant, thresholds }) => readRiskBoard(reader, tenant, thresholds),
  executors: async ({ reader, tenant, thresholds }) => {
    const list = await listExecutors(reader, tenant);
    const ids = list.executors.flatMap(({ running }) => running.map(({ job_id }) => job_id));
    return { ...list, jobs: await listNamedJobs(reader, tenant, ids, thresholds) };
  },
  alerts: async ({ reader, tenant, thresholds }) => {
    const report = await listAlerts(reader, tenant, thresholds);
    const ids = report.alerts.flatMap(({ jobs }) => jobs[0]?.job_id ?? []);
    return { ...report, jobs: await listNamedJobs(reader, tenant, ids, thresholds) };
  },
  events: async ({ reader, tenant, thresholds }) => {
    const list = await listEvents(reader, tenant, null, eventLimit);
    const ids = list.events.map(({ job_id }) => job_id);
    return { ...list, jobs: await listNamedJobs(reader, tenant, ids, thresholds) };
  },
};
