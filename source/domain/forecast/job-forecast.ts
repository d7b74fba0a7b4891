/** What keeps a job from being done earlier; of several, the first that holds. */
export const bounds = [
  'paused',
  'unknown_state',
  'external',
  'upstream',
  'no_executor',
  'no_handler',
  'closed',
  'limit',
  'back_off',
  'slots',
  'max_parallel',
  'nothing',
] as const;
export type Bound = (typeof bounds)[number];

/** Why no finish can be told. */
export type Unknown = Bound | 'no_duration';

export type JobForecast = {
  job_id: string;
  bound_by: Bound;
  /** Its place among the jobs that wait for a slot, from 1; null if it does not. */
  place: number | null;
  /** When it gets its first slot; the snapshot's time if it has one. */
  start_at: Date | null;
  finish_at: Date | null;
  /** Eight of ten finishes are expected between these. */
  low_at: Date | null;
  high_at: Date | null;
  /** Null if the finish is known. */
  unknown: Unknown | null;
};
