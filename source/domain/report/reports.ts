import type { JobEvent } from '../job/detail.ts';
import type { FailureKind, JobInsight } from '../job/insight.ts';
import type { JobView } from '../job/job.ts';
import type { Alert } from '../triage/alerts.ts';
import type { FailureCause } from '../triage/cause-names.ts';
import type { CheckName, CheckSummary } from '../triage/checks.ts';
import type { Escalation } from '../triage/escalation.ts';
import type { Clause, ExplainFacts } from '../triage/explain.ts';
import type { Recommendation } from '../triage/recommend.ts';

/** Default length of a shift, in milliseconds. */
export const shiftMs = 8 * 3_600_000;

export type AttemptCount = { kind: string; count: number; first_at: Date; last_at: Date };

export type IncidentReport = {
  as_of: Date;
  tenant_id: string;
  job: JobView;
  explanation: { clause: Clause; facts: ExplainFacts };
  timeline: JobEvent[];
  /** Of the job's last 100,000 events. */
  attempts: AttemptCount[];
  failures: (FailureKind & { likely_cause: FailureCause['name'] | null })[];
  durations: JobInsight['durations'];
  samples: JobInsight['samples'];
  upstreams: JobInsight['upstreams'];
  waiting: JobInsight['waiting'];
  assets: JobInsight['assets'];
  executors: JobInsight['executors'];
  findings: CheckSummary[];
  scenario: CheckName | null;
  recommendation: Recommendation | null;
  escalations: readonly Escalation[];
};

export type JobAttempts = { job_id: string; kind: string; count: number };

/**
 * The report of a shift: what is wrong now, what was done and why, what is at risk, what has ended.
 */
export type HandOff = {
  as_of: Date;
  tenant_id: string;
  since: Date;
  alerts: Alert[];
  findings: CheckSummary[];
  escalations: readonly Escalation[];
  /** Unfinished jobs at risk, breached or unknown, the most urgent first. */
  at_risk: JobView[];
  /** Decisions in the period, the oldest first, the last 1,000. */
  actions: JobEvent[];
  actions_truncated: boolean;
  attempts: JobAttempts[];
  ended_counts: Readonly<Record<string, number>>;
  /** The newest first, at most 500 of each state. */
  ended: JobView[];
  asset_names: Record<string, string>;
};

export function isExecutor(actor: string): boolean {
  return /^[^:]+:\d+:[0-9a-z-]+$/i.test(actor);
}

export function isDecision(event: JobEvent): boolean {
  if (event.partition_key !== null) return false;
  return !isExecutor(event.actor) || event.reason !== null;
}
