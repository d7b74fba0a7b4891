import type { JobForecast } from './job-forecast.ts';

/** A stored finish may be off by so much, or by a hundredth of the time until then. */
const leastMoveMs = 200;
const leastMoveShare = 0.01;
/** A range, and a place in a long queue, may be off by this share. */
const roughShare = 0.05;

/** What has to be stored again, and the jobs that have no forecast any more. */
export function changesOf(
  stored: ReadonlyMap<string, JobForecast>,
  now: readonly JobForecast[],
  asOf: Date,
): { changed: JobForecast[]; gone: string[] } {
  const present = new Set(now.map(({ job_id }) => job_id));
  return {
    changed: now.filter((one) => {
      const before = stored.get(one.job_id);
      return before === undefined || differs(before, one, asOf);
    }),
    gone: [...stored.keys()].filter((id) => !present.has(id)),
  };
}

function differs(before: JobForecast, now: JobForecast, asOf: Date): boolean {
  if (before.bound_by !== now.bound_by || before.unknown !== now.unknown) return true;
  const [old, place] = [before.place ?? 0, now.place ?? 0];
  if (Math.abs(old - place) > roughShare * Math.max(old, place)) return true;
  const started = (at: Date | null) => at !== null && at <= asOf;
  if (started(before.start_at) !== started(now.start_at)) return true;
  return (
    (!started(now.start_at) && moved(before.start_at, now.start_at, asOf, leastMoveShare)) ||
    moved(before.finish_at, now.finish_at, asOf, leastMoveShare) ||
    moved(before.low_at, now.low_at, asOf, roughShare) ||
    moved(before.high_at, now.high_at, asOf, roughShare)
  );
}

function moved(before: Date | null, now: Date | null, asOf: Date, share: number): boolean {
  if (before === null || now === null) return before !== now;
  const until = Math.max(0, now.getTime() - asOf.getTime());
  return Math.abs(before.getTime() - now.getTime()) > Math.max(leastMoveMs, share * until);
}
