import type { Group } from './group.ts';
import type { Pool } from './pools.ts';
import { type Allowance, Queue } from './queue.ts';
import type { LimitedJobs } from './snapshot.ts';

export type Queues = {
  /** Assets with the same pools and limits share one. */
  byAsset: ReadonlyMap<string, Queue<Group>>;
  /** For each pool those whose jobs it can run. */
  byPool: readonly (readonly Queue<Group>[])[];
};

export function queuesOf(
  assets: ReadonlySet<string>,
  pools: readonly Pool[],
  limits: readonly LimitedJobs[],
): Queues {
  const allowances = limits.map(({ max_running, assets: only }) => ({
    counter: { left: max_running } satisfies Allowance,
    only: only === null ? null : new Set(only),
  }));
  const byPool = pools.map((): Queue<Group>[] => []);
  const queues = new Map<string, Queue<Group>>();
  const byAsset = new Map<string, Queue<Group>>();
  for (const name of assets) {
    const able = pools.filter((pool) => pool.assets.has(name));
    const counting = allowances.filter(({ only }) => only === null || only.has(name));
    const key = `${able.map(({ index }) => index)}/${counting.map((one) => allowances.indexOf(one))}`;
    let queue = queues.get(key);
    if (queue === undefined) {
      queue = new Queue<Group>(counting.map(({ counter }) => counter));
      queues.set(key, queue);
      for (const { index } of able) byPool[index]!.push(queue);
    }
    byAsset.set(name, queue);
  }
  return { byAsset, byPool };
}
