import { isJobState, isTerminal } from '../job/state.ts';
import type { OutageKind } from '../partition/attempt.ts';
import { policy } from '../policy.ts';

/** Everything that decides whether a job runs, read at one moment of the database's clock. */
export type ExplainFacts = {
  as_of: Date;
  id: string;
  asset_name: string;
  state: string;
  version: number;
  /** How it came into its state, from the journal. */
  since: Date | null;
  by: string | null;
  reason: string | null;
  /** Upstream jobs that are not completed; of a failed job those that made it fail. */
  waits_for: { id: string; asset_name: string | null; state: string | null }[];
  /** The newest job for what a failed or cancelled one left undone. */
  successor: { id: string; state: string } | null;
  /** Live executors of the tenant; with a handler for the asset; of these, draining ones. */
  executors: number;
  with_handler: number;
  draining: number;
  /** Executors with a handler and no outage of it. */
  without_outage: number;
  /** Outages of the asset's handler, the longest first. */
  outages: { executor: string; host: string; kind: OutageKind; message: string; since: Date }[];
  /** The error of its last attempts, if they are all alike, or of a failed partition. */
  failure: string | null;
  /** Its last attempts failed with a permanent error: one partition is tried at a time. */
  failing: boolean;
  /** Executors with the handler, neither draining nor on hold; and the reason of a hold. */
  ready: number;
  hold_reason: string | null;
  /** Slots of the ready ones, and those that run partitions of this tenant. */
  slots: number;
  slots_busy: number;
  limits: ReachedLimit[];
  ours: boolean;
  heartbeat_at: Date | null;
  running_slots: number;
  max_parallel: number;
  running_on: string[];
  /** Silent executors with leases on it: their slots, and when the last lease expires. */
  silent: { id: string; slots: number; seen_at: Date | null; until: Date }[];
  /**
   * Whether a partition can be claimed now; keys that still run in a cancelled job do not count.
   */
  has_claimable: boolean;
  /** Missing partition rows, if nothing else is left to run; else 0. */
  missing: number;
  total_partitions: number;
  partitions_made: boolean;
  due_at: Date | null;
  blocked_keys: number;
  blocked_by: string | null;
  /** Sessions that block its claim, the longest first; fields hidden from the role are null. */
  blockers: Blocker[];
  /** Claimable or running jobs with a handler that come before it, at most 1,000. */
  jobs_ahead: number;
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

export const clauses = [
  'unknown_state',
  'ended',
  'paused',
  'waiting_upstream',
  // An external writer needs no executor of ours.
  'external_writer',
  'no_executor',
  // Before no_handler: an executor whose program is missing offers no handler.
  'unavailable',
  'no_handler',
  'draining',
  'on_hold',
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

export type ClauseFacts = Pick<
  ExplainFacts,
  | 'as_of'
  | 'state'
  | 'ours'
  | 'heartbeat_at'
  | 'executors'
  | 'with_handler'
  | 'draining'
  | 'without_outage'
  | 'outages'
  | 'ready'
  | 'hold_reason'
  | 'slots'
  | 'slots_busy'
  | 'limits'
  | 'missing'
  | 'running_slots'
  | 'has_claimable'
  | 'due_at'
  | 'blocked_keys'
> & { blockers: readonly unknown[] };

/** The first clause that holds is the answer; the last always holds. */
const holds: Readonly<Record<Clause, (facts: ClauseFacts) => boolean>> = {
  unknown_state: ({ state }) => !isJobState(state),
  ended: ({ state }) => isTerminal(state),
  paused: ({ state }) => state === 'paused',
  waiting_upstream: ({ state }) => state === 'waiting_upstream',
  external_writer: ({ state, ours, heartbeat_at, as_of }) =>
    state === 'running' &&
    !ours &&
    heartbeat_at !== null &&
    as_of.getTime() - heartbeat_at.getTime() < policy.stale_ms,
  no_executor: ({ executors }) => executors === 0,
  unavailable: ({ outages, without_outage }) => outages.length > 0 && without_outage === 0,
  no_handler: ({ with_handler }) => with_handler === 0,
  draining: ({ with_handler, draining }) => draining === with_handler,
  on_hold: ({ ready }) => ready === 0,
  limited: ({ state, limits }) => state !== 'running' && limits.length > 0,
  incomplete: ({ missing }) => missing > 0,
  running: ({ state, running_slots }) => state === 'running' && running_slots > 0,
  locked: ({ blockers }) => blockers.length > 0,
  back_off: ({ has_claimable, due_at, as_of }) =>
    !has_claimable && due_at !== null && due_at > as_of,
  blocked_by_cancelled: ({ has_claimable, blocked_keys }) => !has_claimable && blocked_keys > 0,
  outranked: ({ slots, slots_busy }) => slots_busy >= slots,
  claimable: () => true,
};

export function explain(facts: ClauseFacts): Clause {
  return clauses.find((clause) => holds[clause](facts))!;
}
