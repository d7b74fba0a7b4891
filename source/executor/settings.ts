import type { BackOff } from '../domain/partition/attempt.ts';
import { policy } from '../domain/policy.ts';

/** The executor's timings, in milliseconds. A fault suite runs them a hundred times faster. */
export type Timings = {
  /** Duration of a lease, renewed while the attempt runs. Frees partitions of a vanished host. */
  lease: number;
  heartbeat: number;
  /** Time without an acknowledged heartbeat after which no new attempt is started. */
  fence: number;
  /** The same after which handlers are aborted; shorter than a lease, so before it expires. */
  abort: number;
  /** Interval of polling, in case a notification is lost. */
  poll: number;
  rescue: number;
  ping: number;
  /** Time without a ping after which an executor whose lock is free is declared dead. */
  silence: number;
  /** Heartbeat age at which an external writer's job may be taken over. */
  stale: number;
  /** How long a job with missing partitions is left to the writer that may still add them. */
  creation_grace: number;
  /** Time between asking a handler to stop and killing it. */
  stop_grace: number;
  /** How much work a lease queue claims ahead, estimated by the job's average duration. */
  look_ahead: number;
  tidy: number;
  back_off: BackOff;
  /** Back-off after a permanent failure: gives an operator time to fix the cause. */
  permanent_back_off: BackOff;
  /** Back-off of a job on this executor while a service that it needs is unavailable. */
  outage_back_off: BackOff;
  /** Time without a reply after which a connection counts as dead. */
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

/** A batch waits up to 2 s for a job's row at any speed; the timeout must be longer. */
const lowestTimeout = 4_000;

/**
 * Divides all timings by `speed`, except the look-ahead, which depends on the handlers' real
 * durations.
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
 * Most rows that one batch reports or claims. A batch must take less than 20 ms, because a pause
 * waits for it.
 */
export const batchRows = 500;

/** 75 % to 125 % of the duration, so that executors do not query at the same moment. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() / 2);
}

/** Milliseconds without a reply after which a heartbeat has failed. */
export function heartbeatTimeout(timings: Timings): number {
  return Math.max(500, timings.heartbeat);
}
