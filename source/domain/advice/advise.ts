import { forecastJobs } from '../forecast/forecast-jobs.ts';
import type { JobForecast } from '../forecast/job-forecast.ts';
import type { Snapshot, SnapshotJob } from '../forecast/snapshot.ts';
import { applyWhatIf } from '../forecast/what-if.ts';
import { later } from '../time/time.ts';
import { type Advice, type Remedy, type Step, type Verdict, whatIfOf } from './advice.ts';
import { type Cause, causesOf, chainOf } from './causes.ts';
import { costs, leversFor } from './levers.ts';
import { type Found, search } from './search.ts';
import { leftMs, Trials } from './trials.ts';

export type AdviceInput = {
  snapshot: Snapshot;
  /** Permanently failed partitions of unfinished jobs. */
  failed?: ReadonlyMap<string, number>;
  /** Jobs that run one partition at a time until one completes. */
  failing?: ReadonlySet<string>;
  /** Running jobs whose heartbeat is old. */
  stale?: ReadonlySet<string>;
  /** Simulated jobs that the search may spend: its time, which grows with the number of jobs. */
  effort?: number;
};

/** About 0.3 s at 1,000 jobs. */
const fullEffort = 60_000;
/** Of the console, which searches again with each refresh. */
export const consoleEffort = 12_000;
const leastTrials = 12;
const mostTrials = 300;
/** A breach by so little needs no change. */
const acceptableMs = 30_000;
/** Most remedies that are listed. */
const mostRemedies = 4;

/**
 * What brings an unfinished job in on time: the cheapest changes, by the forecast's simulation.
 * A remedy that makes no other job late comes before one that does; what changes nothing is none.
 * @returns null if the job is not in the snapshot
 */
export function adviseOn(id: string, input: AdviceInput): Advice | null {
  const { snapshot, failed = new Map(), failing = new Set(), stale = new Set() } = input;
  const { effort = fullEffort } = input;
  const job = snapshot.jobs.find((one) => one.id === id);
  if (job === undefined || job.state === 'cancelled') return null;
  const forecasts = new Map(forecastJobs(snapshot).map((one) => [one.job_id, one]));
  const own = forecasts.get(id)!;
  if (stale.has(id)) return staleAdvice(own);
  const chain = chainOf(snapshot, job, forecasts);
  const causes = own.unknown === null ? [] : causesOf(snapshot, chain, forecasts);
  const base = baseOf(job, causes, failed.get(id) ?? 0);
  const shown = causes[0] ?? { forecast: own, job };
  const runs = Math.ceil(effort / Math.max(1, snapshot.jobs.length));
  const trials = new Trials(snapshot, failed, Math.min(mostTrials, Math.max(leastTrials, runs)));
  const advice = {
    job_id: id,
    bound_by: shown.forecast.bound_by,
    unknown: own.unknown === null ? null : shown.forecast.unknown,
    because_of: shown.job.id,
    finish_at: own.finish_at,
    late_by_seconds: lateBy(job, own.finish_at),
    verdict: verdictOf(job, own, failed.get(id) ?? 0),
  };
  const remedies =
    base === null ? [] : remediesFor(job, chain, base, { trials, snapshot, failing, failed });
  const needless = advice.verdict === 'on_time' || advice.verdict === 'none';
  return { ...advice, remedies: needless ? [] : remedies, truncated: trials.exhausted };
}

function staleAdvice({ job_id, bound_by }: JobForecast): Advice {
  return {
    job_id,
    bound_by,
    unknown: 'stale',
    because_of: job_id,
    finish_at: null,
    late_by_seconds: null,
    verdict: 'unknown',
    remedies: [],
    truncated: false,
  };
}

function verdictOf(job: SnapshotJob, own: JobForecast, failed: number): Verdict {
  if (own.unknown !== null) return 'unknown';
  if (failed > 0) return 'incomplete';
  if (job.sla_deadline_at === null) return 'none';
  return lateBy(job, own.finish_at)! > 0 ? 'late' : 'on_time';
}

function lateBy({ sla_deadline_at: deadline }: SnapshotJob, finish: Date | null): number | null {
  return finish && deadline ? (finish.getTime() - deadline.getTime()) / 1000 : null;
}

