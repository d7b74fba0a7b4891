import { type Demand, sharesOf } from '../executor/fair-share.ts';
import { isWorkable } from './simulate.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Divides the slots of executors that serve several tenants as they do themselves
 * (domain/executor/fair-share.ts), by what each tenant could use now.
 * @returns the same tenants, each with its share
 */
export function withShares(tenants: ReadonlyMap<string, Snapshot>): Map<string, Snapshot> {
  const demands = new Map<string, Demand[]>();
  for (const [tenant, snapshot] of tenants)
    for (const executor of snapshot.executors) {
      const one = demandOf(tenant, snapshot, executor);
      demands.set(executor.id, [...(demands.get(executor.id) ?? []), one]);
    }
  return new Map(
    [...tenants].map(([tenant, snapshot]) => [
      tenant,
      {
        ...snapshot,
        executors: snapshot.executors.map((executor) => {
          const all = demands.get(executor.id)!;
          if (all.length < 2) return executor;
          return { ...executor, slots: sharesOf(executor.slots, all).get(tenant)! };
        }),
      },
    ]),
  );
}

function demandOf(
  tenant: string,
  { jobs }: Snapshot,
  { id, assets }: Snapshot['executors'][number],
): Demand {
  let used = 0;
  let wanted = 0;
  for (const job of jobs) {
    used += job.slots.filter(({ executor }) => executor === id).length;
    if (!isWorkable(job) || job.upstreams.length > 0 || !assets.includes(job.asset_name)) continue;
    wanted += Math.max(0, Math.min(job.max_parallel, job.remaining) - job.slots.length);
  }
  return { tenant, used, wanted, turn: 0 };
}
