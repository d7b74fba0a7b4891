/** The runbook's four, and what only a SQLSTATE tells. */
export const causeNames = [
  'upstream_unavailable',
  'schema_change',
  'resource_exhaustion',
  'rate_limiting',
  'missing_grant',
  'conflict',
  'cancelled',
] as const;

/** What a failure most likely comes from (backfill-operations, "High Partition Failure Rate", "Common causes"). */
export type FailureCause = {
  name: (typeof causeNames)[number];
  /** The runbook's words, where it is one of its causes. */
  title: string;
  /** What to look at first. */
  advice: string;
};
