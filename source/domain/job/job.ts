import {
  etaDrift,
  etaRange,
  etaSeconds,
  progressOf,
  ratePerMinute,
  remainingPartitions,
} from '../forecast/eta.ts';
import { type Risk, type RiskLevel, riskOf } from '../risk/risk.ts';
import { roughDuration } from '../time/duration.ts';
import { later } from '../time/time.ts';
import { type ClaimScene, clauseIn, factsIn, type SceneFacts } from '../triage/claim-scene.ts';
import { clauseReasons, silenceReason, type WaitingClause } from '../triage/clause-reason.ts';
import { type JobThresholds, thresholdDefaults } from '../triage/thresholds.ts';
import { type Health, type HealthFacts, healthOf, urgencyOf, waitsFor } from './health.ts';
import type { Job, JobActivity } from './row.ts';
import { isJobState, isTerminal } from './state.ts';
import { readStrategy } from './strategy.ts';

export type { Job, JobActivity } from './row.ts';

/** A job with derived figures; `as_of` is the database's clock. */
export type JobView = Job &
  JobActivity & {
    progress: number;
    remaining_partitions: number;
    rate_per_minute: number | null;
    heartbeat_age_seconds: number | null;
    heartbeat_stale: boolean;
    /** The part of `running_slots` that silent executors lease. */
    silent_slots: number;
    /** The clause of `explain` that keeps it from running; null if it runs or nothing does. */
    waits_for: WaitingClause | null;
    /** Failed partitions of a job that has not ended: it will end incomplete. */
    incomplete_partitions: number;
    health: Health;
    urgency: number;
    /** Why, as a sentence; null if there is nothing to say beside the deadline. */
    health_reason: string | null;
    /**
     * Null if unknown: nothing completed yet, a stale heartbeat, only silent executors, no slot, an
     * ended job, an unknown state.
     */
    eta_seconds: number | null;
    /** Duration once it runs (again), for a job whose ETA waits for that; else null. */
    needs_seconds: number | null;
    /** At the fastest and the slowest average of the last 15 minutes; null if unknown. */
    eta_low_seconds: number | null;
    eta_high_seconds: number | null;
    /**
     * Seconds by which the ETA slipped (above 0) or gained in up to 15 minutes; null if unknown.
     */
    eta_drift_seconds: number | null;
    waiting_upstream_count: number;
    risk_level: RiskLevel;
    risk_severity: number | null;
  };

/** @param scene executors, limits and leases of the tenant; null: unknown, only the row counts */
export function viewJob(
  job: Job & JobActivity,
  asOf: Date,
  thresholds: JobThresholds = thresholdDefaults,
  scene: ClaimScene | null = null,
): JobView {
  const { facts, alive, silent_slots, needs, eta, risk, health } = assess(
    job,
    asOf,
    thresholds,
    scene,
  );
  const { heartbeat_stale, heartbeat_age_seconds, waits_for, incomplete_partitions } = health;
  const remaining = remainingPartitions(job);
  const etaAt = eta === null ? null : later(asOf, eta * 1000);
  const range =
    eta === null
      ? null
      : etaRange(remaining, slotsForEta(alive), job.avg_partition_duration_ms, job.eta_trend);
  return {
    ...job,
    progress: progressOf(job),
    remaining_partitions: remaining,
    rate_per_minute:
      job.state === 'running' ? ratePerMinute(job.completed_partitions, job.rate_base, asOf) : null,
    heartbeat_age_seconds,
    heartbeat_stale,
    silent_slots,
    waits_for,
    incomplete_partitions,
    health: healthOf(health),
    urgency: urgencyOf(health),
    health_reason: reasonOf(health, facts),
    eta_seconds: eta,
    needs_seconds: isKnown(health) ? null : needs,
    eta_low_seconds: range?.low ?? null,
    eta_high_seconds: range?.high ?? null,
    eta_drift_seconds: job.state === 'running' ? etaDrift(etaAt, job.eta_trend, asOf) : null,
    waiting_upstream_count: Math.max(0, job.upstream_job_count - job.completed_upstream_jobs),
    risk_level: risk.level,
    risk_severity: risk.severity,
  };
}

