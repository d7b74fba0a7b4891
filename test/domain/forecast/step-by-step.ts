import { partitionMs, restMs } from '../../../source/domain/forecast/durations.ts';
import type { Snapshot, SnapshotJob } from '../../../source/domain/forecast/snapshot.ts';
import { compareRank, outranks } from '../../../source/domain/job/rank.ts';

type Slot = { executor: string; job: Work | null; at: number };
type Work = {
  of: SnapshotJob;
  unclaimed: number;
  slots: number;
  running: boolean;
  finish: number | null;
};

/**
 * The finish of each job in milliseconds by plain list scheduling: every slot takes one partition
 * after the other. Slow, and simple enough to be right.
 */
export function finishesStepByStep({ jobs, executors, limits }: Snapshot): (number | null)[] {
  const all = jobs.map(
    (of): Work => ({
      of,
      unclaimed: of.remaining - of.slots.length - (of.later?.count ?? 0),
      slots: of.slots.length,
      running: of.state === 'running',
      finish: null,
    }),
  );
  const slots: Slot[] = executors.flatMap(({ id, slots: count }) => {
    const busy = all.flatMap((job) =>
      job.of.slots.flatMap(({ executor, elapsed_ms }) =>
        executor === id ? [{ executor: id, job, at: restMs(job.of.durations!, elapsed_ms) }] : [],
      ),
    );
    const free = Array.from({ length: count - busy.length }, () => ({
      executor: id,
      job: null,
      at: 0,
    }));
    return [...busy, ...free];
  });
  const due = all.flatMap((job) =>
    job.of.later === null ? [] : [{ job, at: job.of.later.first_ms, count: job.of.later.count }],
  );
  const ranked = all.toSorted((one, other) => compareRank(one.of, other.of));

  const ended = (id: string) => all.find(({ of }) => of.id === id)!.finish !== null;
  const allowed = ({ of }: Work) =>
    limits.every(({ max_running, assets }) => {
      if (assets !== null && !assets.includes(of.asset_name)) return true;
      const counted = all.filter(
        (job) =>
          job.running &&
          job.finish === null &&
          (assets === null || assets.includes(job.of.asset_name)),
      );
      return counted.length < max_running;
    });
  const firstFor = (executor: string) =>
    ranked.find(
      (job) =>
        job.finish === null &&
        job.unclaimed > 0 &&
        job.slots < job.of.max_parallel &&
        job.of.upstreams.every(ended) &&
        executors.find(({ id }) => id === executor)!.assets.includes(job.of.asset_name) &&
        (job.running || allowed(job)),
    );

  for (let now = 0; ; ) {
    // Free slots go to the first in claim order.
    for (;;) {
      const wishes = slots
        .filter(({ job }) => job === null)
        .map((slot) => ({ slot, job: firstFor(slot.executor) }))
        .filter((wish) => wish.job !== undefined)
        .sort((one, other) => ranked.indexOf(one.job!) - ranked.indexOf(other.job!));
      const [first] = wishes;
      if (first === undefined) break;
      const job = first.job!;
      job.running = true;
      job.slots += 1;
      job.unclaimed -= 1;
      Object.assign(first.slot, { job, at: now + partitionMs(job.of.durations!) });
    }
    const times = [...slots.filter(({ job }) => job !== null), ...due].map(({ at }) => at);
    if (times.length === 0) return all.map(({ finish }) => finish);
    now = Math.min(...times);
    for (const one of due.splice(0)) {
      if (one.at === now) one.job.unclaimed += one.count;
      else due.push(one);
    }
    for (const slot of slots) {
      const { job } = slot;
      if (job === null || slot.at !== now) continue;
      const waiting = firstFor(slot.executor);
      const yields = waiting !== undefined && outranks(waiting.of, job.of);
      if (job.unclaimed > 0 && !yields) {
        job.unclaimed -= 1;
        slot.at += partitionMs(job.of.durations!);
        continue;
      }
      slot.job = null;
      job.slots -= 1;
      const waits = due.some((one) => one.job === job);
      if (job.slots + job.unclaimed === 0 && !waits) job.finish = now;
      if (yields) break; // The freed slot is given out before the next one comes to its boundary.
    }
  }
}
