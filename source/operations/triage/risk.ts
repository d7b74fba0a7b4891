import type { Database, Query } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { readFleet, readUnfinishedJobs } from '../../database/queries/read-unfinished-jobs.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type RiskBoard, type RiskRow, riskRows } from '../../domain/risk/board.ts';
import { type LevelAdvice, mitigations } from '../../domain/risk/mitigation.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
import { countLevels, isNoChange, type WhatIf } from '../../domain/risk/what-if.ts';
import { readWhatIf, type WhatIfInput } from '../../domain/risk/what-if-input.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { type Problem, UsageError } from '../../errors.ts';
import { noSuchJob } from '../jobs/get-job.ts';
import { viewJobs, viewOneJob } from '../jobs/view-jobs.ts';

/** Most jobs with a deadline, most running and most waiting jobs without one. */
const maxJobs = 1000;

export function readRiskBoard(
  db: Database,
  tenant: string,
  thresholds: Thresholds = thresholdDefaults,
): Promise<RiskBoard> {
  return db.read(tenant, (query) => boardOf(query, tenant, thresholds));
}

export type RiskReport = {
  as_of: Date;
  tenant_id: string;
  early_warning_seconds: number;
  slots: { now: number; what_if: number | null };
  jobs: RiskRow[];
  /** Jobs that share slots with them: candidates for a pause, and competitors for slots. */
  others: RiskRow[];
  levels: {
    now: Partial<Record<RiskLevel, number>>;
    what_if: Partial<Record<RiskLevel, number>> | null;
  };
  /** The runbook's advice for the present levels, the most urgent first. */
  advice: (LevelAdvice & { level: RiskLevel })[];
  truncated: boolean;
};

/**
 * The risk of jobs to miss their deadlines, now and under a what-if. Changes nothing.
 * @param input `job`: UUID, or null for all; `pause`: UUIDs
 * @throws UsageError with every mistake; ServoError not_found
 */
export function assessRisk(
  db: Database,
  tenant: string,
  input: WhatIfInput & { job: string | null; pause: readonly string[] },
  thresholds: Thresholds = thresholdDefaults,
): Promise<RiskReport> {
  return db.read(tenant, async (query) => {
    const board = await boardOf(query, tenant, thresholds);
    const find = async (id: string): Promise<JobView> => {
      const listed = board.jobs.find((one) => one.id === id);
      if (listed !== undefined) return listed;
      const job = await readJob(query, tenant, id);
      if (job === null) throw noSuchJob(id);
      return viewOneJob(query, tenant, job, board.as_of, thresholds);
    };
    const job = input.job === null ? null : await find(input.job);
    const pause: JobView[] = [];
    for (const id of input.pause) pause.push(await find(id));
    const named = [...(job === null ? [] : [job]), ...pause];
    const more = named.filter(
      (one, index) =>
        board.jobs.every(({ id }) => id !== one.id) &&
        named.findIndex(({ id }) => id === one.id) === index,
    );
    const whole = { ...board, jobs: [...board.jobs, ...more] };
    const problems: Problem[] = [];
    const whatIf = readWhatIf(input, job, pause, whole.jobs, board.as_of, problems);
    if (problems.length > 0) throw new UsageError(problems);
    return reportOf(whole, whatIf, job);
  });
}

async function boardOf(query: Query, tenant: string, thresholds: Thresholds): Promise<RiskBoard> {
  const { early_warning } = thresholds;
  const as_of = await readClock(query);
  const rows = await readUnfinishedJobs(query, tenant, maxJobs + 1);
  const jobs = await viewJobs(query, tenant, rows, as_of, thresholds);
  const count = (where: (job: JobView) => boolean) => jobs.filter(where).length;
  const truncated =
    count((job) => job.sla_deadline_at !== null) > maxJobs ||
    count((job) => job.sla_deadline_at === null && job.state === 'running') > maxJobs ||
    count((job) => job.sla_deadline_at === null && job.state !== 'running') > maxJobs;
  const fleet = await readFleet(query, tenant);
  return { as_of, tenant_id: tenant, early_warning, fleet, jobs, truncated };
}

function reportOf(board: RiskBoard, whatIf: WhatIf, only: JobView | null): RiskReport {
  const rows = riskRows(board, whatIf);
  const changed = !isNoChange(whatIf);
  const jobs = rows.filter((row) =>
    only === null ? row.sla_deadline_at !== null : row.id === only.id,
  );
  const levels = [...new Set(jobs.map(({ risk_level }) => risk_level))];
  return {
    as_of: board.as_of,
    tenant_id: board.tenant_id,
    early_warning_seconds: board.early_warning / 1000,
    slots: { now: board.fleet.slots, what_if: whatIf.slots },
    jobs,
    others: rows.filter((row) => !jobs.includes(row)),
    levels: {
      now: countLevels(jobs),
      what_if: changed ? countLevels(jobs.flatMap(({ what_if }) => what_if ?? [])) : null,
    },
    advice: levels
      .map((level) => ({ level, ...mitigations[level] }))
      .filter(({ options }) => options.length > 0),
    truncated: board.truncated,
  };
}
