/**
 * The database's health as an executor sees it; null: not visible to its role, or not applicable.
 */
export type HealthSignals = {
  replication_lag_seconds: number | null;
  /** Longest wait for a lock in this database, in seconds. */
  lock_wait_seconds: number | null;
  /** Share of connections in use, 0..1. */
  connections: number | null;
};

/** Above these no partition is claimed; null switches a signal off. */
export type HealthLimits = { [Signal in keyof HealthSignals]: number | null };

export const healthLimitDefaults: Readonly<HealthLimits> = {
  replication_lag_seconds: 60,
  lock_wait_seconds: 30,
  connections: 0.95,
};

const wordings: { [Signal in keyof HealthSignals]: (seen: number, limit: number) => string } = {
  replication_lag_seconds: (seen, limit) =>
    `replication lags ${Math.round(seen)} s behind (limit ${limit} s)`,
  lock_wait_seconds: (seen, limit) =>
    `a session has waited ${Math.round(seen)} s for a lock (limit ${limit} s)`,
  connections: (seen, limit) =>
    `${Math.round(seen * 100)} % of the connections are in use (limit ${Math.round(limit * 100)} %)`,
};

const healthSignals = ['replication_lag', 'lock_wait', 'connections'] as const;
export type HealthSignal = (typeof healthSignals)[number];

const columns: Readonly<Record<HealthSignal, keyof HealthSignals>> = {
  replication_lag: 'replication_lag_seconds',
  lock_wait: 'lock_wait_seconds',
  connections: 'connections',
};

export function exceeded(seen: HealthSignals, limits: HealthLimits): HealthSignal[] {
  return healthSignals.filter((signal) => {
    const [figure, limit] = [seen[columns[signal]], limits[columns[signal]]];
    return figure !== null && limit !== null && figure > limit;
  });
}

export function holdReason(seen: HealthSignals, limits: HealthLimits): string | null {
  const reasons = exceeded(seen, limits).map((signal) => {
    const column = columns[signal];
    return wordings[column](seen[column]!, limits[column]!);
  });
  return reasons.length > 0 ? reasons.join('; ') : null;
}

export type FinishedCounts = { completed: number; failed: number };

export type Progress = FinishedCounts & { version: number };

/**
 * Version of a job that was claimed once and not changed since: all its results belong to that
 * claim.
 */
const firstClaim = 2;

/**
 * The progress from which failures of the present claim are counted, as far as this executor saw
 * it. Failures before a resume must not pause the job again; retried ones do not count.
 */
export function claimBase(before: Progress | undefined, now: Progress): Progress {
  const { version, completed, failed } = now;
  if (before?.version !== version)
    return version <= firstClaim ? { version, completed: 0, failed: 0 } : now;
  return {
    version,
    completed: Math.min(before.completed, completed),
    failed: Math.min(before.failed, failed),
  };
}

/** Finished within the last ten minutes and under the present claim. */
export function finishedSince(
  base: Progress,
  now: Progress,
  recent: FinishedCounts,
): FinishedCounts {
  return {
    completed: Math.min(recent.completed, now.completed - base.completed),
    failed: Math.min(recent.failed, now.failed - base.failed),
  };
}

/**
 * A job is auto-paused when more than `rate` of at least `least` partitions failed within ten
 * minutes.
 */
export type FailureLimit = { rate: number; least: number };

export const failureLimitDefault: Readonly<FailureLimit> = { rate: 0.5, least: 20 };

/** Why a job should be auto-paused; null if it should not. */
export function pauseReason(finished: FinishedCounts, limit: FailureLimit): string | null {
  const all = finished.completed + finished.failed;
  if (all < limit.least || finished.failed <= limit.rate * all) return null;
  const percent = Math.round((finished.failed / all) * 100);
  return `auto-paused: ${finished.failed} of the last ${all} partitions failed (${percent} %, limit ${Math.round(limit.rate * 100)} %)`;
}

/**
 * A job is auto-paused after this many attempts in a row with the same permanent error
 * (domain/partition/error-origin.ts), in the batch that reports them:
 * migrations/functions/report-and-claim.sql.
 */
export const identicalFailuresDefault = 5;
