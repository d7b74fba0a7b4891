/** How an attempt ended: an outcome that counts, or `fenced`, one whose lease was lost before. */
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
export type AttemptEnd = (typeof attemptEnds)[number];

/** How a partition, or a job, ended: for good. */
export const endings = ['completed', 'failed'] as const;
export type Ending = (typeof endings)[number];

/** What came of a try to claim a waiting job. `lost`: somebody else was faster. */
export const claimResults = ['claimed', 'lost', 'limited', 'failed'] as const;
export type ClaimResult = (typeof claimResults)[number];

/** What an executor tells of its work, for whoever counts it. Durations in seconds. */
export type Meter = {
  attempt(end: AttemptEnd, seconds: number): void;
  partition(ending: Ending): void;
  claim(result: ClaimResult): void;
  /** @param waited since it was created or resumed; `paused`: length of the pause that ends with it */
  claimed(waited: number, paused: number | null): void;
  job(ending: Ending, seconds: number): void;
  step(result: 'ok' | 'failed', seconds: number): void;
  beat(result: 'ok' | 'failed'): void;
  /** The lease of an attempt under way was lost. */
  leaseLost(): void;
  reconnected(connection: 'registry' | 'listener'): void;
};

const nothing = () => {};

/** For an executor that nobody measures. */
export const noMeter: Meter = {
  attempt: nothing,
  partition: nothing,
  claim: nothing,
  claimed: nothing,
  job: nothing,
  step: nothing,
  beat: nothing,
  leaseLost: nothing,
  reconnected: nothing,
};

/** Why an executor starts nothing new. `host`: it is out of descriptors, processes or memory. `heartbeat`, `registry`: it has not been heard by the database for too long. */
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

/** How an executor is at this moment. */
export type Vitals = {
  slots: number;
  /** Slots that run a handler, or have attempts to run. */
  slots_busy: number;
  /** Jobs at work. */
  jobs: number;
  holds: readonly HoldReason[];
  /** Seconds since the database last acknowledged a heartbeat. */
  heartbeat_age: number;
};