/** What a job's health and risk depend on. */
export type AssessedFacts = EtaFacts &
  Pick<
    Job & JobActivity,
    'id' | 'asset_name' | 'ours' | 'failing' | 'sla_deadline_at' | 'completed_at'
  >;

export type JobRank = Pick<JobView, 'urgency' | 'risk_level'>;

/** Like `viewJob` at a tenth of the cost, for the order of many jobs of which few are shown. */
export function rankJob(
  job: AssessedFacts,
  asOf: Date,
  thresholds: JobThresholds,
  scene: ClaimScene | null,
): JobRank {
  const { health, risk } = assess(job, asOf, thresholds, scene);
  return { urgency: urgencyOf(health), risk_level: risk.level };
}

/**
 * `alive`: the facts of its ETA, without the slots of silent executors unless it has no other.
 * `needs`: seconds it takes once it runs; `eta`: the same, if it runs or nothing keeps it from it.
 */
function assess(
  job: AssessedFacts,
  asOf: Date,
  thresholds: JobThresholds,
  scene: ClaimScene | null,
) {
  const facts = scene === null ? null : factsIn(scene, job, asOf);
  const { silent_slots, waits_for } = slotsAndWait(job, facts);
  const silent = job.state === 'running' && silent_slots > 0 && silent_slots >= job.running_slots;
  // Field by field, as in `factsIn`: of a thousand jobs a spread takes longer than all the rest.
  const alive: EtaFacts = {
    state: job.state,
    heartbeat_at: job.heartbeat_at,
    total_partitions: job.total_partitions,
    completed_partitions: job.completed_partitions,
    failed_partitions: job.failed_partitions,
    skipped_partitions: job.skipped_partitions,
    avg_partition_duration_ms: job.avg_partition_duration_ms,
    execution_strategy: job.execution_strategy,
    running_slots: silent ? job.running_slots : job.running_slots - silent_slots,
  };
  const ended = isTerminal(job.state);
  const incomplete_partitions = ended ? 0 : Math.max(0, job.failed_partitions);
  const needs = etaOf(alive, asOf, thresholds);
  const eta = isKnown({ silent, waits_for }) ? needs : null;
  const risk = ended
    ? endedRisk(job)
    : unfinishedRisk(
        {
          deadline: job.sla_deadline_at,
          eta_seconds: eta,
          least_seconds: needs,
          incomplete: incomplete_partitions > 0,
        },
        asOf,
        thresholds.early_warning,
      );
  const health: HealthFacts = {
    state: job.state,
    risk_level: risk.level,
    heartbeat_stale: isStale(job, asOf, thresholds),
    heartbeat_age_seconds: ageSeconds(job.heartbeat_at, asOf),
    waits_for,
    silent,
    failing: job.failing,
    incomplete_partitions,
    failed_lately: job.state === 'failed' && isRecent(job.completed_at, asOf, thresholds),
  };
  return { facts, alive, silent_slots, needs, eta, risk, health };
}

/** A job that waits, or that only silent executors run, has no ETA. */
function isKnown({ silent, waits_for }: Pick<HealthFacts, 'silent' | 'waits_for'>): boolean {
  return !silent && waits_for === null;
}

function slotsAndWait(
  job: AssessedFacts,
  facts: SceneFacts | null,
): Pick<JobView, 'silent_slots' | 'waits_for'> {
  if (facts === null || isTerminal(job.state)) return { silent_slots: 0, waits_for: null };
  const leased = facts.silent.reduce((sum, { slots }) => sum + slots, 0);
  const silent_slots = Math.min(job.running_slots, leased);
  // A running slot outweighs what keeps the job from getting more. An external writer's job shows
  // only its heartbeat.
  const runs = job.state === 'running' && (job.running_slots > 0 || !job.ours);
  return { silent_slots, waits_for: runs ? null : waitsFor(clauseIn(facts)) };
}

/**
 * Risk of an unfinished job. If no live executor runs it, it takes at least `least_seconds`: it may
 * be late already, but not known to be in time. The same holds for a job that will end incomplete.
 */
