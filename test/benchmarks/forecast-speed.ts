import { forecastJobs } from '../../source/domain/forecast/forecast-jobs.ts';
import type { Snapshot, SnapshotJob } from '../../source/domain/forecast/snapshot.ts';
import { Random } from './forecast-scenarios.ts';

const runs = 9;

/** Milliseconds of processor time that a forecast of so many unfinished jobs takes, in each of some runs. */
export function forecastMs(jobs: number): number[] {
  const snapshot = crowdOf(jobs);
  // Compiled before it counts, as in an executor that forecasts every few seconds.
  for (let run = 0; run < 10; run += 1) forecastJobs(snapshot);
  return Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    forecastJobs(snapshot);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
}

/** Unfinished jobs of 50 assets on four executors: 48 slots, 40 jobs running, upstreams, limits. */
export function crowdOf(count: number): Snapshot {
  const random = new Random(count);
  const assets = Array.from({ length: 50 }, (_, index) => `asset ${index}`);
  const executors = Array.from({ length: 4 }, (_, index) => ({
    id: `executor ${index}`,
    slots: 12,
    assets: index === 0 ? assets : assets.filter(() => random.chance(0.8)),
    closed: false,
  }));
  const jobs = Array.from({ length: count }, (_, index): SnapshotJob => {
    const running = index < 40;
    const waits = !running && random.chance(0.1);
    const spread = random.between(0.1, 1);
    return {
      id: `job ${index}`,
      asset_name: running ? assets[index]! : random.of(assets),
      state: running ? 'running' : waits ? 'waiting_upstream' : 'pending',
      priority: random.whole(1, 10),
      execution_order: 0,
      sla_deadline_at: random.chance(0.5) ? new Date(1.9e12 + random.whole(0, 1e8)) : null,
      created_at: new Date(1.8e12 + index * 1000),
      remaining: Math.round(random.logUniform(2, 5_000)),
      max_parallel: random.whole(1, 8),
      slots: running ? [{ executor: 'executor 0', elapsed_ms: random.whole(0, 500) }] : [],
      durations: {
        mean_ms: random.logUniform(20, 60_000),
        spread,
        samples: random.whole(1, 200),
        failed_share: random.chance(0.2) ? 0.05 : 0,
      },
      later: running && random.chance(0.2) ? { count: 1, first_ms: 2_000, last_ms: 2_000 } : null,
      upstreams: waits ? [`job ${random.whole(0, index - 1)}`] : [],
      external: false,
    };
  }).map((job, index) =>
    // Twelve slots each.
    index < 40
      ? { ...job, slots: job.slots.map((slot) => ({ ...slot, executor: `executor ${index % 4}` })) }
      : job,
  );
  return { as_of: new Date(1.8e12), executors, limits: [{ max_running: 100, assets: null }], jobs };
}
