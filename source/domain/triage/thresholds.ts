/**
 * From which figure on something counts as trouble: the runbooks' thresholds, in one place for triage, alerts, risk, console, metrics
 * and alert rules. Durations in milliseconds, rates from 0 to 1.
 */
export type Thresholds = {
  /** A job whose heartbeat is older counts as stuck, and its ETA as unknown (backfill-operations, "Identify Stuck Jobs"). */
  heartbeat_stale: number;
  /** ServoBackfillJobStuck (backfill-operations, "Related Alerts"). */
  heartbeat_alert: number;
  /** What a bulk recovery takes (backfill-operations, "Bulk Recovery"). */
  heartbeat_bulk: number;
  /** Nothing has finished for so long while the heart beats; for slow partitions three times their average, if that is longer. */
  no_progress: number;
  /** An ETA that slips by more than `eta_slip` within `eta_window` rises; one that lies `eta_overdue` in the past is stale. */
  eta_slip: number;
  eta_window: number;
  eta_overdue: number;
  /** ServoBackfillHighFailureRate: more than this share of what finished within the window, where at least so many did. */
  failure_rate: number;
  failure_window: number;
  failure_least: number;
  /** A job that failed longer ago is history. */
  failed_recently: number;
  /** ServoBackfillLongRunning, since started_at. */
  long_running: number;
  /** ServoBackfillQueueDepth: more pending jobs than this. */
  queue_depth: number;
  /** ServoBackfillNoExecutor: jobs wait, and for so long nobody has been there who has a handler for them. */
  no_executor: number;
  /** A job that is paused for longer may have been forgotten. */
  paused_long: number;
  /** A job counts as at risk when its ETA is later than its deadline less this (backfill-sla-at-risk, "Configure Early Warning Thresholds"). */
  early_warning: number;
};

/** Those that the figures of a single job go by. */
export type JobThresholds = Pick<Thresholds, 'heartbeat_stale' | 'early_warning'>;

const minute = 60_000;
const hour = 60 * minute;

type Unit = 'duration' | 'rate' | 'count';

/** Every threshold with its default and what it is measured in. The figures are the runbooks', where they name one. */
const table: Readonly<Record<keyof Thresholds, readonly [value: number, unit: Unit]>> = {
  heartbeat_stale: [2 * minute, 'duration'],
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