export function unfinishedRisk(
  of: {
    deadline: Date | null;
    eta_seconds: number | null;
    least_seconds: number | null;
    incomplete: boolean;
  },
  asOf: Date,
  earlyWarningMs: number,
): Risk {
  const seconds = of.eta_seconds ?? of.least_seconds;
  const at = seconds === null ? null : later(asOf, seconds * 1000);
  const risk = riskOf(of.deadline, at, asOf, earlyWarningMs);
  const sure = of.eta_seconds !== null && !of.incomplete;
  return risk.level === 'on_track' && !sure ? { level: 'unknown', severity: null } : risk;
}

function isRecent(
  at: Date | null,
  asOf: Date,
  { failed_recently }: Pick<JobThresholds, 'failed_recently'>,
): boolean {
  // Other writers may leave the time of the end out.
  return at === null || asOf.getTime() - at.getTime() <= failed_recently;
}

function reasonOf(health: HealthFacts, facts: SceneFacts | null): string | null {
  const { heartbeat_stale, heartbeat_age_seconds: age, waits_for, incomplete_partitions } = health;
  const silent = isTerminal(health.state) ? [] : (facts?.silent ?? []);
  const reasons = [
    heartbeat_stale
      ? age === null
        ? 'no heartbeat'
        : `no heartbeat for ${roughDuration(age * 1000)}`
      : '',
    silent.length > 0 ? silenceReason(silent, facts!.as_of) : '',
    waits_for !== null && facts !== null ? clauseReasons[waits_for](facts) : '',
    healthOf(health) === 'unclaimed' ? `not claimed for ${roughDuration(age! * 1000)}` : '',
    incomplete_partitions > 0
      ? `will end incomplete: ${incomplete_partitions.toLocaleString('en')} failed`
      : '',
  ].filter(Boolean);
  return reasons.length === 0 ? null : reasons.join('; ');
}

export function isStale(
  job: Pick<Job, 'state' | 'heartbeat_at'>,
  asOf: Date,
  { heartbeat_stale }: Pick<JobThresholds, 'heartbeat_stale'>,
): boolean {
  const age = ageSeconds(job.heartbeat_at, asOf);
  return job.state === 'running' && (age === null || age * 1000 > heartbeat_stale);
}

export type EtaFacts = Pick<
  Job & JobActivity,
  | 'state'
  | 'heartbeat_at'
  | 'total_partitions'
  | 'completed_partitions'
  | 'failed_partitions'
  | 'skipped_partitions'
  | 'avg_partition_duration_ms'
  | 'execution_strategy'
  | 'running_slots'
>;

export function etaOf(
  job: EtaFacts,
  asOf: Date,
  thresholds: Pick<JobThresholds, 'heartbeat_stale'>,
): number | null {
  if (isTerminal(job.state) || !isJobState(job.state)) return null;
  if (isStale(job, asOf, thresholds)) return null;
  return etaSeconds(remainingPartitions(job), slotsForEta(job), job.avg_partition_duration_ms);
}

/** Slots of a running job; else those it would have ("if started now"). */
export function slotsForEta(
  job: Pick<Job & JobActivity, 'state' | 'running_slots' | 'execution_strategy'>,
): number {
  return job.state === 'running' && job.running_slots > 0
    ? job.running_slots
    : readStrategy(job.execution_strategy).max_parallel;
}

/** A cancelled job has no deadline any more. */
function endedRisk(job: Pick<Job, 'state' | 'sla_deadline_at' | 'completed_at'>): {
  level: RiskLevel;
  severity: null;
} {
  const deadline = job.sla_deadline_at;
  if (deadline === null || job.state === 'cancelled') return { level: 'none', severity: null };
  const met =
    job.state === 'completed' && job.completed_at !== null && job.completed_at <= deadline;
  return { level: met ? 'on_track' : 'breached', severity: null };
}

function ageSeconds(at: Date | null, asOf: Date): number | null {
  return at === null ? null : Math.max(0, (asOf.getTime() - at.getTime()) / 1000);
}
