import { later } from '../time/time.ts';
import type { Bound, JobForecast } from './job-forecast.ts';
import { ranksOf } from './ranks.ts';
import { type Course, isWorkable, simulate } from './simulate.ts';
import type { Snapshot, SnapshotJob } from './snapshot.ts';

/** Forecasts every unfinished job of a tenant; a cancelled one in the snapshot has none. */
export function forecastJobs(snapshot: Snapshot): JobForecast[] {
  const ranks = ranksOf(snapshot.jobs);
  const expected = simulate(snapshot, 'expected', ranks);
  const short = simulate(snapshot, 'short', ranks);
  const long = simulate(snapshot, 'long', ranks);
  const unknown = unknownOf(snapshot, expected);
  const places = placesOf(snapshot, expected);
  const limited = limitedAssets(snapshot);
  const barred = barredAssets(snapshot);
  const at = (ms: number | null) => (ms === null ? null : later(snapshot.as_of, ms));
  return snapshot.jobs.flatMap((job, index) => {
    if (job.state === 'cancelled') return [];
    const course = expected[index]!;
    const bound_by = boundOf(job, course, { limited, barred });
    const why =
      unknown[index] === true ? (job.durations === null ? 'no_duration' : bound_by) : null;
    const finish = why === null ? course.finish_ms : null;
    const ends = finish === null ? [null, null] : [short, long].map((one) => one[index]!.finish_ms);
    return {
      job_id: job.id,
      bound_by,
      place: places.get(index) ?? null,
      start_at: at(course.start_ms),
      finish_at: at(finish),
      low_at: at(finish === null ? null : Math.min(finish, ends[0] ?? finish)),
      high_at: at(finish === null ? null : Math.max(finish, ends[1] ?? finish)),
      unknown: why,
    };
  });
}

/** Jobs without a known duration, and those that wait for one of them. */
function unknownOf({ jobs }: Snapshot, courses: readonly Course[]): boolean[] {
  const indexes = new Map(jobs.map(({ id }, index) => [id, index]));
  const known: (boolean | null)[] = jobs.map(() => null);
  const isUnknown = (index: number): boolean => {
    const before = known[index];
    if (before != null) return before;
    // In a circle of upstreams none ever starts.
    known[index] = true;
    const { upstreams, durations, remaining } = jobs[index]!;
    const waits = upstreams.some((id) => {
      const upstream = indexes.get(id);
      return upstream !== undefined && isUnknown(upstream);
    });
    const guessed = durations === null && remaining > 0;
    const result = waits || guessed || courses[index]!.finish_ms === null;
    known[index] = result;
    return result;
  };
  return jobs.map((_, index) => isUnknown(index));
}

function placesOf({ jobs }: Snapshot, courses: readonly Course[]): Map<number, number> {
  const waiting = jobs.flatMap((_, index) => {
    const { slots, start_ms } = courses[index]!;
    return slots === 0 && start_ms !== null && start_ms > 0 ? [index] : [];
  });
  waiting.sort((a, b) => courses[a]!.start_ms! - courses[b]!.start_ms!);
  return new Map(waiting.map((index, place) => [index, place + 1]));
}

function boundOf(
  job: SnapshotJob,
  { slots, wanted }: Course,
  assets: { limited: ReadonlySet<string>; barred: ReadonlyMap<string, Bound> },
): Bound {
  if (!isWorkable(job)) return job.state === 'paused' ? 'paused' : 'unknown_state';
  if (job.external) return 'external';
  if (job.upstreams.length > 0) return 'upstream';
  const barred = assets.barred.get(job.asset_name);
  if (barred !== undefined) return barred;
  if (slots === 0 && job.state !== 'running' && assets.limited.has(job.asset_name)) return 'limit';
  if (slots === 0 && wanted === 0) return 'back_off';
  if (wanted > 0) return 'slots';
  return job.remaining > slots ? 'max_parallel' : 'nothing';
}

/** The assets that no executor would start now, and why. */
function barredAssets({ executors, jobs }: Snapshot): Map<string, Bound> {
  const handled = new Set(executors.flatMap(({ assets }) => assets));
  const open = new Set(executors.flatMap(({ assets, closed }) => (closed ? [] : assets)));
  const barred = new Map<string, Bound>();
  for (const name of new Set(jobs.map(({ asset_name }) => asset_name))) {
    if (open.has(name)) continue;
    const why = executors.length === 0 ? 'no_executor' : 'no_handler';
    barred.set(name, handled.has(name) ? 'closed' : why);
  }
  return barred;
}

/** The assets of which no further job may run. */
function limitedAssets({ limits, jobs }: Snapshot): Set<string> {
  const running = new Map<string, number>();
  for (const { state, asset_name } of jobs) {
    const more = state === 'running' ? 1 : 0;
    running.set(asset_name, (running.get(asset_name) ?? 0) + more);
  }
  const names = [...running.keys()];
  const reached = limits.flatMap(({ max_running, assets }) => {
    const counted = assets === null ? names : names.filter((name) => assets.includes(name));
    const count = counted.reduce((sum, name) => sum + running.get(name)!, 0);
    return count >= max_running ? counted : [];
  });
  return new Set(reached);
}
