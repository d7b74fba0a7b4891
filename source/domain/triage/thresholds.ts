import { policy } from '../policy.ts';

/**
 * The runbooks' thresholds, shared by triage, alerts, risk, console, metrics and alert rules.
 * Durations in milliseconds, rates 0..1.
 */
export type Thresholds = {
  /**
   * A job with an older heartbeat is stuck, and its ETA unknown (backfill-operations, "Identify
   * Stuck Jobs").
   */
  heartbeat_stale: number;
  /** ServoBackfillJobStuck (backfill-operations, "Related Alerts"). */
  heartbeat_alert: number;
  /** A bulk recovery takes older ones (backfill-operations, "Bulk Recovery"). */
  heartbeat_bulk: number;
  /**
   * Time without a finished partition despite heartbeats; at least three times the average
   * duration.
   */
  no_progress: number;
  /** `eta_slip` within `eta_window`: the ETA is rising; `eta_overdue` in the past: it is stale. */
  eta_slip: number;
  eta_window: number;
  eta_overdue: number;
  /**
   * ServoBackfillHighFailureRate: this share of the partitions finished in the window, if at least
   * `failure_least` did.
   */
  failure_rate: number;
  failure_window: number;
  failure_least: number;
  /** Jobs that failed longer ago are not reported. */
  failed_recently: number;
  long_running: number;
  /** ServoBackfillQueueDepth: above this number of pending jobs. */
  queue_depth: number;
  /** ServoBackfillNoExecutor: for this long no live executor had a handler for waiting jobs. */
  no_executor: number;
  /** A job paused for longer may be forgotten. */
  paused_long: number;
  /**
   * At risk: the ETA is later than the deadline minus this (backfill-sla-at-risk, "Configure Early
   * Warning Thresholds").
   */
  early_warning: number;
};

export type JobThresholds = Pick<
  Thresholds,
  'heartbeat_stale' | 'early_warning' | 'failed_recently'
>;

const minute = 60_000;
const hour = 60 * minute;

type Unit = 'duration' | 'rate' | 'count';

/** Defaults and units; the runbooks' figures where they name one. */
const table: Readonly<Record<keyof Thresholds, readonly [value: number, unit: Unit]>> = {
  heartbeat_stale: [policy.stale_ms, 'duration'],
  heartbeat_alert: [5 * minute, 'duration'],
  heartbeat_bulk: [10 * minute, 'duration'],
  no_progress: [5 * minute, 'duration'],
  eta_slip: [5 * minute, 'duration'],
  eta_window: [15 * minute, 'duration'],
  eta_overdue: [2 * minute, 'duration'],
  failure_rate: [0.2, 'rate'],
  failure_window: [10 * minute, 'duration'],
  failure_least: [5, 'count'],
  failed_recently: [24 * hour, 'duration'],
  long_running: [4 * hour, 'duration'],
  queue_depth: [10, 'count'],
  no_executor: [5 * minute, 'duration'],
  paused_long: [hour, 'duration'],
  early_warning: [0, 'duration'],
};

export type ThresholdName = keyof Thresholds;
export const thresholdNames = Object.keys(table) as ThresholdName[];

export const thresholdDefaults: Readonly<Thresholds> = Object.fromEntries(
  thresholdNames.map((name) => [name, table[name][0]]),
) as Thresholds;

export function thresholdUnit(name: ThresholdName): Unit {
  return table[name][1];
}
