import { policy } from '../policy.ts';
import type { RiskLevel } from '../risk/risk.ts';
import { isWaitingClause, type WaitingClause } from '../triage/clause-reason.ts';
import type { Clause } from '../triage/explain.ts';
import { isTerminal } from './state.ts';

/**
 * A job's health from its database row; the first that holds, the most urgent first.
 *
 * | health | meaning |
 * |---|---|
 * | breached | its deadline has passed |
 * | stuck | running, and its heartbeat is stale |
 * | silent | all its leases belong to silent executors |
 * | late | its ETA is after its deadline, or within the early warning |
 * | unclaimed | resumed, and not claimed for 30 s |
 * | blocked | no live executor can run it, or its handler has an outage |
 * | auto_paused | paused after failures, and has failed partitions |
 * | unknown | whether it meets its deadline is unknown |
 * | incomplete | partitions have failed, and no retry is due |
 * | failed | ended as failed, recently |
 * | starved | running without a slot |
 * | queued | waits for a slot, a limit or the end of a hold |
 * | snoozed | its remaining partitions are not due yet |
 * | ok | none of these |
 */
export const healths = [
  'breached',
  'stuck',
  'silent',
  'late',
  'unclaimed',
  'blocked',
  'auto_paused',
  'unknown',
  'incomplete',
  'failed',
  'starved',
  'queued',
  'snoozed',
  'ok',
] as const;
export type Health = (typeof healths)[number];

export type HealthFacts = {
  state: string;
  risk_level: RiskLevel;
  heartbeat_stale: boolean;
  heartbeat_age_seconds: number | null;
  /** The clause that keeps it from running; null if it runs or nothing does. */
  waits_for: WaitingClause | null;
  /** All its leases belong to silent executors. */
  silent: boolean;
  failing: boolean;
  incomplete_partitions: number;
  failed_lately: boolean;
};

type Rule = readonly [health: Health, holds: (job: HealthFacts) => boolean];

/** Only a person can remove these. */
const blocking: readonly Clause[] = ['no_executor', 'no_handler', 'unavailable'];

const unfinished = ({ state }: HealthFacts) => !isTerminal(state);

/**
 * What needs a person, the most urgent first: the order of the job table and of the filter
 * `problems`.
 */
const problems: readonly Rule[] = [
  ['breached', (job) => unfinished(job) && job.risk_level === 'breached'],
  ['stuck', ({ heartbeat_stale }) => heartbeat_stale],
  ['silent', ({ silent }) => silent],
  ['late', ({ risk_level }) => risk_level === 'high'],
  ['unclaimed', isUnclaimed],
  ['blocked', ({ waits_for }) => waits_for !== null && blocking.includes(waits_for)],
  ['auto_paused', (job) => job.state === 'paused' && job.failing && job.incomplete_partitions > 0],
  ['unknown', ({ risk_level }) => risk_level === 'unknown'],
  ['late', ({ risk_level }) => risk_level === 'medium'],
  ['late', ({ risk_level }) => risk_level === 'low'],
  ['incomplete', ({ incomplete_partitions: count }) => count > 0],
  ['failed', ({ failed_lately }) => failed_lately],
];

/** What passes without a person. */
const notices: readonly Rule[] = [
  ['snoozed', ({ waits_for }) => waits_for === 'back_off'],
  ['starved', ({ waits_for, state }) => waits_for !== null && state === 'running'],
  ['queued', ({ waits_for }) => waits_for !== null],
];

/** Whether a resumed job has waited so long for its claim that a person should look. */
export function isUnclaimed({
  state,
  heartbeat_age_seconds: age,
}: Pick<HealthFacts, 'state' | 'heartbeat_age_seconds'>): boolean {
  return state === 'resuming' && (age ?? 0) >= policy.unclaimed_ms / 1000;
}

/** 0 is the most urgent; `healthy` and above need no person. */
export function urgencyOf(job: HealthFacts): number {
  const rank = problems.findIndex(([, holds]) => holds(job));
  return rank === -1 ? healthy : rank;
}

export const healthy = problems.length;

export function healthOf(job: HealthFacts): Health {
  return [...problems, ...notices].find(([, holds]) => holds(job))?.[0] ?? 'ok';
}

export function waitsFor(clause: Clause | null): WaitingClause | null {
  return clause !== null && isWaitingClause(clause) ? clause : null;
}
