import type { Database, Query } from '../../database/database.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { readUnfinishedJobs } from '../../database/queries/read-unfinished-jobs.ts';
import type { Advice } from '../../domain/advice/advice.ts';
import { advisedJobs, adviseOnRow, type Named, namesIn } from '../../domain/advice/board-advice.ts';
import { isNoChange, openSlots, type WhatIf } from '../../domain/forecast/what-if.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type RiskBoard, type RiskRow, riskRows } from '../../domain/risk/board.ts';
import { type LevelAdvice, mitigations } from '../../domain/risk/mitigation.ts';
import { countLevels } from '../../domain/risk/outlook.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
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
  /** Jobs that the what-if makes later without changing them: late ones first. */
  victims: RiskRow[];
  levels: {
    now: Partial<Record<RiskLevel, number>>;
    what_if: Partial<Record<RiskLevel, number>> | null;
  };
  /** What brings the jobs at risk in, the most urgent jobs first. */
  remedies: (Advice & Named)[];
  /** The runbook's advice for the present levels, the most urgent first. */
  advice: (LevelAdvice & { level: RiskLevel })[];
  truncated: boolean;
};

export type RiskInput = WhatIfInput & {
  /** Null: all. */
  job: string | null;
  pause: readonly string[];
  resume?: readonly string[];
  /** Whether remedies are searched for (default: yes). */
  remedies?: boolean;
};

/**
 * The risk of jobs to miss their deadlines, now and under a what-if. Changes nothing.
 * @param input jobs as UUIDs
 * @throws UsageError with every mistake; ServoError not_found
 */
export function assessRisk(
  db: Database,
  tenant: string,
  input: RiskInput,
  thresholds: Thresholds = thresholdDefaults,
): Promise<RiskReport> {
  return db.read(tenant, async (query) => {
    const board = await boardOf(query, tenant, thresholds);
    const named = new Map<string, JobView>();
    const find = async (id: string): Promise<JobView> => {
      const listed = board.jobs.find((one) => one.id === id) ?? named.get(id);
      if (listed !== undefined) return listed;
      const job = await readJob(query, tenant, id);
      if (job === null) throw noSuchJob(id);
      const view = await viewOneJob(query, tenant, job, board.as_of, thresholds);
      named.set(id, view);
      return view;
    };
    const job = input.job === null ? null : await find(input.job);
    const pause: JobView[] = [];
    for (const id of input.pause) pause.push(await find(id));
    const resume: JobView[] = [];
    for (const id of input.resume ?? []) resume.push(await find(id));
    const whole = { ...board, jobs: [...board.jobs, ...named.values()] };
    const problems: Problem[] = [];
    const changed = { pause, resume };
    const whatIf = readWhatIf(input, job, changed, whole.jobs, board.as_of, problems);
    if (problems.length > 0) throw new UsageError(problems);
    return reportOf(whole, whatIf, job, input.remedies ?? true);
  });
}

async function boardOf(query: Query, tenant: string, thresholds: Thresholds): Promise<RiskBoard> {
  const { early_warning } = thresholds;
  const snapshot = await readSnapshot(query, tenant);
  const { as_of } = snapshot;
  const rows = await readUnfinishedJobs(query, tenant, maxJobs + 1);
  const jobs = await viewJobs(query, tenant, rows, as_of, thresholds);
  const count = (where: (job: JobView) => boolean) => jobs.filter(where).length;
  const truncated =
    count((job) => job.sla_deadline_at !== null) > maxJobs ||
    count((job) => job.sla_deadline_at === null && job.state === 'running') > maxJobs ||
    count((job) => job.sla_deadline_at === null && job.state !== 'running') > maxJobs;
  return { as_of, tenant_id: tenant, early_warning, snapshot, jobs, truncated };
}

function reportOf(
  board: RiskBoard,
  whatIf: WhatIf,
  only: JobView | null,
  withRemedies: boolean,
): RiskReport {
  const rows = riskRows(board, whatIf);
  const changed = !isNoChange(whatIf);
  const jobs = rows.filter((row) =>
    only === null ? row.sla_deadline_at !== null : row.id === only.id,
  );
  const levels = [...new Set(jobs.map(({ risk_level }) => risk_level))];
  const advised = withRemedies ? advisedJobs(board, jobs) : [];
  const lost = ({ what_if }: RiskRow) => what_if?.moved_seconds ?? Number.MAX_VALUE;
  return {
    as_of: board.as_of,
    tenant_id: board.tenant_id,
    early_warning_seconds: board.early_warning / 1000,
    slots: { now: openSlots(board.snapshot), what_if: whatIf.slots },
    jobs,
    others: rows.filter((row) => !jobs.includes(row)),
    victims: rows
      .filter(({ what_if }) => what_if?.victim)
      .sort(
        (a, b) => Number(b.what_if!.made_late) - Number(a.what_if!.made_late) || lost(b) - lost(a),
      ),
    levels: {
      now: countLevels(jobs),
      what_if: changed ? countLevels(jobs.flatMap(({ what_if }) => what_if ?? [])) : null,
    },
    remedies: advised.flatMap(({ id }) => {
      const advice = adviseOnRow(board, id);
      return advice === null ? [] : [{ ...advice, names: namesIn(board, advice) }];
    }),
    advice: levels
      .map((level) => ({ level, ...mitigations[level] }))
      .filter(({ options }) => options.length > 0),
    truncated: board.truncated,
  };
}
