export type Demand = {
  tenant: string;
  used: number;
  wanted: number;
  /** When it was served last; of equals the lowest comes first. */
  turn: number;
};

/**
 * Slots per tenant by max-min fairness: equal parts first; slots that a tenant cannot use go to the
 * others, a remainder by turns.
 */
export function sharesOf(slots: number, demands: readonly Demand[]): Map<string, number> {
  const shares = new Map(demands.map(({ tenant }) => [tenant, 0]));
  let open = demands.filter(({ used, wanted }) => used + wanted > 0);
  let left = slots;
  while (left > 0 && open.length > 0) {
    const part = Math.floor(left / open.length);
    if (part === 0) break;
    for (const { tenant, used, wanted } of open) {
      const more = Math.min(part, used + wanted - shares.get(tenant)!);
      shares.set(tenant, shares.get(tenant)! + more);
      left -= more;
    }
    open = open.filter(({ tenant, used, wanted }) => shares.get(tenant)! < used + wanted);
  }
  for (const { tenant } of open
    .toSorted((a, b) => a.turn - b.turn || b.used - a.used)
    .slice(0, left))
    shares.set(tenant, shares.get(tenant)! + 1);
  return shares;
}

/**
 * Slots above its share that each tenant gives up, one at the next partition boundary of each lease
 * queue.
 */
export function owedOf(slots: number, demands: readonly Demand[]): Map<string, number> {
  const shares = sharesOf(slots, demands);
  return new Map(
    demands.map(({ tenant, used }) => [tenant, Math.max(0, used - shares.get(tenant)!)]),
  );
}

/**
 * The tenant that gets the next free slot: the one with the fewest, then by turn. Null: none has
 * work.
 */
export function nextTenant(demands: readonly Demand[]): string | null {
  const [next] = demands
    .filter(({ wanted }) => wanted > 0)
    .toSorted((a, b) => a.used - b.used || a.turn - b.turn);
  return next?.tenant ?? null;
}
