import {
  etaDrift,
  etaRange,
  etaSeconds,
  progressOf,
  ratePerMinute,
  remainingPartitions,
} from '../forecast/eta.ts';
import { isFresh } from '../forecast/freshness.ts';
import type { Bound, JobForecast, Unknown } from '../forecast/job-forecast.ts';
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
    /** The executors that hold its leases and are silent; null: none is. */
    silence: Silence | null;
    /** The clause of `explain` that keeps it from running; null if it runs or nothing does. */
    waits_for: WaitingClause | null;
    /** Failed partitions of a job that has not ended: it will end incomplete. */
    incomplete_partitions: number;
    health: Health;
    urgency: number;
    /** Why, as a sentence; null if there is nothing to say beside the deadline. */
    health_reason: string | null;
    /**
     * By the forecast (domain/forecast). Null if unknown: `unknown` says why; also with a stale
     * heartbeat, on silent executors only, and for an ended job.
     */
    eta_seconds: number | null;
    /** Until it gets a slot, for a job that has none; null if unknown. */
    start_seconds: number | null;
    /** Its place among the jobs that wait for a slot, from 1; null if it does not. */
    place: number | null;
    /** What keeps it from being done earlier; null without a forecast. */
    bound_by: Bound | null;
    /** Why the forecast knows no ETA; null if it does, and without a forecast. */
    unknown: Unknown | null;
    /** ETA − deadline: negative if in time; null without a deadline or an ETA. */
    late_by_seconds: number | null;
    /** Duration once it runs (again), for a job whose ETA waits for that; else null. */
    needs_seconds: number | null;
    /** Eight of ten finishes are expected between these; null if unknown. */
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

/** `executor`: the one that leases most; `executors`: how many are silent. */
export type Silence = {
  executor: string;
  executors: number;
  /** Since it was last heard of; null if never. */
  silent_seconds: number | null;
  /** Until the last lease expires and others take over; null: no executor is alive to do so. */
  takeover_seconds: number | null;
};

/** @param scene executors, limits and leases of the tenant; null: unknown, only the row counts */
export function viewJob(
  job: Job & JobActivity,
  asOf: Date,
  thresholds: JobThresholds = thresholdDefaults,
  scene: ClaimScene | null = null,
): JobView {
  const { facts, alive, silent_slots, needs, forecast, stands, eta, risk, health } = assess(
    job,
    asOf,
    thresholds,
    scene,
  );
  const until = (at: Date | null | undefined) =>
    stands && at != null ? secondsUntil(at, asOf) : null;
  const { heartbeat_stale, heartbeat_age_seconds, waits_for, incomplete_partitions } = health;
  const remaining = remainingPartitions(job);
  const etaAt = eta === null ? null : later(asOf, eta * 1000);
  const range =
    forecast !== null || eta === null
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
    silence: isTerminal(job.state) ? null : silenceOf(facts, asOf),
    waits_for,
    incomplete_partitions,
    health: healthOf(health),
    urgency: urgencyOf(health),
    health_reason: reasonOf(health, facts),
    eta_seconds: eta,
    start_seconds: job.running_slots > 0 ? null : until(forecast?.start_at),
    place: stands ? (forecast?.place ?? null) : null,
    bound_by: forecast?.bound_by ?? null,
    unknown: forecast?.unknown ?? null,
    late_by_seconds:
      etaAt === null || job.sla_deadline_at === null
        ? null
        : (etaAt.getTime() - job.sla_deadline_at.getTime()) / 1000,
    needs_seconds: eta === null ? needs : null,
    eta_low_seconds: range?.low ?? until(forecast?.low_at),
    eta_high_seconds: range?.high ?? until(forecast?.high_at),
    eta_drift_seconds: job.state === 'running' ? etaDrift(etaAt, job.eta_trend, asOf) : null,
    waiting_upstream_count: Math.max(0, job.upstream_job_count - job.completed_upstream_jobs),
    risk_level: risk.level,
    risk_severity: risk.severity,
  };
}

