import type { Advice } from '../advice/advice.ts';
import type { Named } from '../advice/board-advice.ts';
import type { FailureCause } from './cause-names.ts';
import type { CheckName, Finding, FoundRow } from './checks.ts';
import type { Escalation } from './escalation.ts';
import type { Clause, ExplainFacts } from './explain.ts';
import type { CheckFinding, Recommendation } from './recommend.ts';

export type Explanation = {
  as_of: Date;
  tenant_id: string;
  clause: Clause;
  facts: ExplainFacts;
};

/** The limits that steps of remedies raise, by the steps' index. */
type NamedLimits = Readonly<Record<number, { scope: string; name: string }>>;

export type DiagnosedJob = Explanation & {
  findings: readonly (CheckFinding & { sql: string })[];
  /** The check that names the scenario; null: nothing is wrong. */
  scenario: CheckName | null;
  /** Rows of the runbook's query for one job in that scenario. */
  evidence: Pick<Finding, 'columns' | 'rows' | 'sql' | 'truncated'> | null;
  /** Likely causes of the errors in the evidence; `failures` counts the evidence alone. */
  causes: readonly (FailureCause & { failures: number })[];
  recommendation: Recommendation | null;
  /** What brings a job in that is late or at risk; null for another one. */
  advice: (Advice & Named & { limits: NamedLimits }) | null;
  escalations: readonly Escalation[];
};

export type Verification = {
  as_of: Date;
  tenant_id: string;
  job_id: string;
  state: string;
  version: number;
  checks: readonly { name: CheckName; title: string; holds: boolean; row: FoundRow | null }[];
  helped: boolean;
};
