import type { CheckSummary } from './checks.ts';
import type { Escalation } from './escalation.ts';

export type TriageReport = {
  as_of: Date;
  tenant_id: string;
  job_id: string | null;
  checks: readonly CheckSummary[];
  escalations: readonly Escalation[];
};
