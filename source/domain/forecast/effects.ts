import type { ActionParameters, JobAction } from '../job/action.ts';
import { afterActions, type JobChange } from './after-actions.ts';
import { forecastJobs } from './forecast-jobs.ts';
import type { Bound, JobForecast, Unknown } from './job-forecast.ts';
import type { LimitedJobs, Snapshot } from './snapshot.ts';

/** An action whose effects are asked for. */
export type AskedChange = {
  id: string;
  action: JobAction;
  parameters?: ActionParameters;
  /** Only these failed partitions; absent: all. */
  keys?: readonly string[];
};

/** What is expected of a job; `late_by_seconds` is below 0 if it is in time. */
export type Expected = {
  start_at: Date | null;
  finish_at: Date | null;
  late_by_seconds: number | null;
  /** Among the jobs that wait for a slot, from 1; null if it does not. */
  place: number | null;
  bound_by: Bound;
  /** Why no finish is known; null if it is. */
  unknown: Unknown | null;
  /** The limit that keeps it from running; null without one. `assets`: null for all. */
  limit: (LimitedJobs & { running: number }) | null;
};

/** Null: it has ended, or does not exist. */
export type JobEffect = {
  job_id: string;
  asset_name: string;
  before: Expected | null;
  after: Expected | null;
  /** It fails, because a job that it waits for is cancelled. */
  fails: boolean;
};

export type Effects = {
  as_of: Date;
  slots: { busy: number; total: number };
  /** The changed jobs. */
  jobs: JobEffect[];
  /** Other jobs whose finish moves noticeably: at most five, those that lose first. */
  others: JobEffect[];
  /** How many more lose and gain. */
  more: { lose: number; gain: number };
};

/** Fewer seconds, or a smaller share of the time until the finish, are no effect. */
const leastSeconds = 30;
const leastShare = 0.05;
const mostNamed = 5;

/** What the actions change for these jobs and for all others, by the same simulation. */
export function effectsOf(before: Snapshot, changes: readonly JobChange[]): Effects {
  const { snapshot: after, failed } = afterActions(before, changes);
  const [now, then] = [expectedIn(before), expectedIn(after)];
  const changed = new Set(changes.map(({ id }) => id));
  const effectOf = (id: string, asset_name: string): JobEffect => ({
    job_id: id,
    asset_name,
    before: now.get(id) ?? null,
    after: then.get(id) ?? null,
    fails: failed.has(id),
  });
  const names = new Map([...after.jobs, ...before.jobs].map((job) => [job.id, job.asset_name]));
  const others = before.jobs
    .filter(({ id, state }) => !changed.has(id) && state !== 'cancelled')
    .map(({ id, asset_name }) => effectOf(id, asset_name))
    .filter((effect) => isNoticeable(effect, before.as_of))
    .sort((one, other) => compareEffects(one, other));
  const hidden = others.slice(mostNamed);
  const lose = hidden.filter(loses).length;
  return {
    as_of: before.as_of,
    slots: {
      busy: before.jobs.reduce((sum, { slots }) => sum + slots.length, 0),
      total: before.executors.reduce((sum, { closed, slots }) => sum + (closed ? 0 : slots), 0),
    },
    jobs: [...changed].flatMap((id) => {
      const name = names.get(id);
      return name === undefined ? [] : [effectOf(id, name)];
    }),
    others: others.slice(0, mostNamed),
    more: { lose, gain: hidden.length - lose },
  };
}

function expectedIn(snapshot: Snapshot): Map<string, Expected> {
  const jobs = new Map(snapshot.jobs.map((job) => [job.id, job]));
  return new Map(
    forecastJobs(snapshot).map((forecast) => {
      const { job_id, start_at, finish_at, place, bound_by, unknown } = forecast;
      const job = jobs.get(job_id)!;
      const limit = bound_by === 'limit' ? limitOf(snapshot, job.asset_name) : null;
      const late_by_seconds = lateBy(forecast, job.sla_deadline_at);
      return [job_id, { start_at, finish_at, late_by_seconds, place, bound_by, unknown, limit }];
    }),
  );
}

function lateBy({ finish_at }: JobForecast, deadline: Date | null): number | null {
  if (finish_at === null || deadline === null) return null;
  const seconds = (Number(finish_at) - Number(deadline)) / 1000;
  // Other programs may write infinite times.
  return Number.isFinite(seconds) ? seconds : null;
}

/** The fullest limit that counts this asset. */
function limitOf({ limits, jobs }: Snapshot, asset: string): Expected['limit'] {
  const reached = limits
    .filter(({ assets }) => assets === null || assets.includes(asset))
    .map((limit) => ({
      ...limit,
      running: jobs.filter(
        ({ state, asset_name }) =>
          state === 'running' && (limit.assets === null || limit.assets.includes(asset_name)),
      ).length,
    }))
    .filter(({ running, max_running }) => running >= max_running);
  return reached.sort((one, other) => one.max_running - other.max_running)[0] ?? null;
}

/**
 * Seconds by which the finish moves: above 0 later, infinite if it is known no more. Without a
 * known duration those by which the start does.
 */
export function movedBy(effect: JobEffect): number {
  if (effect.fails) return Number.POSITIVE_INFINITY;
  const end = endOf(effect);
  const [from, to] = [effect.before?.[end] ?? null, effect.after?.[end] ?? null];
  if (from === null && to === null) return 0;
  if (to === null) return Number.POSITIVE_INFINITY;
  if (from === null) return Number.NEGATIVE_INFINITY;
  return (to.getTime() - from.getTime()) / 1000;
}

/** What is known of the job, before or after. */
export function endOf({ before, after }: JobEffect): 'start_at' | 'finish_at' {
  const known = [before, after].some((one) => (one?.finish_at ?? null) !== null);
  return known ? 'finish_at' : 'start_at';
}

export function isLate(expected: Expected | null): boolean {
  return (expected?.late_by_seconds ?? 0) > 0;
}

/** Whether it becomes late, or in time, or its finish moves by more than the forecast's noise. */
export function isNoticeable(effect: JobEffect, asOf: Date): boolean {
  const moved = movedBy(effect);
  if (!Number.isFinite(moved)) return true;
  const { before, after } = effect;
  if (moved !== 0 && isLate(before) !== isLate(after)) return true;
  const until = (Number(before?.[endOf(effect)] ?? asOf) - asOf.getTime()) / 1000;
  return Math.abs(moved) > Math.max(leastSeconds, leastShare * until);
}

export function loses(effect: JobEffect): boolean {
  return movedBy(effect) > 0;
}

/** Those that lose first; of each, those whose deadline decides, then those that move most. */
function compareEffects(one: JobEffect, other: JobEffect): number {
  const decides = (effect: JobEffect) =>
    effect.fails || isLate(effect.before) !== isLate(effect.after);
  return (
    Number(loses(other)) - Number(loses(one)) ||
    Number(decides(other)) - Number(decides(one)) ||
    byMove(one, other) ||
    (one.job_id < other.job_id ? -1 : 1)
  );
}

/** Infinite moves are equal to each other. */
function byMove(one: JobEffect, other: JobEffect): number {
  const [left, right] = [Math.abs(movedBy(one)), Math.abs(movedBy(other))];
  return left === right ? 0 : right > left ? 1 : -1;
}
