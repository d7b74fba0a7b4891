import type { JobEvent } from '../job/detail.ts';
import type { FailureKind, JobInsight } from '../job/insight.ts';
import type { JobView } from '../job/job.ts';
import type { Alert } from '../triage/alerts.ts';
import type { FailureCause } from '../triage/cause-names.ts';
import type { CheckName, CheckSummary } from '../triage/checks.ts';
import type { Escalation } from '../triage/escalation.ts';
import type { Clause, ExplainFacts } from '../triage/explain.ts';
import type { Recommendation } from '../triage/recommend.ts';

/** What befell attempts, counted by kind (failed, retry, lost …), of one job. */
export type AttemptCount = { kind: string; count: number; first_at: Date; last_at: Date };

/** One job's incident report: what happened, how far it is, what it holds up, who did what and why. */
export type IncidentReport = {
  as_of: Date;
  tenant_id: string;
  job: JobView;
  /** What keeps it from running, or that it runs. */
  explanation: { clause: Clause; facts: ExplainFacts };
  /** The job's own lines of the journal, the oldest first, at most the last 500. */
  timeline: JobEvent[];
  /** Of the last 100,000 lines of its journal. */
  attempts: AttemptCount[];
  failures: (FailureKind & { likely_cause: FailureCause['name'] | null })[];
  durations: JobInsight['durations'];
  samples: JobInsight['samples'];
  upstreams: JobInsight['upstreams'];
  waiting: JobInsight['waiting'];
  assets: JobInsight['assets'];
  executors: JobInsight['executors'];
  /** What triage finds of it now. */
  findings: CheckSummary[];
  /** The scenario of the runbook that this comes to, and what it recommends. */
  scenario: CheckName | null;
  recommendation: Recommendation | null;
  escalations: readonly Escalation[];
};

/** What befell the attempts of a job in a period. */
export type JobAttempts = { job_id: string; kind: string; count: number };

/** The hand-over of a shift: what is wrong now, what was done and why, what may still go wrong, what has ended. */
export type HandOff = {
  as_of: Date;
  tenant_id: string;
  since: Date;
  /** Those that fire. */
  alerts: Alert[];
  /** The checks that find something. */
  findings: CheckSummary[];
  escalations: readonly Escalation[];
  /** Live jobs that are at risk, breached or of unknown end, the most urgent first. */
  at_risk: JobView[];
  /** What was decided about jobs in the period, the oldest first, at most the last 1,000. */
  actions: JobEvent[];
  /** There were more. */
  actions_truncated: boolean;
  attempts: JobAttempts[];
  /** How many jobs ended in the period, by state. */
  ended_counts: Readonly<Record<string, number>>;
  /** They, the newest first, at most 500 of each state. */
  ended: JobView[];
  /** Names of the assets of the jobs that the lines are about. */
  asset_names: Record<string, string>;
};

/** An executor of ours calls itself host:pid:random; whoever has another name is a person, or another program. */
export function isExecutor(actor: string): boolean {
  return /^[^:]+:\d+:[0-9a-z-]+$/i.test(actor);
}

/** Something that somebody decided, and not just the next step of the work. */
export function isDecision(event: JobEvent): boolean {
  if (event.partition_key !== null) return false;
  return !isExecutor(event.actor) || event.reason !== null;
}
