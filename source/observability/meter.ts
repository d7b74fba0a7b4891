/** How an attempt ended: its outcome, or `fenced` if its lease was lost before the report. */
export const attemptEnds = [
  'completed',
  'failed',
  'fatal',
  'crashed',
  'snoozed',
  'unavailable',
  'released',
  'fenced',
] as const;
type AttemptEnd = (typeof attemptEnds)[number];

export const endings = ['completed', 'failed'] as const;
export type Ending = (typeof endings)[number];

/** Result of a try to claim a waiting job; `lost`: another executor was faster. */
export const claimResults = ['claimed', 'lost', 'limited', 'failed'] as const;
type ClaimResult = (typeof claimResults)[number];

/** Receives what an executor does, to count it. Durations in seconds. */
export type Meter = {
  attempt(end: AttemptEnd, seconds: number): void;
  partition(ending: Ending): void;
  claim(result: ClaimResult): void;
  /**
   * @param waited time since the job was created or resumed
   * @param paused length of the pause that this claim ends
   */
  claimed(waited: number, paused: number | null): void;
  job(ending: Ending, seconds: number): void;
  batch(result: 'ok' | 'failed', seconds: number): void;
  heartbeat(result: 'ok' | 'failed'): void;
  leaseLost(): void;
  reconnected(connection: 'registry' | 'listener'): void;
};

const nothing = () => {};

export const noMeter: Meter = {
  attempt: nothing,
  partition: nothing,
  claim: nothing,
  claimed: nothing,
  job: nothing,
  batch: nothing,
  heartbeat: nothing,
  leaseLost: nothing,
  reconnected: nothing,
};

/**
 * Why an executor claims nothing. `host`: out of descriptors, processes or memory; `heartbeat`,
 * `registry`: the database has not acknowledged it for too long.
 */
export const holdReasons = [
  'replication_lag',
  'lock_wait',
  'connections',
  'host',
  'heartbeat',
  'registry',
  'draining',
] as const;
export type HoldReason = (typeof holdReasons)[number];

export type Vitals = {
  slots: number;
  /** Slots that run a handler or have attempts to run. */
  slots_busy: number;
  jobs: number;
  holds: readonly HoldReason[];
  /** Seconds since the database last acknowledged a heartbeat. */
  heartbeat_age: number;
};
