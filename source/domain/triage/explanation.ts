import type { FailureCause } from './cause-names.ts';
import type { CheckName, Finding, FoundRow } from './checks.ts';
import type { Escalation } from './escalation.ts';
import type { Clause, ExplainFacts } from './explain.ts';
import type { CheckFinding, Recommendation } from './recommend.ts';

export type Explanation = {
  as_of: Date;
  tenant_id: string;
  /** What keeps the job from running, or that it runs. */
  clause: Clause;
  facts: ExplainFacts;
};

/** The runbooks' whole tree walked for one job. */
export type DiagnosedJob = Explanation & {
  /** The checks that hold for it, in the order of triage. */
  findings: readonly (CheckFinding & { sql: string })[];
  /** The one that names the runbook's scenario; null where nothing is wrong. */
  scenario: CheckName | null;
  /** What the runbook asks of one job in that scenario, with its rows. */
  evidence: Pick<Finding, 'columns' | 'rows' | 'sql' | 'truncated'> | null;
  /** What the errors among the evidence most likely come from; of which figures are of the evidence alone. */
  causes: readonly (FailureCause & { failures: number })[];
  recommendation: Recommendation | null;
  escalations: readonly Escalation[];
};

/** What has become of the checks that findings for a job. */
export type Verification = {
  as_of: Date;
  tenant_id: string;
  job_id: string;
  state: string;
  version: number;
  checks: readonly { name: CheckName; title: string; holds: boolean; row: FoundRow | null }[];
  /** None of them holds any more. */
  helped: boolean;
};
