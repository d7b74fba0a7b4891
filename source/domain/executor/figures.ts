import { type EtaFacts, etaOf, isStale } from '../job/job.ts';
import { type JobState, jobStates, transitions } from '../job/state.ts';
import { atRiskLevels, riskOf } from '../risk/risk.ts';
import { later } from '../time/time.ts';
import type { JobThresholds } from '../triage/thresholds.ts';

export const activeStates: readonly JobState[] = jobStates.filter(
  (state) => transitions[state].length > 0,
);

export type UnfinishedJob = EtaFacts & {
  started_at: Date | null;
  sla_deadline_at: Date | null;
  /** Its finish by the stored forecast; null without a fresh one, or if that is unknown. */
  forecast_at: Date | null;
};

/** Read for one tenant at one moment, by the database's clock. */
export type TenantReading = {
  as_of: Date;
  /** States without jobs are absent. */
  counts: Readonly<Record<string, number>>;
  /**
   * Running jobs; waiting and paused ones with a deadline; pending ones that ran before, while
   * their deadline is ahead.
   */
  unfinished: readonly UnfinishedJob[];
  /** Pending jobs past their deadline. The ETA and risk of other pending jobs are unknown. */
  pending_breached: number;
  executors: readonly string[];
};

export type Figures = {
  active: Readonly<Record<string, number>>;
  /** Of running jobs with a known ETA. */
  etas: readonly number[];
  at_risk: number;
  breached: number;
  /** Smallest deadline − ETA; null if no job has both. */
  least_buffer: number | null;
  /** Running jobs with a stale heartbeat; the age is 0 if none runs. */
  stale: number;
  oldest_heartbeat_age: number;
  /** Since started_at; 0 if none runs. */
  longest_running: number;
  executors_alive: number;
};

export function figuresOf(readings: readonly TenantReading[], thresholds: JobThresholds): Figures {
  const jobs = readings.flatMap(({ unfinished, as_of }) =>
    unfinished.map((job) => ({ ...job, as_of, eta: expectedSeconds(job, as_of, thresholds) })),
  );
  const running = jobs.filter(({ state }) => state === 'running');
  const risks = jobs.map(({ eta, as_of, sla_deadline_at }) => {
    const at = eta === null ? null : later(as_of, eta * 1000);
    return riskOf(sla_deadline_at, at, as_of, thresholds.early_warning).level;
  });
  const buffers = jobs.flatMap(({ eta, as_of, sla_deadline_at }) =>
    eta === null || sla_deadline_at === null ? [] : [-secondsSince(sla_deadline_at, as_of) - eta],
  );
  return {
    active: Object.fromEntries(
      activeStates.map((state) => [state, sum(readings.map(({ counts }) => counts[state] ?? 0))]),
    ),
    etas: running.flatMap(({ eta }) => eta ?? []),
    at_risk: risks.filter((level) => atRiskLevels.includes(level)).length,
    breached:
      risks.filter((level) => level === 'breached').length +
      sum(readings.map(({ pending_breached }) => pending_breached)),
    least_buffer: buffers.length > 0 ? Math.min(...buffers) : null,
    stale: running.filter((job) => isStale(job, job.as_of, thresholds)).length,
    oldest_heartbeat_age: most(
      // Without a heartbeat the age counts from the job's start.
      running.map(({ heartbeat_at, started_at, as_of }) =>
        secondsSince(heartbeat_at ?? started_at ?? as_of, as_of),
      ),
    ),
    longest_running: most(
      running.map(({ started_at, as_of }) => secondsSince(started_at ?? as_of, as_of)),
    ),
    // An executor that serves several tenants counts once.
    executors_alive: new Set(readings.flatMap(({ executors }) => executors)).size,
  };
}

/** As in a job's view: by the forecast, unless it is paused or its heartbeat is stale. */
function expectedSeconds(job: UnfinishedJob, asOf: Date, thresholds: JobThresholds): number | null {
  const { forecast_at: at, state } = job;
  if (at === null || state === 'paused' || isStale(job, asOf, thresholds))
    return etaOf(job, asOf, thresholds);
  return Math.max(0, -secondsSince(at, asOf));
}

function secondsSince(then: Date, now: Date): number {
  return (now.getTime() - then.getTime()) / 1000;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((highest, number) => Math.max(highest, number), 0);
}
