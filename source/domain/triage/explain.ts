import { isJobState, isTerminal } from '../job/state.ts';
import type { OutageKind } from '../partition/attempt.ts';

/** Everything that decides whether a job runs, read at one moment; ages are by the database's clock. */
export type ExplainFacts = {
  as_of: Date;
  id: string;
  asset_name: string;
  state: string;
  version: number;
  /** How it came into its state, as far as the journal knows. */
  since: Date | null;
  by: string | null;
  reason: string | null;
  /** Upstream jobs that are not completed; of a failed job, too: what it has failed for. */
  waits_for: { id: string; asset_name: string | null; state: string | null }[];
  /** Of a failed or cancelled job: the newest job that was made for what it left undone. */
  again: { id: string; state: string } | null;
  /** Living executors of the tenant; those of them with a handler for the asset; those of these that drain. */
  executors: number;
  with_handler: number;
  draining: number;
  /** Those with a handler for which nothing that it needs is away. */
  untroubled: number;
  /** What is away for the asset's handler, by living executor, the longest first. */
  outages: { executor: string; host: string; kind: OutageKind; message: string; since: Date }[];
  /** What its last attempts failed with, all alike, or what a failed partition of it says. */
  failure: string | null;
  /** Its last attempts failed with a permanent error: one partition is tried at a time. */
  failing: boolean;
  /** Executors with the handler that neither drain nor are held, and why the others are held. */
  ready: number;
  hold_reason: string | null;
  /** Slots of the ready ones, and how many of them run something of this tenant. */
  slots: number;
  slots_busy: number;
  limits: ReachedLimit[];
  /** Running under the claim of an executor of ours. */
  ours: boolean;
  heartbeat_at: Date | null;
  lanes: number;
  max_parallel: number;
  at_work: string[];
  /** Those of them that have not been heard of lately, with how many of its slots, and when the last of these is taken from them. */
  silent: { id: string; lanes: number; seen_at: Date | null; until: Date }[];
  /** Whether a partition could be taken now; those whose keys still run in a cancelled job are not meant. */
  takeable: boolean;
  /** Partitions that it lacks, where it has nothing else left to run; else 0. */
  missing: number;
  total_partitions: number;
  /** All its partitions have been there: those that are missing were deleted since. */
  partitions_made: boolean;
  /** When the next partition that was handed back falls due. */
  due_at: Date | null;
  blocked_keys: number;
  blocked_by: string | null;
  /** Sessions that keep a claim of it waiting, the longest first; what a role may not see of them is null. */
  blockers: Blocker[];
  /** Jobs with a handler that come before it and wait or run, at most 1,000. */
  in_front: number;
};

export type Blocker = {
  pid: number;
  login: string | null;
  application: string | null;
  state: string | null;
  /** Since its transaction began. */
  seconds: number | null;
};

export type ReachedLimit = {
  scope: 'tenant' | 'asset_type' | 'asset';
  name: string;
  max_running: number;
  running: number;
};

/** The clauses that can keep a job from running, in the order in which they are asked. */
export const clauses = [
  'unknown_state',
  'ended',
  'paused',
  'waiting_upstream',
  // Whoever runs it needs none of ours.
  'foreign',
  'no_executor',
  // What it needs is away for every executor that could run it; one whose program is missing offers no handler.
  'unavailable',
  'no_handler',
  'draining',
  'held',
  'limited',
  'incomplete',
  'running',
  'locked',
  'back_off',
  'blocked_by_cancelled',
  'outranked',
  'claimable',
] as const;
export type Clause = (typeof clauses)[number];

/** What of the facts the clauses are asked of. */
export type ClauseFacts = Pick<
  ExplainFacts,
  | 'as_of'
  | 'state'
  | 'ours'
  | 'heartbeat_at'
  | 'executors'
  | 'with_handler'
  | 'draining'
  | 'untroubled'
  | 'outages'
  | 'ready'
  | 'hold_reason'
  | 'slots'
  | 'slots_busy'
  | 'limits'
  | 'missing'
  | 'lanes'
  | 'takeable'
  | 'due_at'
  | 'blocked_keys'
> & { blockers: readonly unknown[] };

/** A base executor's job is left alone until its heartbeat is so old, in milliseconds. */
export const staleMs = 120_000;

/** Which clause answers: the first that holds. The last always does. */
const holds: Readonly<Record<Clause, (facts: ClauseFacts) => boolean>> = {
  unknown_state: ({ state }) => !isJobState(state),
  ended: ({ state }) => isTerminal(state),
  paused: ({ state }) => state === 'paused',
  waiting_upstream: ({ state }) => state === 'waiting_upstream',
  foreign: ({ state, ours, heartbeat_at, as_of }) =>
    state === 'running' &&
    !ours &&
    heartbeat_at !== null &&
    as_of.getTime() - heartbeat_at.getTime() < staleMs,
  no_executor: ({ executors }) => executors === 0,
  unavailable: ({ outages, untroubled }) => outages.length > 0 && untroubled === 0,
  no_handler: ({ with_handler }) => with_handler === 0,
  draining: ({ with_handler, draining }) => draining === with_handler,
  held: ({ ready }) => ready === 0,
  limited: ({ state, limits }) => state !== 'running' && limits.length > 0,
  incomplete: ({ missing }) => missing > 0,
  running: ({ state, lanes }) => state === 'running' && lanes > 0,
  locked: ({ blockers }) => blockers.length > 0,
  back_off: ({ takeable, due_at, as_of }) => !takeable && due_at !== null && due_at > as_of,
  blocked_by_cancelled: ({ takeable, blocked_keys }) => !takeable && blocked_keys > 0,
  outranked: ({ slots, slots_busy }) => slots_busy >= slots,
  claimable: () => true,
};

export function explain(facts: ClauseFacts): Clause {
  return clauses.find((clause) => holds[clause](facts))!;
}
