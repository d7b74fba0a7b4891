/** Priorities of the SLA tiers (backfill-sla-at-risk, "Establish SLA Tiers"). */
export const tierPriorities = { critical: 10, standard: 7, 'best-effort': 3 } as const;
export type Tier = keyof typeof tierPriorities;

export const tiers = Object.keys(tierPriorities) as Tier[];

export const lowestPriority = -10;
export const highestPriority = 10;

/** Lowest priority of each tier; below the last it is best effort. */
const leastPriorities: readonly (readonly [Tier, number])[] = [
  ['critical', 8],
  ['standard', 4],
];

export function tierOf(priority: number): Tier {
  return leastPriorities.find(([, least]) => priority >= least)?.[0] ?? 'best-effort';
}

/**
 * (deadline − ETA) as a share of the expected duration, by tier (backfill-sla-at-risk, "Establish
 * SLA Tiers"). Null: no upper limit.
 */
export const tierBuffers: Readonly<
  Record<Tier, { least: number; most: number | null; text: string }>
> = {
  critical: { least: 0, most: 0.1, text: 'below 10 %' },
  standard: { least: 0.2, most: 0.3, text: '20 to 30 %' },
  'best-effort': { least: 0, most: null, text: 'flexible' },
};

/** late: ends after its deadline; tight, wide: less or more buffer than the tier's. */
export const bufferFits = ['late', 'tight', 'fits', 'wide'] as const;
export type BufferFit = (typeof bufferFits)[number];

export function bufferFit(tier: Tier, buffer: number): BufferFit {
  const { least, most } = tierBuffers[tier];
  if (buffer < 0) return 'late';
  if (buffer < least) return 'tight';
  if (most === null) return 'fits';
  return buffer < most || (buffer === most && tier !== 'critical') ? 'fits' : 'wide';
}

/** (deadline − end) ÷ (end − start); null for a duration of 0. */
export function bufferOf(start: Date, end: Date, deadline: Date): number | null {
  const duration = end.getTime() - start.getTime();
  return duration > 0 ? (deadline.getTime() - end.getTime()) / duration : null;
}
