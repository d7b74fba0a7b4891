import type { CheckSummary } from './checks.ts';
import type { Escalation } from './escalation.ts';

/** The triage screen, and `servo-tui triage`. */
export type TriageReport = {
  as_of: Date;
  tenant_id: string;
  /** Null: all jobs of the tenant. */
  job_id: string | null;
  checks: readonly CheckSummary[];
  /** Of the outages that were found. */
  escalations: readonly Escalation[];
};
