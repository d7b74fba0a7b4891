/** What one tenant has of an executor's slots, and what it could do with more. */
export type Demand = {
  tenant: string;
  /** Slots in use, or asked for. */
  used: number;
  /** Slots beyond those that it has work for now. */
  wanted: number;
  /** Among tenants that have the same, the lower comes first: when it was served last. */
  turn: number;
};

/**
 * How many of the slots are each tenant's: slots are shared over tenants first, in equal parts; what one has no work for goes to the
 * others (max-min fairness). Never more than a tenant uses and wants, and together never more than there are. What cannot be divided goes
 * by turns.
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

/** Slots that each tenant is to give up, at the next partition boundary of as many lanes: what it uses above its share. */
export function owedOf(slots: number, demands: readonly Demand[]): Map<string, number> {
  const shares = sharesOf(slots, demands);
  return new Map(
    demands.map(({ tenant, used }) => [tenant, Math.max(0, used - shares.get(tenant)!)]),
  );
}

/** The tenant that the next free slot is for: who has least of its share, then whose turn it is. Null where none wants one. */
export function nextTenant(demands: readonly Demand[]): string | null {
  const [next] = demands
    .filter(({ wanted }) => wanted > 0)
    .toSorted((a, b) => a.used - b.used || a.turn - b.turn);
  return next?.tenant ?? null;
}
