/** How near a job is to missing its deadline (backfill-sla-at-risk, "Analyze Risk Level"). */
export const riskLevels = [
  'none',
  'on_track',
  'low',
  'medium',
  'high',
  'unknown',
  'breached',
] as const;
export type RiskLevel = (typeof riskLevels)[number];

export type Risk = {
  level: RiskLevel;
  /** (ETA − deadline) / (deadline − now), or null where there is no such figure. */
  severity: number | null;
};

/**
 * Severity = (ETA − deadline) / (deadline − now). Below 20 % low, 20 % to 50 % medium, above 50 %
 * high; 20 and 50 themselves are medium. ETA at or before the deadline: on track. A deadline that has passed:
 * breached. No deadline: none. No ETA, or a stale one (pass null): unknown, never an old number in green.
 */
export function riskOf(deadline: Date | null, eta: Date | null, now: Date): Risk {
  if (deadline === null) return { level: 'none', severity: null };
  const left = deadline.getTime() - now.getTime();
  if (left <= 0) return { level: 'breached', severity: null };
  if (eta === null) return { level: 'unknown', severity: null };
  const over = eta.getTime() - deadline.getTime();
  const severity = over / left;
  if (over <= 0) return { level: 'on_track', severity };
  // In whole numbers, so that 20 % and 50 % are exactly the boundaries.
  if (over * 5 < left) return { level: 'low', severity };
  if (over * 2 <= left) return { level: 'medium', severity };
  return { level: 'high', severity };
}
