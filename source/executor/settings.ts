import type { BackOff } from '../domain/partition/attempt.ts';

/** The executor's timings, in milliseconds. A fault suite runs them a hundred times faster. */
export type Timings = {
  /** Life of a lease; renewed while the attempt runs. Backstop for a host that vanishes. */
  lease: number;
  /** Between two heartbeats. */
  beat: number;
  /** Without an acknowledged beat for so long, nothing new is started … */
  fence: number;
  /** … and for so long, handlers are aborted: before their leases run out. */
  abort: number;
  /** Backstop for a notification that did not come. */
  poll: number;
  /** Between two looks for executors that have died and leases that have run out. */
  rescue: number;
  /** Between two signs of life in the registry. */
  ping: number;
  /** Without a sign of life for so long, an executor whose lock is free is dead. */
  silence: number;
  /** Heartbeat age at which a base executor's job may be taken over. */
  stale: number;
  /** A job with fewer partitions than it counts is left for so long to the writer that may still add them. */
  creation_grace: number;
  /** Between asking a handler to stop and ending it by force. */
  stop_grace: number;
  /** Work that a lane claims ahead, by the job's own average. */
  look_ahead: number;
  /** Between two rounds of the janitor. */
  tidy: number;
  /** Before a failed partition is tried again. */
  back_off: BackOff;
  /** The same after a permanent failure: time for a person to mend it. */
  permanent_back_off: BackOff;
  /** How long a job rests on this executor while something that it needs is away. */
  rest: BackOff;
  /** Without an answer for so long, a step's or a duty's connection counts as dead. A step may wait 2 s for a job's row, whatever the speed. */
  timeout: number;
};

export const defaultTimings: Readonly<Timings> = {
  lease: 120_000,
  beat: 10_000,
  fence: 72_000,
  abort: 90_000,
  poll: 5_000,
  rescue: 3_000,
  ping: 3_000,
  silence: 10_000,
  stale: 120_000,
  creation_grace: 30_000,
  stop_grace: 5_000,
  look_ahead: 200,
  tidy: 3_600_000,
  back_off: { base_ms: 5_000, cap_ms: 60_000 },
  permanent_back_off: { base_ms: 60_000, cap_ms: 600_000 },
  rest: { base_ms: 1_000, cap_ms: 60_000 },
  timeout: 20_000,
};

/** More than the 2 s that a step waits for a row. */
const lowestTimeout = 4_000;

/** All timings divided by `speed`, but for the look-ahead, which is measured against the work itself. */
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

/** Rows that one step reports or claims at most: a step must stay under 20 ms, or a pause queues behind it. */
export const stepRows = 500;

/** With `jitter`, so that many executors do not all ask at once: from three quarters to five quarters. */
export function jittered(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() / 2);
}

/** A beat without an answer for so long (ms) has failed. */
export function heartbeatTimeout(timings: Timings): number {
  return Math.max(500, timings.heartbeat);
}
