/** The SLA tiers and the priority that each gives (backfill-sla-at-risk, "Establish SLA Tiers"). */
export const tierPriorities = { critical: 10, standard: 7, 'best-effort': 3 } as const;
export type Tier = keyof typeof tierPriorities;

export const tiers = Object.keys(tierPriorities) as Tier[];

export const lowestPriority = -10;
export const highestPriority = 10;
