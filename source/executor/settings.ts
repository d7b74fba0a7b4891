import type { BackOff } from '../domain/partition/attempt.ts';
import { policy } from '../domain/policy.ts';

/** The executor's timings, in milliseconds. A fault suite runs them a hundred times faster. */
export type Timings = {
  /** Life of a lease; renewed while the attempt runs. Backstop for a host that vanishes. */
  lease: number;
  heartbeat: number;
  /** Without an acknowledged heartbeat for so long, nothing new is started … */
  fence: number;
  /** … and for so long, handlers are aborted: before their leases expire. */
  abort: number;
  /** Backstop for a notification that did not come. */
  poll: number;
  rescue: number;
  ping: number;
  /** Without a ping for so long, an executor whose lock is free is dead. */
  silence: number;
  /** Heartbeat age at which another program's job may be taken over. */
  stale: number;
  /**
   * A job with fewer partitions than it counts is left for so long to the writer that adds them.
   */
  creation_grace: number;
  /** Between asking a handler to stop and ending it by force. */
  stop_grace: number;
  /** Work that a lease queue claims ahead, by the job's own average. */
  look_ahead: number;
  tidy: number;
  back_off: BackOff;
  /** The same after a permanent failure: time for a person to mend it. */
  permanent_back_off: BackOff;
  /** How long a job backs off on this executor while something that it needs is unavailable. */
  outage_back_off: BackOff;
  /** Without an answer for so long, a connection counts as dead. */
  timeout: number;
};

export const defaultTimings: Readonly<Timings> = {
  lease: policy.lease_ms,
  heartbeat: 10_000,
  fence: 72_000,
  abort: 90_000,
  poll: 5_000,
  rescue: 3_000,
  ping: 3_000,
  silence: policy.alive_ms,
  stale: policy.stale_ms,
  creation_grace: policy.creation_grace_ms,
  stop_grace: 5_000,
  look_ahead: 200,
  tidy: 3_600_000,
  back_off: { base_ms: 5_000, cap_ms: 60_000 },
  permanent_back_off: { base_ms: 60_000, cap_ms: 600_000 },
  outage_back_off: { base_ms: 1_000, cap_ms: 60_000 },
  timeout: 20_000,
};

/** More than the 2 s that a batch waits for a job's row, whatever the speed. */
const lowestTimeout = 4_000;

/**
 * All timings divided by `speed`, but for the look-ahead, which is measured against the work
 * itself.
 */
export function scaleTimings(speed: number): Timings {
  const scaled = Object.entries(defaultTimings).map(([name, value]) => [
    name,
    typeof value === 'object'
      ? { base_ms: value.base_ms / speed, cap_ms: value.cap_ms / speed }
      : name === 'look_ahead'
        ? value
        : Math.max(1, Math.round(value / speed)),
  ]);
  return {
    ...Object.fromEntries(scaled),
    timeout: Math.max(lowestTimeout, defaultTimings.timeout / speed),
  };
}

/**
 * Rows that one batch reports or claims at most: it must stay under 20 ms, or a pause queues behind
 * it.
 */
export const batchRows = 500;

/** From three quarters to five quarters, so that many executors do not all ask at once. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() / 2);
}

/** A heartbeat without an answer for so long (ms) has failed. */
export function heartbeatTimeout(timings: Timings): number {
  return Math.max(500, timings.heartbeat);
}
