import type { JobView } from '../job/job.ts';
import type { RiskBoard, RiskRow } from '../risk/board.ts';
import { isReliable } from '../risk/outlook.ts';
import { atRiskLevels } from '../risk/risk.ts';
import type { Advice, Remedy } from './advice.ts';
import { type AdviceInput, adviseOn } from './advise.ts';

/** Asset names of the jobs, and of the limits' jobs, that an advice names by id and index. */
export type Named = {
  names: Readonly<Record<string, string>>;
};

/** What the jobs' rows add to the snapshot. */
export function inputOf(
  snapshot: AdviceInput['snapshot'],
  jobs: readonly Pick<
    JobView,
    'id' | 'failed_partitions' | 'failing' | 'heartbeat_stale' | 'health'
  >[],
): AdviceInput {
  const failed = jobs.filter(({ failed_partitions }) => failed_partitions > 0);
  return {
    snapshot,
    failed: new Map(failed.map((job) => [job.id, job.failed_partitions])),
    stale: new Set(jobs.filter((job) => !isReliable(job)).map(({ id }) => id)),
    failing: new Set(jobs.filter(({ failing }) => failing).map(({ id }) => id)),
  };
}

const known = new WeakMap<RiskBoard, Map<string, Advice | null>>();

/** The advice on one job of the board, searched for once. */
export function adviseOnRow(board: RiskBoard, id: string, effort?: number): Advice | null {
  const found = known.get(board) ?? new Map<string, Advice | null>();
  known.set(board, found);
  const before = found.get(id);
  if (before !== undefined) return before;
  const advice = adviseOn(id, { ...inputOf(board.snapshot, board.jobs), effort });
  found.set(id, advice);
  return advice;
}

/** Simulated jobs of all searches for one report. */
const reportEffort = 200_000;
const leastAdvised = 3;
const mostAdvised = 20;

/** Levels that call for a remedy. */
const calling = [...atRiskLevels, 'unknown', 'breached'] as const;

/** The most urgent of the rows that a remedy is searched for: as many as there is time for. */
export function advisedJobs({ snapshot }: RiskBoard, rows: readonly RiskRow[]): RiskRow[] {
  const count = Math.floor(reportEffort / (100 * Math.max(1, snapshot.jobs.length)));
  return rows
    .filter(
      ({ risk_level, incomplete_partitions }) =>
        (calling as readonly string[]).includes(risk_level) || incomplete_partitions > 0,
    )
    .slice(0, Math.max(leastAdvised, Math.min(mostAdvised, count)));
}

/** Names of all jobs in the steps and costs of an advice. */
export function namesIn(
  { snapshot }: Pick<RiskBoard, 'snapshot'>,
  advice: Advice,
): Record<string, string> {
  const named = new Set([advice.job_id, advice.because_of, ...advice.remedies.flatMap(jobsOf)]);
  return Object.fromEntries(
    snapshot.jobs.flatMap(({ id, asset_name }) => (named.has(id) ? [[id, asset_name]] : [])),
  );
}

function jobsOf({ steps, costs }: Remedy): string[] {
  return [
    ...steps.flatMap((step) => ('job' in step ? [step.job] : [])),
    ...costs.map(({ job }) => job),
  ];
}
