import { forecastJobs } from '../forecast/forecast-jobs.ts';
import type { JobForecast } from '../forecast/job-forecast.ts';
import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import { applyWhatIf, changedJobs, type WhatIf } from '../forecast/what-if.ts';
import { type JobView, unfinishedRisk } from '../job/job.ts';
import { readStrategy } from '../job/strategy.ts';
import type { RiskLevel } from './risk.ts';

/** When a job is expected to be done, against its deadline. */
export type Standing = {
  /** Null if unknown. */
  eta_seconds: number | null;
  /**
   * Seconds from the deadline to the expected end, below 0 if it ends before; null without one of
   * them.
   */
  late_by_seconds: number | null;
  risk_level: RiskLevel;
  risk_severity: number | null;
};

/** The standing of a job under a what-if. */
export type Outlook = Standing & {
  id: string;
  priority: number;
  max_parallel: number;
  remaining_partitions: number;
  incomplete_partitions: number;
  sla_deadline_at: Date | null;
  paused: boolean;
  resumed: boolean;
  /** Seconds by which it ends later (above 0) or earlier; null if one end is unknown. */
  moved_seconds: number | null;
  /** It ends later, or with an unknown end, because of changes to others. */
  victim: boolean;
  /** It would have met its deadline without the what-if, and does not with it. */
  made_late: boolean;
};

/** A move by less seconds is no news; between them, one by less than a share of the time left. */
const move = { least: 5, sure: 60, share: 0.02 };

export function isMoved(before: number | null, after: number | null): boolean {
  if (before === null || after === null) return before !== after;
  const told = Math.min(move.sure, Math.max(move.least, move.share * before));
  return Math.abs(after - before) > told;
}

type Facts = Pick<
  JobView,
  | 'eta_seconds'
  | 'needs_seconds'
  | 'incomplete_partitions'
  | 'sla_deadline_at'
  | 'heartbeat_stale'
  | 'health'
  | 'state'
>;

export function standingOf(
  forecast: Pick<JobForecast, 'finish_at'>,
  job: Facts,
  asOf: Date,
  earlyWarningMs: number,
): Standing {
  const { sla_deadline_at: deadline, state } = job;
  const finish_at = isReliable(job) ? forecast.finish_at : null;
  const eta_seconds = finish_at === null ? null : secondsBetween(asOf, finish_at);
  const risk = unfinishedRisk(
    {
      deadline,
      eta_seconds,
      least_seconds: job.needs_seconds ?? (state === 'paused' ? job.eta_seconds : null),
      incomplete: job.incomplete_partitions > 0,
      paused: state === 'paused',
    },
    asOf,
    earlyWarningMs,
  );
  return {
    eta_seconds,
    late_by_seconds: finish_at && deadline ? secondsBetween(deadline, finish_at) : null,
    risk_level: risk.level,
    risk_severity: risk.severity,
  };
}

/** Its executor may be dead otherwise: no forecast counts until another one has its partitions. */
export function isReliable({
  heartbeat_stale,
  health,
}: Pick<JobView, 'heartbeat_stale' | 'health'>): boolean {
  return !heartbeat_stale && health !== 'silent';
}

export type Forecasts = ReadonlyMap<string, JobForecast>;

/** The forecasts of a snapshot by job. */
export function forecastsOf(snapshot: Snapshot): Forecasts {
  return new Map(forecastJobs(snapshot).map((one) => [one.job_id, one]));
}

/** Every job of the snapshot that is in `jobs`, before and after the change. */
export function outlooksOf(
  { snapshot, jobs, early_warning }: OutlookInput,
  before: Forecasts,
  what: WhatIf,
): Map<string, Outlook> {
  const failed = new Map(jobs.map((job) => [job.id, job.failed_partitions]));
  const after = applyWhatIf(snapshot, what, failed);
  const forecasts = forecastsOf(after);
  const byId = new Map(after.jobs.map((job) => [job.id, job]));
  const changed = changedJobs(what);
  return new Map(
    jobs.flatMap((job) => {
      const [then, forecast, now] = [byId.get(job.id), forecasts.get(job.id), before.get(job.id)];
      if (then === undefined || forecast === undefined || now === undefined) return [];
      const outlook = outlookOf(job, then, { now, forecast }, snapshot.as_of, early_warning, what);
      return [[job.id, { ...outlook, victim: outlook.victim && !changed.has(job.id) }]];
    }),
  );
}

type OutlookInput = {
  snapshot: Snapshot;
  jobs: readonly JobView[];
  early_warning: number;
};

function outlookOf(
  job: JobView,
  then: SnapshotJob,
  { now, forecast }: { now: JobForecast; forecast: JobForecast },
  asOf: Date,
  earlyWarning: number,
  what: WhatIf,
): Outlook {
  const again = what.retry_failed.includes(job.id) ? job.failed_partitions : 0;
  const incomplete_partitions = Math.max(0, job.incomplete_partitions - again);
  const standing = standingOf(
    forecast,
    { ...job, state: then.state, sla_deadline_at: then.sla_deadline_at, incomplete_partitions },
    asOf,
    earlyWarning,
  );
  const was = standingOf(now, job, asOf, earlyWarning);
  const moved = isMoved(was.eta_seconds, standing.eta_seconds);
  const late = standing.eta_seconds === null || (standing.late_by_seconds ?? 0) > 0;
  return {
    ...standing,
    id: job.id,
    priority: then.priority,
    max_parallel: what.parallel[job.id] ?? readStrategy(job.execution_strategy).max_parallel,
    remaining_partitions: then.remaining,
    incomplete_partitions,
    sla_deadline_at: then.sla_deadline_at,
    paused: what.pause.includes(job.id) && then.state === 'paused',
    resumed: what.resume.includes(job.id) && then.state === 'resuming',
    moved_seconds: difference(was.eta_seconds, standing.eta_seconds),
    victim:
      moved &&
      (standing.eta_seconds === null ||
        (was.eta_seconds !== null && standing.eta_seconds > was.eta_seconds)),
    made_late: was.late_by_seconds !== null && was.late_by_seconds <= 0 && late,
  };
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}

/** Levels without jobs are absent. */
export function countLevels(
  jobs: readonly { risk_level: RiskLevel }[],
): Partial<Record<RiskLevel, number>> {
  const counts: Partial<Record<RiskLevel, number>> = {};
  for (const { risk_level } of jobs) counts[risk_level] = (counts[risk_level] ?? 0) + 1;
  return counts;
}
