/** The runbook's four, then those of a SQLSTATE only. */
export const causeNames = [
  'upstream_unavailable',
  'schema_change',
  'resource_exhaustion',
  'rate_limiting',
  'missing_grant',
  'conflict',
  'cancelled',
] as const;

/**
 * Most likely cause of a failure (backfill-operations, "High Partition Failure Rate", "Common
 * causes").
 */
export type FailureCause = {
  name: (typeof causeNames)[number];
  /** In the runbook's words if it is one of its causes. */
  title: string;
  advice: string;
};
