import type { Job } from '../job/job.ts';
import { bufferOf, type Tier, tierOf } from '../risk/tier.ts';

export type ReviewedJob = Pick<
  Job,
  | 'id'
  | 'asset_name'
  | 'state'
  | 'priority'
  | 'created_at'
  | 'started_at'
  | 'completed_at'
  | 'sla_deadline_at'
> & {
  at_risk_minutes: number;
  breached_minutes: number;
  /**
   * Median over samples of (end − ETA) ÷ (end − sample time), and of its absolute value; null
   * unless it completed.
   */
  eta_bias: number | null;
  eta_error: number | null;
};

/** Minutes at risk that began in this hour of the day, UTC. */
export type HourAtRisk = { hour: number; at_risk_minutes: number };

/**
 * A close call met its deadline with less than this share of its duration left (the tightest tier's
 * buffer).
 */
const closeBuffer = 0.1;

export type Call = Pick<
  ReviewedJob,
  'id' | 'asset_name' | 'state' | 'completed_at' | 'at_risk_minutes'
> & {
  outcome: 'missed' | 'close';
  sla_tier: Tier;
  sla_deadline_at: Date;
  /** Deadline − end; negative: missed. Null unless it completed. */
  margin_seconds: number | null;
};

export type AssetReview = {
  asset_name: string;
  /** Jobs that ended with a deadline, missed it, were a close call. */
  ended: number;
  missed: number;
  close: number;
  at_risk_hours: number;
  breached_hours: number;
  /** Medians over completed jobs. */
  eta_error: number | null;
  eta_bias: number | null;
};

/** The SLA review of a week (backfill-sla-at-risk, "Regular SLA Review"). */
export type Review = {
  ended: number;
  met: number;
  missed: number;
  /** Missed deadlines first, the most late first; then close calls. */
  calls: Call[];
  eta: { jobs: number; error: number | null; bias: number | null };
  /** Assets with a deadline or an ETA error, the worst first. */
  assets: AssetReview[];
  hours: HourAtRisk[];
};

export function reviewOf(jobs: readonly ReviewedJob[], hours: readonly HourAtRisk[]): Review {
  const calls = jobs.flatMap((job) => callOf(job) ?? []).sort(byMargin);
  const due = jobs.filter(isDue);
  const missed = calls.filter(({ outcome }) => outcome === 'missed').length;
  const names = [...new Set(jobs.map(({ asset_name }) => asset_name))];
  return {
    ended: due.length,
    met: due.length - missed,
    missed,
    calls,
    eta: { jobs: jobs.filter(({ eta_error }) => eta_error !== null).length, ...accuracy(jobs) },
    assets: names
      .map((name) => assetReview(name, jobs, calls))
      .filter(({ ended, at_risk_hours, breached_hours, eta_error }) =>
        [ended, at_risk_hours, breached_hours, eta_error ?? 0].some((figure) => figure > 0),
      )
      .sort(
        (a, b) =>
          b.missed - a.missed ||
          b.breached_hours - a.breached_hours ||
          b.at_risk_hours - a.at_risk_hours ||
          (a.asset_name < b.asset_name ? -1 : 1),
      ),
    hours: [...hours].sort((a, b) => a.hour - b.hour),
  };
}

/** Ended with a deadline; a cancelled job has none any more. */
function isDue({ state, sla_deadline_at }: ReviewedJob): boolean {
  return (state === 'completed' || state === 'failed') && sla_deadline_at !== null;
}

function callOf(job: ReviewedJob): Call | null {
  const { id, asset_name, state, priority, completed_at, sla_deadline_at: deadline } = job;
  if (!isDue(job) || deadline === null || completed_at === null) return null;
  const margin = (deadline.getTime() - completed_at.getTime()) / 1000;
  const buffer = bufferOf(job.started_at ?? job.created_at, completed_at, deadline);
  const missed = state !== 'completed' || margin < 0;
  const close = job.at_risk_minutes > 0 || (buffer !== null && buffer < closeBuffer);
  if (!missed && !close) return null;
  return {
    id,
    asset_name,
    state,
    completed_at,
    at_risk_minutes: job.at_risk_minutes,
    outcome: missed ? 'missed' : 'close',
    sla_tier: tierOf(priority),
    sla_deadline_at: deadline,
    margin_seconds: state === 'completed' ? margin : null,
  };
}

function byMargin(one: Call, other: Call): number {
  return (
    Number(other.outcome === 'missed') - Number(one.outcome === 'missed') ||
    (one.margin_seconds ?? Number.NEGATIVE_INFINITY) -
      (other.margin_seconds ?? Number.NEGATIVE_INFINITY) ||
    (one.id < other.id ? -1 : 1)
  );
}

function assetReview(
  asset_name: string,
  jobs: readonly ReviewedJob[],
  calls: readonly Call[],
): AssetReview {
  const own = jobs.filter((job) => job.asset_name === asset_name);
  const count = (outcome: Call['outcome']) =>
    calls.filter((call) => call.asset_name === asset_name && call.outcome === outcome).length;
  const { error, bias } = accuracy(own);
  return {
    asset_name,
    ended: own.filter(isDue).length,
    missed: count('missed'),
    close: count('close'),
    at_risk_hours: sum(own.map((job) => job.at_risk_minutes)) / 60,
    breached_hours: sum(own.map((job) => job.breached_minutes)) / 60,
    eta_error: error,
    eta_bias: bias,
  };
}

function accuracy(jobs: readonly ReviewedJob[]): { error: number | null; bias: number | null } {
  return {
    error: median(jobs.flatMap(({ eta_error }) => eta_error ?? [])),
    bias: median(jobs.flatMap(({ eta_bias }) => eta_bias ?? [])),
  };
}

export function median(figures: readonly number[]): number | null {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function sum(figures: readonly number[]): number {
  return figures.reduce((all, figure) => all + figure, 0);
}