/** What must be done in any case; null: nothing can be. */
function baseOf(job: SnapshotJob, causes: readonly Cause[], failed: number): Step[] | null {
  const steps = causes.map((cause) => cause.steps);
  if (steps.some((one) => one === null)) return null;
  const retry: Step[] = failed > 0 ? [{ kind: 'retry', job: job.id, failed }] : [];
  const all = [...retry, ...steps.flatMap((one) => one ?? [])];
  const executors = all.filter((step) => step.kind === 'executor');
  const others = all.filter((step) => step.kind !== 'executor');
  const named = new Map(others.map((step) => [JSON.stringify(step), step]));
  if (executors.length === 0) return [...named.values()];
  const assets = [...new Set(executors.flatMap((step) => step.assets))];
  const slots = Math.max(...executors.map((step) => step.slots));
  return [...named.values(), { kind: 'executor', assets, slots }];
}

type Context = {
  trials: Trials;
  snapshot: Snapshot;
  failing: ReadonlySet<string>;
  failed: ReadonlyMap<string, number>;
};

function remediesFor(
  job: SnapshotJob,
  chain: readonly SnapshotJob[],
  base: readonly Step[],
  context: Context,
): Remedy[] {
  const { trials, snapshot, failing, failed } = context;
  const index = snapshot.jobs.indexOf(job);
  const end = trials.ends(base)?.[index] ?? null;
  const deadline = job.sla_deadline_at;
  const left = deadline === null ? null : leftMs(deadline, snapshot.as_of);
  const remedyOf = ({ steps }: Pick<Found, 'steps'>): Remedy => {
    const then = trials.ends(steps)?.[index] ?? null;
    const finish_at = then === null ? null : later(snapshot.as_of, then);
    return {
      steps,
      finish_at,
      late_by_seconds: lateBy(job, finish_at),
      brings_in: then !== null && left !== null && then <= left,
      tight: then !== null && left !== null && then <= left && then * 1.1 > left,
      costs: trials.costs(steps).filter(({ job: other }) => other !== job.id),
    };
  };
  const plain = base.length === 0 ? [] : [remedyOf({ steps: base })];
  if (deadline === null || left === null || end === null || end <= left) return plain;
  const changed = applyWhatIf(snapshot, whatIfOf(base), failed);
  const byId = new Map(changed.jobs.map((one) => [one.id, one]));
  const levers = leversFor(
    changed,
    chain.map(({ id }) => byId.get(id)!),
    failing,
  );
  const found = search({ trials, index, left, base, levers }).map((one) => ({
    ...one,
    remedy: remedyOf(one),
  }));
  const accept =
    end - left <= acceptableMs && end > left && left > 0
      ? [
          {
            cost: costs.accept,
            remedy: { ...remedyOf({ steps: base }), steps: [...base, accepted] },
          },
        ]
      : [];
  const ranked = [...found, ...accept].sort(
    (a, b) => rankOf(a.remedy) - rankOf(b.remedy) || a.cost - b.cost,
  );
  const best = ranked.slice(0, mostRemedies).map(({ remedy }) => remedy);
  return [...best, deadlineRemedy(job, deadline, base, context)];
}

const accepted: Step = { kind: 'accept' };

/** Those that make no other job late; those that do; those that only shorten the breach. */
function rankOf({ brings_in, steps, costs: lost }: Remedy): number {
  if (steps.at(-1)?.kind === 'accept') return 0;
  return (brings_in ? 0 : 2) + (lost.some(({ made_late }) => made_late) ? 1 : 0);
}

/** To the high end of the forecast, in whole minutes: it is asked for once. */
function deadlineRemedy(
  job: SnapshotJob,
  from: Date,
  base: readonly Step[],
  { snapshot, failed }: Context,
): Remedy {
  const then = applyWhatIf(snapshot, whatIfOf(base), failed);
  const own = forecastJobs(then).find(({ job_id }) => job_id === job.id)!;
  const high = (own.high_at ?? own.finish_at)!.getTime();
  const to = new Date(Math.ceil(high / 60_000) * 60_000);
  return {
    steps: [...base, { kind: 'deadline', job: job.id, from, to }],
    finish_at: own.finish_at,
    late_by_seconds: (own.finish_at!.getTime() - to.getTime()) / 1000,
    brings_in: true,
    tight: false,
    costs: [],
  };
}
