/** What an executor sees of the database's health; null where its role may not see it, or there is nothing to see. */
export type HealthSignals = {
  /** How far the slowest standby is behind in replaying, in seconds. */
  replication_lag_seconds: number | null;
  /** How long the longest waiter in this database has waited for a lock, in seconds. */
  lock_wait_seconds: number | null;
  /** Share of the connections that are in use, 0..1. */
  connections: number | null;
};

/** Above these, nothing new is started; null switches a signal off. */
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
    `somebody has waited ${Math.round(seen)} s for a lock (limit ${limit} s)`,
  connections: (seen, limit) =>
    `${Math.round(seen * 100)} % of the connections are in use (limit ${Math.round(limit * 100)} %)`,
};

/** The signals of a database that is not well. */
export const healthSignals = ['replication_lag', 'lock_wait', 'connections'] as const;
export type HealthSignal = (typeof healthSignals)[number];

const columns: Readonly<Record<HealthSignal, keyof HealthSignals>> = {
  replication_lag: 'replication_lag_seconds',
  lock_wait: 'lock_wait_seconds',
  connections: 'connections',
};

/** Those that are above their limits. */
export function exceeded(seen: HealthSignals, limits: HealthLimits): HealthSignal[] {
  return healthSignals.filter((signal) => {
    const [figure, limit] = [seen[columns[signal]], limits[columns[signal]]];
    return figure !== null && limit !== null && figure > limit;
  });
}

/** Why claiming is held, with the figures, or null where nothing stands against it. */
export function holdReason(seen: HealthSignals, limits: HealthLimits): string | null {
  const reasons = exceeded(seen, limits).map((signal) => {
    const column = columns[signal];
    return wordings[column](seen[column]!, limits[column]!);
  });
  return reasons.length > 0 ? reasons.join('; ') : null;
}

export type Finished = { completed: number; failed: number };

/** A running job's counters at one moment; its version changes whenever it is paused, resumed or claimed. */
export type Progress = Finished & { version: number };

/** Of a job that has been claimed once and not touched since, whatever it has finished was finished under that claim. */
const firstClaim = 2;

/**
 * From where the failures of a job's present claim are counted, as far as this executor has seen it: whoever resumed the job has looked at
 * those before, and must not find it paused for them again. What a retry has taken back is not counted against it.
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

/** What has finished within the ten minutes, and under the present claim. */
export function finishedSince(base: Progress, now: Progress, lately: Finished): Finished {
  return {
    completed: Math.min(lately.completed, now.completed - base.completed),
    failed: Math.min(lately.failed, now.failed - base.failed),
  };
}

/** A job is auto-paused when more than `rate` of at least `least` partitions failed for good within ten minutes. */
export type FailureLimit = { rate: number; least: number };

export const failureLimitDefault: Readonly<FailureLimit> = { rate: 0.5, least: 20 };

/** Why a job should be paused, from what has finished in the last ten minutes, or null. */
export function pauseReason(finished: Finished, limit: FailureLimit): string | null {
  const all = finished.completed + finished.failed;
  if (all < limit.least || finished.failed <= limit.rate * all) return null;
  const percent = Math.round((finished.failed / all) * 100);
  return `auto-paused: ${finished.failed} of the last ${all} partitions failed (${percent} %, limit ${Math.round(limit.rate * 100)} %)`;
}

/**
 * A job is auto-paused when so many of its last attempts failed with the same permanent error (domain/partition/error-origin.ts). It is
 * decided in the step that reports them: migrations/functions/report-and-claim.sql.
 */
export const identicalFailuresDefault = 5;
