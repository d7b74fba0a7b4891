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
  /** (ETA − deadline) / (deadline − now); null if undefined. */
  severity: number | null;
};

/**
 * Severity = (ETA − deadline) / (deadline − now) (backfill-sla-at-risk, "Analyze Risk Level").
 * Below 20 % low, 20 % to 50 % inclusive medium, above 50 % high; ETA up to the deadline: on track;
 * deadline passed: breached; no deadline: none; no ETA or a stale one (pass null): unknown.
 * With an early warning, an ETA closer to the deadline than this is low, with a severity of at most
 * 0 (backfill-sla-at-risk, "Configure Early Warning Thresholds").
 */
export function riskOf(
  deadline: Date | null,
  eta: Date | null,
  now: Date,
  earlyWarningMs = 0,
): Risk {
  if (deadline === null) return { level: 'none', severity: null };
  const left = deadline.getTime() - now.getTime();
  if (left <= 0) return { level: 'breached', severity: null };
  if (eta === null) return { level: 'unknown', severity: null };
  const over = eta.getTime() - deadline.getTime();
  const severity = over / left;
  if (over + earlyWarningMs <= 0) return { level: 'on_track', severity };
  // In integers, so that 20 % and 50 % are exact boundaries.
  if (over * 5 < left) return { level: 'low', severity };
  if (over * 2 <= left) return { level: 'medium', severity };
  return { level: 'high', severity };
}

/** At risk for metrics, alerts and the header. Breached counts separately. */
export const atRiskLevels: readonly RiskLevel[] = ['low', 'medium', 'high'];

/** The most urgent first. An unknown job may be as late as one at high risk. */
const urgency: readonly RiskLevel[] = [
  'breached',
  'high',
  'unknown',
  'medium',
  'low',
  'on_track',
  'none',
];

type Urgent = {
  id: string;
  risk_level: RiskLevel;
  risk_severity: number | null;
  priority: number;
  sla_deadline_at: Date | null;
};

/** By level, severity, priority and deadline; a total order. */
export function compareUrgency(one: Urgent, other: Urgent): number {
  const deadline = ({ sla_deadline_at }: Urgent) => sla_deadline_at?.getTime() ?? 0;
  return (
    urgency.indexOf(one.risk_level) - urgency.indexOf(other.risk_level) ||
    (other.risk_severity ?? 0) - (one.risk_severity ?? 0) ||
    other.priority - one.priority ||
    deadline(one) - deadline(other) ||
    (one.id < other.id ? -1 : 1)
  );
}