function silenceOf(facts: SceneFacts | null, asOf: Date): Silence | null {
  const silent = facts?.silent ?? [];
  const [most] = silent.toSorted((one, other) => other.slots - one.slots);
  if (facts === null || most === undefined) return null;
  const until = silent.reduce((last, one) => Math.max(last, one.until.getTime()), 0);
  const left = Math.max(0, (until - asOf.getTime()) / 1000);
  return {
    executor: most.id,
    executors: silent.length,
    silent_seconds: ageSeconds(most.seen_at, asOf),
    takeover_seconds: facts.executors === 0 || !Number.isFinite(left) ? null : left,
  };
}

/** The stored forecast, if it is fresh, or the one that the reader has computed. */
function forecastOf(
  job: Pick<AssessedFacts, 'id' | 'forecast'>,
  scene: ClaimScene | null,
  asOf: Date,
): Omit<JobForecast, 'job_id'> | null {
  const computed = scene?.forecasts?.get(job.id);
  if (computed !== undefined) return computed;
  const { forecast } = job;
  return forecast !== null && isFresh(forecast.computed_at, asOf) ? forecast : null;
}

/** What ends of its own accord; in any other wait a forecast of seconds ago counts no more. */
const passing: readonly WaitingClause[] = ['outranked', 'limited', 'back_off'];

/** Without a forecast the ETA assumes that it runs, or is claimed at once. */
function isMoving({ state }: Pick<Job, 'state'>): boolean {
  return state !== 'waiting_upstream';
}

/** What a job's health and risk depend on. */
export type AssessedFacts = EtaFacts &
  Pick<
    Job & JobActivity,
    'id' | 'asset_name' | 'ours' | 'failing' | 'sla_deadline_at' | 'completed_at' | 'forecast'
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
 * `needs`: seconds it takes once it runs. `forecast`: the one that counts; `stands`: whether it, or
 * without one the job's own pace, still holds.
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
  const forecast = ended ? null : forecastOf(job, scene, asOf);
  const heartbeat_stale = isStale(job, asOf, thresholds);
  const stands =
    !ended &&
    !silent &&
    !heartbeat_stale &&
    job.state !== 'paused' &&
    isJobState(job.state) &&
    (waits_for === null || passing.includes(waits_for));
  const paced = stands && waits_for === null && isMoving(job) ? needs : null;
  const eta = forecast === null ? paced : stands ? secondsUntil(forecast.finish_at, asOf) : null;
  const risk = ended
    ? endedRisk(job)
    : unfinishedRisk(
        {
          deadline: job.sla_deadline_at,
          eta_seconds: eta,
          least_seconds: needs,
          incomplete: incomplete_partitions > 0,
          paused: job.state === 'paused',
        },
        asOf,
        thresholds.early_warning,
      );
  const health: HealthFacts = {
    state: job.state,
    risk_level: risk.level,
    heartbeat_stale,
    heartbeat_age_seconds: ageSeconds(job.heartbeat_at, asOf),
    waits_for,
    silent,
    failing: job.failing,
    incomplete_partitions,
    failed_lately: job.state === 'failed' && isRecent(job.completed_at, asOf, thresholds),
  };
  return { facts, alive, silent_slots, needs, forecast, stands, eta, risk, health };
}

function secondsUntil(at: Date | null, asOf: Date): number | null {
  return at === null ? null : Math.max(0, (at.getTime() - asOf.getTime()) / 1000);
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
    /** By an operator, who can resume it at once: then it takes `least_seconds`. */
    paused: boolean;
  },
  asOf: Date,
  earlyWarningMs: number,
): Risk {
  const seconds = of.eta_seconds ?? of.least_seconds;
  const at = seconds === null ? null : later(asOf, seconds * 1000);
  const risk = riskOf(of.deadline, at, asOf, earlyWarningMs);
  const sure = (of.eta_seconds !== null || of.paused) && !of.incomplete;
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
