import type { ExecutorSlots } from './snapshot.ts';

/** Executors that can run the same assets: a slot of one is as good as one of another. */
export type Pool = {
  readonly index: number;
  readonly assets: ReadonlySet<string>;
  free: number;
};

/**
 * The pools of executors that start partitions, and each executor's pool; closed ones have none.
 * @param assets those of unfinished jobs
 */
export function poolsOf(
  executors: readonly ExecutorSlots[],
  assets: ReadonlySet<string>,
): { pools: Pool[]; of: Map<string, Pool> } {
  const pools = new Map<string, Pool>();
  const of = new Map<string, Pool>();
  for (const executor of executors) {
    if (executor.closed) continue;
    const known = [...new Set(executor.assets)].filter((name) => assets.has(name)).sort();
    const key = JSON.stringify(known);
    const pool = pools.get(key) ?? { index: pools.size, assets: new Set(known), free: 0 };
    pool.free += executor.slots;
    pools.set(key, pool);
    of.set(executor.id, pool);
  }
  return { pools: [...pools.values()], of };
}
