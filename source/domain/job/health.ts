import { policy } from '../policy.ts';
import type { RiskLevel } from '../risk/risk.ts';
import { isWaitingClause, type WaitingClause } from '../triage/clause-reason.ts';
import type { Clause } from '../triage/explain.ts';
import { isTerminal } from './state.ts';

/**
 * How a job is now, by what the database says of it; the first that holds, the most pressing first.
 *
 * | health | what it means |
 * |---|---|
 * | breached | its deadline has passed |
 * | stuck | it runs, and its heartbeat is stale |
 * | silent | all that runs of it is leased to executors that are not heard of |
 * | late | its ETA is after its deadline, or within the early warning |
 * | unclaimed | it was resumed, and no executor has claimed it for 30 s |
 * | blocked | no living executor can run it, or what its handler needs is away |
 * | auto_paused | it paused after failures, and its partitions are failed |
 * | unknown | it has a deadline, and whether it meets it is not known |
 * | incomplete | partitions have failed that nobody will retry |
 * | failed | it has ended failed, lately |
 * | starved | it runs, and has no slot |
 * | queued | it waits for a slot, a limit, or for executors to claim again |
 * | snoozed | what is left of it waits for its time |
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

/** What a job's health is judged by. */
export type HealthFacts = {
  state: string;
  risk_level: RiskLevel;
  heartbeat_stale: boolean;
  heartbeat_age_seconds: number | null;
  /** What keeps it from being worked on; null where it is worked on, or nothing does. */
  waits_for: WaitingClause | null;
  /** It holds leases, all of them with silent executors. */
  silent: boolean;
  /** Its last attempts failed alike: why it is paused, where it is. */
  failing: boolean;
  /** Failed partitions of a living job. */
  incomplete_partitions: number;
  failed_lately: boolean;
};

type Rule = readonly [health: Health, holds: (job: HealthFacts) => boolean];

/** A resume that nobody has claimed for so long needs a look. */
const unclaimedSeconds = policy.unclaimed_ms / 1000;

/** Nobody but a person can remove these. */
const blocking: readonly Clause[] = ['no_executor', 'no_handler', 'unavailable'];

const living = ({ state }: HealthFacts) => !isTerminal(state);

/**
 * What needs a person, the most urgent first. This is the order of the job table and what its filter `problems` shows: there is no other.
 */
const problems: readonly Rule[] = [
  ['breached', (job) => living(job) && job.risk_level === 'breached'],
  ['stuck', ({ heartbeat_stale }) => heartbeat_stale],
  ['silent', ({ silent }) => silent],
  ['late', ({ risk_level }) => risk_level === 'high'],
  [
    'unclaimed',
    ({ state, heartbeat_age_seconds: age }) =>
      state === 'resuming' && (age ?? 0) > unclaimedSeconds,
  ],
  ['blocked', ({ waits_for }) => waits_for !== null && blocking.includes(waits_for)],
  ['auto_paused', (job) => job.state === 'paused' && job.failing && job.incomplete_partitions > 0],
  ['unknown', ({ risk_level }) => risk_level === 'unknown'],
  ['late', ({ risk_level }) => risk_level === 'medium'],
  ['late', ({ risk_level }) => risk_level === 'low'],
  ['incomplete', ({ incomplete_partitions: count }) => count > 0],
  ['failed', ({ failed_lately }) => failed_lately],
];

/** What goes away by itself. */
const notices: readonly Rule[] = [
  ['snoozed', ({ waits_for }) => waits_for === 'back_off'],
  ['starved', ({ waits_for, state }) => waits_for !== null && state === 'running'],
  ['queued', ({ waits_for }) => waits_for !== null],
];

/** How urgent, 0 the most; `healthy` and above where nobody is needed. */
export function urgencyOf(job: HealthFacts): number {
  const rank = problems.findIndex(([, holds]) => holds(job));
  return rank === -1 ? healthy : rank;
}

/** The rank of what needs nobody: that of every problem is below. */
export const healthy = problems.length;

export function healthOf(job: HealthFacts): Health {
  return [...problems, ...notices].find(([, holds]) => holds(job))?.[0] ?? 'ok';
}

/** The clause that keeps a job from being worked on, of those that hold for it. */
export function waitsFor(clause: Clause | null): WaitingClause | null {
  return clause !== null && isWaitingClause(clause) ? clause : null;
}
